import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/http";
import { channelsQuery } from "@/api/queries";
import { renderDesk, sessionOf } from "@/components/testing";
import { changedCredentials, SourceDialog } from "./source-edit";

const field = (name: string, secret: boolean) => ({ name, label: name, secret, required: true, default: null, choices: [] as string[], help: "" });
const channels = {
  items: [
    { id: "test_channel", name: "Test channel", address_label: "Number", credentials_schema: [field("sid", false), field("token", true)], settings_schema: [{ ...field("pace", false), required: false, default: "10" }, { ...field("theme", false), required: false, default: "auto", choices: ["auto", "dark"] }] },
    { id: "other_channel", name: "Other channel", address_label: "Page", credentials_schema: [field("page_token", true)], settings_schema: [] },
  ],
  next: null,
};
const source = { id: "src_1", channel: "test_channel", name: "Support line", address: "+1500", skill_id: null, app_id: null, api_base_url: null, enabled: true, credentials: { sid: "AC1", token: { set: true } }, settings: {}, health: { state: "failing", message: "Check the token.", since: 1 }, webhook_url: "https://chat.example/webhooks/1" };
const none = () => Promise.resolve({ items: [], next: null });

async function open(id: string | null, api: Record<string, () => unknown>) {
  const close = vi.fn();
  const view = await renderDesk(<Late id={id} close={close} />, { session: sessionOf("manage_sources"), api: { channelApps: none, source: () => Promise.resolve({ data: source, etag: '"2"' }), ...api } });
  return { ...view, close };
}
function Late({ id, close }: { id: string | null; close: () => void }) {
  return <SourceDialog id={id} onClose={close} />;
}

describe("a source's form", () => {
  it("asks for what the chosen channel needs, and sends nothing else", async () => {
    const createSource = vi.fn(() => Promise.resolve(source));
    const { user, client } = await open(null, { createSource });
    client.setQueryData(channelsQuery.queryKey, channels as never);
    await user.selectOptions(await screen.findByLabelText(/^Channel/), "other_channel");
    expect(screen.queryByLabelText(/^sid/)).toBeNull();
    await user.type(screen.getByLabelText(/^Name/), "Our page");
    await user.type(screen.getByLabelText(/^Address/), "555");
    await user.type(screen.getByLabelText(/^page_token/), "secret");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(createSource).toHaveBeenCalledWith({ name: "Our page", skill_id: null, app_id: null, api_base_url: null, enabled: true, credentials: { page_token: "secret" }, channel: "other_channel", address: "555" });
  });
  it("never shows a secret, keeps one that was not typed, and says what ails the source", async () => {
    const updateSource = vi.fn(() => Promise.resolve(source));
    const { user, client } = await open("src_1", { updateSource });
    client.setQueryData(channelsQuery.queryKey, channels as never);
    const token = await screen.findByLabelText<HTMLInputElement>(/^token/);
    expect([token.type, token.value, token.required]).toEqual(["password", "", false]);
    expect(screen.getByText("Check the token.")).toBeTruthy();
    await user.click(screen.getByRole("checkbox", { name: "Enabled" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateSource).toHaveBeenCalledWith("src_1", { name: "Support line", skill_id: null, app_id: null, api_base_url: null, enabled: false, address: "+1500" }, '"2"');
  });
  it("shows the widget's line where pages carry it, and no webhook that nobody calls", async () => {
    const web = { ...source, channel: "own_channel", address: 'a"&b', health: { state: "ok", message: "", since: 1 } };
    const own = { ...channels.items[0], id: "own_channel", hosted: true, credentials_schema: [], settings_schema: [{ name: "allowed_origins", label: "Pages", secret: false, required: false, default: null, choices: [], help: "" }] };
    const { client } = await open("src_1", { source: () => Promise.resolve({ data: web, etag: '"2"' }) });
    client.setQueryData(channelsQuery.queryKey, { ...channels, items: [...channels.items, own] } as never);
    const line = await screen.findByLabelText<HTMLInputElement>(/^Line for your pages/);
    expect(line.value).toBe(`<script src="${location.origin}/widget.js" data-account="12" data-source="a&quot;&amp;b" async></script>`);
    expect(screen.queryByLabelText(/Webhook/i)).toBeNull();
  });
  it("shows where a channel's webhook goes, and no line for pages", async () => {
    const { client } = await open("src_1", {});
    client.setQueryData(channelsQuery.queryKey, channels as never);
    expect(await screen.findByLabelText(/^Webhook/i)).toBeTruthy();
    expect(screen.queryByLabelText(/^Line for your pages/)).toBeNull();
  });
  it("offers the choices of a setting that has some, and a way back to the default", async () => {
    const updateSource = vi.fn(() => Promise.resolve(source));
    const { user, client } = await open("src_1", { updateSource });
    client.setQueryData(channelsQuery.queryKey, channels as never);
    const theme = await screen.findByLabelText<HTMLSelectElement>(/^theme/);
    expect([...theme.options].map((option) => [option.value, option.text])).toEqual([["", "Default: auto"], ["auto", "auto"], ["dark", "dark"]]);
    await user.selectOptions(theme, "dark");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateSource).toHaveBeenLastCalledWith("src_1", expect.objectContaining({ settings: { theme: "dark" } }), '"2"');
    await user.selectOptions(theme, "");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateSource).toHaveBeenLastCalledWith("src_1", expect.objectContaining({ settings: { theme: null } }), '"2"');
  });
  it("shows the problem of a credential at its field", async () => {
    const updateSource = () => Promise.reject(new ApiError(400, { message: "This is no token.", field: "credentials.token" }));
    const { user, client, close } = await open("src_1", { updateSource });
    client.setQueryData(channelsQuery.queryKey, channels as never);
    await user.type(await screen.findByLabelText(/^token/), "nonsense");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect((await screen.findByText("This is no token.")).id).toBe(screen.getByLabelText(/^token/).getAttribute("aria-describedby")?.split(" ").at(-1));
    expect(close).not.toHaveBeenCalled();
  });
});

describe("credentials", () => {
  const schema = [
    { name: "sid", label: "Sid", secret: false, required: true, default: null, choices: [] as string[], help: "" },
    { name: "token", label: "Token", secret: true, required: true, default: null, choices: [] as string[], help: "" },
  ];
  it("are sent only where they changed", () => {
    const known = { sid: "AC1", token: { set: true } };
    expect(changedCredentials(schema, {}, known)).toEqual({});
    expect(changedCredentials(schema, { sid: "AC1", token: "" }, known)).toEqual({});
    expect(changedCredentials(schema, { sid: "AC2", token: "new", other: "x" }, known)).toEqual({ sid: "AC2", token: "new" });
  });
});
