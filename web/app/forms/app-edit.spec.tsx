import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/http";
import { renderDesk, sessionOf } from "@/components/testing";
import { AppDialog } from "./app-edit";

const CONTENT = "ms.MessagingEventNotification.ContentEvent";
const app = { id: "shop", client_id: "shop", name: "Shop", client_secret: { set: true }, previous_secret_until: null, skill_id: "55", settings: { retention_time_s: 60, webhooks: { [CONTENT]: { endpoint: "https://a.example", max_retries: 2 } } }, enabled: true, created_at: 1, updated_at: 1 };
const session = sessionOf("manage_sources");
const read = () => Promise.resolve({ data: app, etag: '"4"' });

describe("an app's form", () => {
  it("installs one with a secret made here, and shows it once", async () => {
    const createApp = vi.fn((_body: { client_secret: string }) => Promise.resolve(app));
    const close = vi.fn();
    const { user } = await renderDesk(<AppDialog id={null} onClose={close} />, { session, api: { createApp: createApp } });
    await user.type(screen.getByLabelText(/^Client id/), "shop");
    await user.type(screen.getByLabelText("Messages"), "https://shop.example/hook");
    await user.click(screen.getByRole("button", { name: "Create" }));
    const secret = createApp.mock.calls[0]?.[0].client_secret ?? "";
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(createApp).toHaveBeenCalledWith({ client_id: "shop", client_secret: secret, name: "shop", skill_id: null, enabled: true, settings: { webhooks: { [CONTENT]: { endpoint: "https://shop.example/hook" } } } });
    expect(screen.getByLabelText<HTMLInputElement>("Client secret").value).toBe(secret);
    expect(close).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "I have kept it" }));
    expect(close).toHaveBeenCalledTimes(1);
  });
  it("changes one as it was read and keeps what it does not show", async () => {
    const updateApp = vi.fn(() => Promise.resolve(app));
    const { user } = await renderDesk(<AppDialog id="shop" onClose={() => undefined} />, { session, api: { app: read, updateApp } });
    await user.clear(screen.getByLabelText("Messages"));
    await user.type(screen.getByLabelText("Messages"), "https://b.example");
    await user.click(screen.getByRole("checkbox", { name: "Enabled" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateApp).toHaveBeenCalledWith("shop", { name: "Shop", skill_id: "55", enabled: false, settings: { retention_time_s: 60, webhooks: { [CONTENT]: { endpoint: "https://b.example", max_retries: 2 } } } }, '"4"');
  });
  it("gives it a new secret", async () => {
    const rotateAppSecret = vi.fn(() => Promise.resolve({ client_id: "shop", client_secret: "fresh-secret" }));
    const { user } = await renderDesk(<AppDialog id="shop" onClose={() => undefined} />, { session, api: { app: read, rotateAppSecret } });
    await user.click(screen.getByRole("button", { name: "New secret" }));
    expect(rotateAppSecret).toHaveBeenCalledWith("shop");
    expect(screen.getByLabelText<HTMLInputElement>("Client secret").value).toBe("fresh-secret");
  });
  it("shows the problem of an endpoint at its field", async () => {
    const updateApp = () => Promise.reject(new ApiError(400, { message: "must begin with https://", field: `settings.webhooks.${CONTENT}.endpoint` }));
    const { user } = await renderDesk(<AppDialog id="shop" onClose={() => undefined} />, { session, api: { app: read, updateApp } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByText("Must begin with https://")).id).toBe(screen.getByLabelText("Messages").getAttribute("aria-describedby"));
  });
});
