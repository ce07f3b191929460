import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HELLO, PORT, type ToFrame } from "../shared/bridge";
import { Widget, type Options } from "./widget";

const SERVER = "https://chat.example";
const CONFIG = { account: "12", source: "shop", allowed_origins: ["https://shop.example"], title: "Shop", welcome: null, launcher_text: null, texts: { de: { launcher_text: "Fragen?" } }, color: "#0b6b74", theme: "auto", position: "right", language: "auto", logo_url: null, sign_in: "optional", attachments: null };

let shadow: ShadowRoot;
/** Frames in a shadow have no window here: this one stands in for it. */
let inside: Window;
let widgets: Widget[];
let told: ToFrame[];

beforeEach(() => {
  widgets = [];
  told = [];
  localStorage.clear();
  sessionStorage.clear();
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
  vi.stubGlobal("CSSStyleSheet", class {
    replaceSync = vi.fn();
  });
  answer(200, CONFIG);
  const stand = document.createElement("iframe");
  document.head.append(stand);
  inside = stand.contentWindow as Window;
  vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockReturnValue(inside);
  // The root is closed to everybody but this spec.
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own receiver below.
  const attach = Element.prototype.attachShadow;
  vi.spyOn(Element.prototype, "attachShadow").mockImplementation(function open(this: Element, init) {
    expect(init.mode).toBe("closed");
    shadow = attach.call(this, init);
    return shadow;
  });
});
afterEach(() => {
  for (const widget of widgets) widget.destroy();
  vi.unstubAllGlobals();
});

function answer(status: number, body: unknown) {
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(JSON.stringify(body), { status }))));
}
async function start(options: Partial<Options> = {}): Promise<Widget> {
  const widget = new Widget(SERVER, { account: "12", source: "shop", ...options });
  widgets.push(widget);
  await new Promise((done) => setTimeout(done, 20));
  return widget;
}
const button = () => shadow.querySelector("button") as HTMLButtonElement;
const frame = () => shadow.querySelector("iframe");

/** The frame says hello, as it does once it listens; gives the port that it gets. */
async function greet(origin = SERVER, source: MessageEventSource = inside): Promise<MessagePort | null> {
  const post = vi.spyOn(inside, "postMessage").mockImplementation(() => undefined);
  dispatchEvent(new MessageEvent("message", { data: HELLO, origin, source }));
  const call = post.mock.calls[0] as unknown as [string, string, [MessagePort]] | undefined;
  post.mockRestore();
  if (!call) return null;
  expect([call[0], call[1]]).toEqual([PORT, SERVER]);
  const port = call[2][0];
  port.onmessage = (event: MessageEvent<ToFrame>) => told.push(event.data);
  await new Promise((done) => setTimeout(done, 20));
  return port;
}

describe("the widget on a page", () => {
  it("loads nothing of the frame until it is opened", async () => {
    const widget = await start();
    expect([button().getAttribute("aria-label"), button().getAttribute("aria-expanded"), frame()]).toEqual(["Open chat", "false", null]);
    button().click();
    expect(frame()?.src).toBe(`${SERVER}/widget/frame/12/shop`);
    expect(frame()?.getAttribute("sandbox")).not.toContain("top-navigation");
    expect(button().getAttribute("aria-label")).toBe("Close chat");
    widget.close();
    expect(frame()).not.toBeNull();
  });

  it("says in the console why a page gets none, and puts nothing on it", async () => {
    const console_ = vi.spyOn(console, "error").mockImplementation(() => undefined);
    answer(403, { code: "origin_not_allowed", message: "the source does not allow this page", remedy: "add it" });
    const failed = vi.fn();
    const widget = new Widget(SERVER, { account: "12", source: "shop" });
    widgets.push(widget);
    widget.on("error", failed);
    await new Promise((done) => setTimeout(done, 20));
    expect(console_).toHaveBeenCalledWith("[antiphon widget] the source does not allow this page; add it");
    expect(failed).toHaveBeenCalledWith({ code: "origin_not_allowed", message: "the source does not allow this page; add it" });
    expect(document.body.children).toHaveLength(0);
    widget.open();
    expect(document.body.children).toHaveLength(0);
  });

  it("gives its port to its own frame from its own server only", async () => {
    const widget = await start();
    widget.open();
    expect(await greet("https://evil.example")).toBeNull();
    expect(await greet(SERVER, window)).toBeNull();
    expect(await greet("null")).toBeNull();
    expect(told).toEqual([]);
    expect(await greet()).not.toBeNull();
    expect(told[0]).toMatchObject({ type: "setup", open: true, identified: false, attributes: [] });
  });

  it("tells the frame what the page says, merged and bounded", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const widget = await start({ language: "de" });
    widget.setAttributes([{ type: "cart", total: 1 }, { type: "personal", personal: { firstname: "Ann" } }]);
    widget.open();
    await greet();
    expect(told[0]).toMatchObject({ look: { language: "de" }, attributes: [{ type: "cart", total: 1 }, { type: "personal" }] });
    widget.setAttributes([{ type: "cart", total: 2 }, { total: 3 } as never, null as never]);
    widget.setCampaign({ campaignId: 7, engagementId: "8" });
    widget.setTheme("dark");
    await new Promise((done) => setTimeout(done, 20));
    expect(told.slice(1)).toEqual([
      { type: "attributes", attributes: [{ type: "cart", total: 2 }, { type: "personal", personal: { firstname: "Ann" } }] },
      { type: "campaign", campaign: { campaignId: "7", engagementId: "8" } },
      { type: "look", look: { theme: "dark" } },
    ]);
    expect(errors).not.toHaveBeenCalled();
    widget.setAttributes([{ type: "lead", much: "x".repeat(20_000) }]);
    widget.setLanguage("xx");
    widget.identify("a token" as never);
    expect(errors).toHaveBeenCalledTimes(3);
  });

  it("asks the page's function for a token each time the frame needs one", async () => {
    const tokens = vi.fn().mockResolvedValueOnce("first").mockResolvedValueOnce(null).mockRejectedValueOnce(new Error("logged out"));
    const widget = await start();
    widget.identify(tokens);
    widget.open();
    const port = await greet();
    expect(told[0]).toMatchObject({ identified: true });
    for (const id of [1, 2, 3]) port?.postMessage({ type: "askToken", id });
    await new Promise((done) => setTimeout(done, 20));
    expect(told.slice(1)).toEqual([
      { type: "token", id: 1, token: "first" },
      { type: "token", id: 2, token: null, error: "the function given to identify gave no token" },
      { type: "token", id: 3, token: null, error: "the function given to identify failed: logged out" },
    ]);
    widget.identify(null);
    await new Promise((done) => setTimeout(done, 20));
    expect(told.at(-1)).toEqual({ type: "identity", identified: false });
  });

  it("shows how many messages are new, tells the page, and closes when the frame says so", async () => {
    const widget = await start();
    const unread = vi.fn();
    const closed = vi.fn();
    const off = widget.on("unread", unread);
    widget.on("close", closed);
    widget.open();
    const port = await greet();
    port?.postMessage({ type: "close" });
    port?.postMessage({ type: "unread", count: 3 });
    await new Promise((done) => setTimeout(done, 20));
    expect([button().getAttribute("aria-label"), shadow.querySelector(".badge")?.textContent]).toEqual(["Open chat, new messages: 3", "3"]);
    expect([unread.mock.calls, closed.mock.calls.length]).toEqual([[[{ count: 3 }]], 1]);
    off();
    port?.postMessage({ type: "unread", count: 0 });
    await new Promise((done) => setTimeout(done, 20));
    expect([unread.mock.calls.length, shadow.querySelector<HTMLElement>(".badge")?.hidden]).toEqual([1, true]);
  });

  it("comes back as it was left: open, or in the background while a conversation is open", async () => {
    const first = await start();
    first.open();
    const port = await greet();
    port?.postMessage({ type: "conversation", state: "open" });
    await new Promise((done) => setTimeout(done, 20));
    first.close();
    first.destroy();
    expect(document.body.children).toHaveLength(0);
    await start();
    expect([frame() !== null, button().getAttribute("aria-expanded")]).toEqual([true, "false"]);
    widgets.pop()?.destroy();
    sessionStorage.setItem("antiphon.widget.12.shop", "open");
    await start();
    expect(button().getAttribute("aria-expanded")).toBe("true");
  });

  it("speaks the page's language and wears what the administrator wrote", async () => {
    document.documentElement.lang = "de-AT";
    await start();
    expect([button().getAttribute("aria-label"), shadow.querySelector(".words")?.textContent]).toEqual(["Fragen? – Chat öffnen", "Fragen?"]);
    document.documentElement.lang = "";
    widgets.pop()?.destroy();
    await start({ language: "ar", button: "off" });
    expect(shadow.querySelector<HTMLElement>("div")?.dir).toBe("rtl");
    expect(shadow.querySelector("button")).toBeNull();
  });
});
