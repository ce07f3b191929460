import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/http";
import { renderDesk, sessionOf } from "@/components/testing";
import { endOfDay } from "@/lib/time";
import { ApiKeyDialog } from "./api-key-edit";

const ends = endOfDay("2030-01-31");
const key = { id: "key_0000000000000001", name: "Export", user_id: "77", scopes: ["users:write", "audit:read"], networks: ["10.0.0.0/8"], beginning: "antk_012345", expires_at: ends, last_used_at: null, created_at: 1, updated_at: 1 };
const session = sessionOf("manage_api_keys", "manage_users");
const users = () => Promise.resolve({ items: [{ id: "77", nickname: "Maya", enabled: true }, { id: "81", nickname: "Exporter", enabled: true }, { id: "82", nickname: "Gone", enabled: false }], next: null });
const read = () => Promise.resolve({ data: key, etag: '"4"' });

describe("an API key's form", () => {
  it("makes one for a user and shows its secret once", async () => {
    const createApiKey = vi.fn(() => Promise.resolve({ key, secret: "antk_fresh" }));
    const close = vi.fn();
    const { user } = await renderDesk(<ApiKeyDialog id={null} onClose={close} />, { session, api: { createApiKey, users } });
    await user.type(screen.getByLabelText(/^Name/), "Export");
    await user.selectOptions(screen.getByLabelText(/^Acts as/), "81");
    expect(screen.queryByRole("option", { name: "Gone" })).toBeNull();
    await user.selectOptions(screen.getByLabelText("Users"), "write");
    await user.selectOptions(screen.getByLabelText("Audit trail"), "read");
    await user.type(screen.getByLabelText(/^May be used from/), "10.0.0.0/8 ::1");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(createApiKey).toHaveBeenCalledWith({ name: "Export", user_id: "81", scopes: ["users:write", "audit:read"], networks: ["10.0.0.0/8", "::1"], expires_at: null });
    expect(screen.getByLabelText<HTMLInputElement>("Key").value).toBe("antk_fresh");
    expect(close).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "I have kept it" }));
    expect(close).toHaveBeenCalledTimes(1);
  });
  it("changes one as it was read", async () => {
    const updateApiKey = vi.fn(() => Promise.resolve(key));
    const { user } = await renderDesk(<ApiKeyDialog id={key.id} onClose={() => undefined} />, { session, api: { apiKey: read, updateApiKey, users } });
    expect(screen.getByLabelText<HTMLInputElement>(/^Ends/).value).toBe("2030-01-31");
    await user.selectOptions(screen.getByLabelText("Users"), "none");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateApiKey).toHaveBeenCalledWith(key.id, { name: "Export", scopes: ["audit:read"], networks: ["10.0.0.0/8"], expires_at: ends }, '"4"');
  });
  it("says at the scopes what is wrong with them", async () => {
    const updateApiKey = () => Promise.reject(new ApiError(400, { message: "must name at least one scope", field: "scopes" }));
    const { user } = await renderDesk(<ApiKeyDialog id={key.id} onClose={() => undefined} />, { session, api: { apiKey: read, updateApiKey, users } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    const group = screen.getByRole("group", { name: "What it opens" });
    expect((await screen.findByText("Must name at least one scope")).id).toBe(group.getAttribute("aria-describedby"));
  });
  it("revokes one when asked twice", async () => {
    const revokeApiKey = vi.fn(() => Promise.resolve());
    const close = vi.fn();
    const { user } = await renderDesk(<ApiKeyDialog id={key.id} onClose={close} />, { session, api: { apiKey: read, revokeApiKey, users } });
    await user.click(screen.getByRole("button", { name: "Revoke" }));
    expect(revokeApiKey).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Revoke for ever" }));
    expect(revokeApiKey).toHaveBeenCalledWith(key.id, '"4"');
    expect(close).toHaveBeenCalledTimes(1);
  });
});
