import { fireEvent, screen, waitFor, within } from "@testing-library/dom";
import userEvent from "@testing-library/user-event";
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "../../shared/config";
import { Downloads } from "../downloads";
import { wordsOf } from "../i18n";
import { AGENT, Browser, FakeServer } from "../testing";
import { App } from "./App";
import { SharedContext } from "./context";

const CONFIG: Config = { account: "12", source: "shop", allowed_origins: [], title: "Kettle & Co", welcome: null, launcher_text: null, texts: {}, color: "#0b6b74", theme: "auto", position: "right", language: "auto", logo_url: null, sign_in: "optional", attachments: { max_bytes: 1_000, types: { "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF" } } };

let server: FakeServer;
let browser: Browser;
let root: HTMLElement;

beforeEach(() => {
  server = new FakeServer();
  browser = new Browser(server);
  root = document.createElement("div");
  document.body.append(root);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
  HTMLDialogElement.prototype.showModal = function open(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close(this: HTMLDialogElement) {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

async function open({ config = CONFIG, language = "en" as const, onClose = vi.fn(), act = vi.fn(), identified = false } = {}) {
  const visit = browser.open({ signInRequired: config.sign_in === "required", identified });
  const words = await wordsOf(language);
  render(
    <SharedContext.Provider value={{ visit, downloads: new Downloads(visit), config, words, act }}>
      <App open={true} sound={false} onSound={() => undefined} onClose={onClose} announcement="" />
    </SharedContext.Provider>,
    root,
  );
  if (config.sign_in === "optional") await waitFor(() => expect(visit.snapshot.connection).toBe("live"));
  return { visit, user: userEvent.setup(), onClose, act };
}
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox");
const list = () => within(screen.getByRole("region", { name: "Messages" }));
async function talk(user: ReturnType<typeof userEvent.setup>) {
  await user.type(field(), "Hello{Enter}");
  await list().findByText("Sent");
}

describe("the window", () => {
  it("greets, sends with Enter, and says what became of a message", async () => {
    const { user } = await open();
    expect(screen.getByText("Hello! How can we help?")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Send" }).disabled).toBe(true);
    await user.type(field(), "One{Shift>}{Enter}{/Shift}Two{Enter}");
    await list().findByText("Sent");
    expect(server.texts()).toEqual(["One\nTwo"]);
    expect(field().value).toBe("");
    server.agentReads([0]);
    expect(await list().findByText("Read")).toBeTruthy();
  });

  it("shows every text as text, and links only what is safe", async () => {
    const { user } = await open();
    await talk(user);
    const nasty = '<img src=x onerror="alert(1)"><b>bold</b> javascript:alert(1) https://shop.test/?a=<b> https://bank.test@evil.test';
    server.agentSays(nasty);
    await waitFor(() => expect(root.textContent).toContain(nasty));
    expect(root.querySelector("b, .bubble img")).toBeNull();
    const links = [...root.querySelectorAll<HTMLAnchorElement>(".bubble a")];
    expect(links.map((link) => [link.href, link.target, link.rel])).toEqual([["https://shop.test/?a=", "_blank", "noopener noreferrer"]]);
  });

  it("says who answers, by a name that is asked for once", async () => {
    const { user } = await open();
    server.nicknames[AGENT] = "Ada";
    await talk(user);
    server.agentSays("Good morning");
    server.agentSays("<b>Really</b>");
    expect(await list().findAllByText("Ada")).toHaveLength(1);
    expect(root.textContent).toMatch(/Ada, .*:.*Good morning/);
    server.agentSays("Still here");
    await list().findByText("Still here");
    expect(server.requests.filter((one) => one.type === "userprofile.GetUserProfile")).toHaveLength(1);
  });

  it("answers a quick reply by its words and takes the others away", async () => {
    const { user } = await open();
    await talk(user);
    server.agentSays("Shall we?", { quickReplies: { type: "quickReplies", replies: [{ type: "button", title: "Yes", click: { actions: [{ type: "publishText", text: "yes please" }], metadata: [{ type: "ExternalId", id: "y" }] } }, { type: "button", title: "No", click: { actions: [{ type: "publishText", text: "no" }] } }] } });
    const choices = await screen.findByRole("group", { name: "Choices" });
    await user.click(within(choices).getByRole("button", { name: "Yes" }));
    await waitFor(() => expect(server.texts()).toEqual(["Hello", "Shall we?", "yes please"]));
    expect(screen.queryByRole("group", { name: "Choices" })).toBeNull();
    expect(server.receipts("ACTION")).toHaveLength(1);
  });

  it("carries out what a card's button says, and gives the page what only the page can do", async () => {
    const { user, act } = await open();
    await talk(user);
    const elements = [
      { type: "text", text: "A kettle", tag: "title" },
      { type: "button", title: "Take it", click: { actions: [{ type: "addToCart", items: [{ productId: "k", quantity: 1 }] }, { type: "publishText", text: "I take it" }] } },
    ];
    server.append(server.conversation, server.conversation.dialogs[0] as never, "agent", "ASSIGNED_AGENT", { type: "RichContentEvent", content: { type: "vertical", elements } }, []);
    await user.click(await screen.findByRole("button", { name: "Take it" }));
    await waitFor(() => expect(server.texts().at(-1)).toBe("I take it"));
    expect(act).toHaveBeenCalledWith("addToCart", [{ productId: "k", quantity: 1 }]);
    // A card stays: it may be tapped again.
    expect(screen.getByRole("button", { name: "Take it" })).toBeTruthy();
  });

  it("says why a message was not taken, and lets it be sent again or deleted", async () => {
    const { user } = await open();
    server.refuse = { type: "ms.PublishEvent", code: 400, body: "it is too rude" };
    await user.type(field(), "Hello{Enter}");
    expect(await screen.findByText(/it is too rude/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(server.texts()).toEqual(["Hello"]));
    server.refuse = { type: "ms.PublishEvent", code: 400, body: "again" };
    await user.type(field(), "Rude{Enter}");
    await user.click(await screen.findByRole("button", { name: "Delete" }));
    expect(screen.queryByText("Rude")).toBeNull();
  });

  it("takes files by button, paste and drop, and refuses what is too large or of no kind that the server takes", async () => {
    const { user } = await open();
    const chooser = root.querySelector<HTMLInputElement>("input[type=file]") as HTMLInputElement;
    expect(chooser.accept).toBe("image/jpeg,image/png,image/gif");
    await user.upload(chooser, new File(["abc"], "a.gif", { type: "image/gif" }));
    expect(await screen.findByText("a.gif")).toBeTruthy();
    fireEvent.paste(field(), { clipboardData: { files: [new File(["abcd"], "b.png", { type: "image/png" })] } });
    expect(await screen.findByText("b.png")).toBeTruthy();
    fireEvent.drop(root.querySelector(".window") as Element, { dataTransfer: { types: ["Files"], files: [new File(["x"], "c.jpg", { type: "image/jpeg" })] } });
    expect(await screen.findByText("c.jpg")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Remove b.png" }));
    fireEvent.drop(root.querySelector(".window") as Element, { dataTransfer: { types: ["Files"], files: [new File(["x".repeat(1_001)], "d.jpg", { type: "image/jpeg" })] } });
    expect((await screen.findByRole("alert")).textContent).toMatch(/too large: at most 1 kB/);
    fireEvent.drop(root.querySelector(".window") as Element, { dataTransfer: { types: ["Files"], files: [new File(["x"], "e.pdf", { type: "application/pdf" })] } });
    await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("Files of this kind can’t be sent."));
    await user.type(field(), "both{Enter}");
    await waitFor(() => expect(browser.uploads.map((one) => one.size)).toEqual([3, 1]));
    await waitFor(() => expect(server.texts()).toEqual(["file", "file"]));
    expect(server.conversation.dialogs[0]?.events.map((one) => (one.event.message as Record<string, unknown>).caption)).toEqual(["", "both"]);
  });

  it("offers no files where the administrator wants none", async () => {
    await open({ config: { ...CONFIG, attachments: null } });
    expect(screen.queryByRole("button", { name: "Attach a file" })).toBeNull();
    fireEvent.drop(root.querySelector(".window") as Element, { dataTransfer: { types: ["Files"], files: [new File(["x"], "c.jpg", { type: "image/jpeg" })] } });
    expect(screen.queryByText("c.txt")).toBeNull();
  });

  it("keeps a draft through a reload", async () => {
    const { user, visit } = await open();
    await user.type(field(), "half a sent");
    render(null, root);
    browser.close(visit);
    await open();
    expect(field().value).toBe("half a sent");
  });

  it("ends a conversation only when the visitor is sure", async () => {
    const { user } = await open();
    await user.click(screen.getByRole("button", { name: "More" }));
    expect(screen.queryByRole("button", { name: "End the conversation" })).toBeNull();
    await user.keyboard("{Escape}");
    await talk(user);
    await user.click(screen.getByRole("button", { name: "More" }));
    await user.click(screen.getByRole("button", { name: "End the conversation" }));
    await user.click(await screen.findByRole("button", { name: "Go on" }));
    expect(server.conversation.dialogs[0]?.open).toBe(true);
    await user.click(screen.getByRole("button", { name: "More" }));
    await user.click(screen.getByRole("button", { name: "End the conversation" }));
    await user.click(await screen.findByRole("button", { name: "End it" }));
    expect(await screen.findByText(/The conversation has ended/)).toBeTruthy();
    expect(field().placeholder).toBe("Write to start a new conversation");
  });

  it("keeps the keyboard inside, and gives it back with Escape", async () => {
    const { user, onClose } = await open();
    await waitFor(() => expect(document.activeElement).toBe(field()));
    await user.keyboard("{Tab}");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "More" }));
    await user.keyboard("{Shift>}{Tab}{/Shift}");
    expect(document.activeElement).toBe(field());
    await user.click(screen.getByRole("button", { name: "More" }));
    await user.keyboard("{Escape}");
    expect(onClose).not.toHaveBeenCalled();
    await user.keyboard("{Escape}");
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it("asks visitors to sign in where the administrator wants that", async () => {
    await open({ config: { ...CONFIG, sign_in: "required" } });
    expect(screen.getByText("Please sign in on the page to write to us.")).toBeTruthy();
    expect(field().disabled).toBe(true);
  });

  it("says that the connection is lost, and what becomes of what is written meanwhile", async () => {
    const { user, visit } = await open();
    await talk(user);
    browser.online = false;
    visit.wentOffline();
    expect(await screen.findByText(/You are offline/)).toBeTruthy();
    await user.type(field(), "Later{Enter}");
    expect(await screen.findByText("Waiting to be sent")).toBeTruthy();
    browser.online = true;
    visit.connectNow();
    await waitFor(() => expect(server.texts()).toEqual(["Hello", "Later"]));
    expect(screen.queryByText(/You are offline/)).toBeNull();
  });
});
