import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SocketError } from "@/api/socket";
import type { Conversation } from "@/api/wire";
import { conversation } from "@/stores/testing";
import { toastStore } from "@/stores/toasts";
import { Composer } from "./Composer";
import { renderDesk, sessionOf, settle, type Options } from "./testing";

afterEach(() => void vi.unstubAllGlobals());

const SMS = { max: 160, unit: "gsm", segments: true };
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message to Nora" });
const send = () => screen.getByRole<HTMLButtonElement>("button", { name: "Send" });
const open = (c: Conversation = conversation(), options: Options = {}) => renderDesk(<Composer conversation={c} name="Nora" />, { mine: [c], ...options });
/** What was published to the consumer's dialog, typing left out. */
const published = (line: Awaited<ReturnType<typeof open>>["line"]) => line.of("PublishEvent").filter((b) => (b.event as { type: string }).type !== "ChatStateEvent");

describe("writing", () => {
  it("sends by Enter, once, and begins anew", async () => {
    const { user, line } = await open();
    await user.type(field(), "It left this morning.{Enter}");
    expect(published(line)).toEqual([{ dialogId: "C", conversationId: "C", messageAudience: "ALL", event: { type: "ContentEvent", contentType: "text/plain", message: "It left this morning." } }]);
    expect(line.asked.find((a) => a.metadata)?.metadata).toEqual([{ type: "ClientMessageId", id: "m1" }]);
    expect(field().value).toBe("");
    await user.keyboard("{Enter}");
    expect(published(line)).toHaveLength(1);
  });

  it("breaks the line by Shift and Enter, and waits for an input method to finish", async () => {
    const { user, line } = await open();
    await user.type(field(), "one{Shift>}{Enter}{/Shift}two");
    expect(field().value).toBe("one\ntwo");
    fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
    expect(published(line)).toEqual([]);
  });

  it("keeps the draft when the conversation is left", async () => {
    const { user, unmount, desk } = await open();
    await user.type(field(), "half a thought");
    unmount();
    expect(desk.drafts.get("C").text).toBe("half a thought");
    expect(localStorage.getItem("antiphon.draft.12.77.C")).toContain("half a thought");
  });

  it("tells the channel that the agent types, and that it stopped, but never about a note", async () => {
    const { user, line } = await open();
    const states = () => line.of("PublishEvent").map((b) => (b.event as { chatState?: string }).chatState);
    await user.type(field(), "abc");
    expect(states()).toEqual(["COMPOSING"]);
    await user.clear(field());
    expect(states()).toEqual(["COMPOSING", "PAUSE"]);
    await user.click(screen.getByRole("button", { name: "Private note" }));
    await user.type(field(), "abc");
    expect(states()).toEqual(["COMPOSING", "PAUSE"]);
  });

  it("writes a private note for colleagues alone", async () => {
    const { user, line } = await open();
    await user.click(screen.getByRole("button", { name: "Private note" }));
    await user.type(field(), "Careful with this one{Enter}");
    expect(published(line)[0]).toMatchObject({ messageAudience: "AGENTS_AND_MANAGERS" });
  });

  it("waits for the line, and says so", async () => {
    const { user, line, workspace } = await open(conversation(), { offline: true });
    await user.type(field(), "written offline");
    expect(screen.getByText("Sent when the line is back")).toBeTruthy();
    await user.keyboard("{Enter}");
    expect(published(line)).toEqual([]);
    expect(workspace.getSnapshot().pending).toMatchObject([{ state: "waiting", content: { text: "written offline" } }]);
  });
});

describe("the counter", () => {
  it("counts segments as the channel does, and the messages they make", async () => {
    await open(conversation("C", { limits: SMS }));
    const told = (text: string) => {
      fireEvent.change(field(), { target: { value: text } });
      return document.querySelector("[data-counter]")?.textContent;
    };
    expect(told("hello")).toBe("GSM-7 · 1 segment · 155");
    expect(told("привет")).toBe("UCS-2 · 1 segment · 64");
    expect(told("a".repeat(161))).toBe("GSM-7 · 2 segments · 145 · 2 messages");
  });
  it("shows a plain limit only when it comes near, and the conversation's before the channel's", async () => {
    await open(conversation("C", { limits: { max: 100, unit: "codepoint", segments: false } }));
    fireEvent.change(field(), { target: { value: "a".repeat(59) } });
    expect(document.querySelector("[data-counter]")).toBeNull();
    fireEvent.change(field(), { target: { value: "a".repeat(101) } });
    expect(document.querySelector("[data-counter]")?.textContent).toBe("101 / 100 · 2 messages");
  });
  it("refuses what is longer than any message", async () => {
    const { user, line } = await open();
    fireEvent.change(field(), { target: { value: "a".repeat(5_001) } });
    expect(screen.getByText("At most 5,000 characters in one message.")).toBeTruthy();
    expect(send().disabled).toBe(true);
    await user.type(field(), "{Enter}");
    expect(published(line)).toEqual([]);
  });
});

describe("where writing is not possible", () => {
  it("says why, and leaves notes", async () => {
    for (const [code, reason, said] of [
      ["opted_out", null, "This consumer has opted out and cannot be written to."],
      ["window_closed", "The window closed 3 hours ago.", "The window closed 3 hours ago."],
      ["something_new", null, "You cannot write here right now."],
    ] as const) {
      const { user, line, unmount } = await open(conversation("C", { composer: { enabled: false, reason, code, windowClosesAt: null, templates: false } }));
      expect(screen.getByText(said)).toBeTruthy();
      await user.type(field(), "for colleagues{Enter}");
      expect(published(line).map((b) => b.messageAudience)).toEqual(["AGENTS_AND_MANAGERS"]);
      unmount();
    }
  });
  it("follows the reply window by the clock, and tells of its end", async () => {
    const until = (ms: number) => conversation("C", { composer: { enabled: true, reason: null, code: null, windowClosesAt: Date.now() + ms, templates: false } });
    const { unmount } = await open(until(5 * 3_600_000));
    expect(screen.queryByText(/Free messages are possible/)).toBeNull();
    unmount();
    const near = await open(until(90 * 60_000 + 5_000));
    expect(screen.getByText("Free messages are possible for 1 h more")).toBeTruthy();
    near.unmount();
    await open(until(-1));
    expect(screen.getByText(/The channel allows no free message any more/)).toBeTruthy();
  });
  it("takes the field away where one takes no part, and offers to join to those who may", async () => {
    const others = conversation("C", { participants: [{ id: "cons-1", role: "CONSUMER", state: "ACTIVE" }] });
    const first = await open(others);
    expect(screen.queryByRole("textbox")).toBeNull();
    expect(screen.getByText("This conversation is not yours.")).toBeTruthy();
    first.unmount();
    const { user, line } = await open(others, { session: sessionOf("join_conversations") });
    await user.click(screen.getByRole("button", { name: "Join" }));
    expect(line.of("UpdateConversationField")).toMatchObject([{ conversationField: [{ type: "ADD", role: "MANAGER", userId: "12.77" }] }]);
  });
});

describe("files", () => {
  const picture = new File(["x"], "map.png", { type: "image/png" });
  const withMedia = conversation("C", { media: { types: ["image/png", "application/pdf"], maxBytes: 10 } });
  const uploads = (answer: () => Promise<Response>) => vi.stubGlobal("fetch", vi.fn(answer));
  const link = () => ({ relativePath: "/files/1", queryParams: { sig: "s" } });
  const paste = (...files: File[]) => fireEvent.paste(field(), { clipboardData: { files } });

  it("are pasted, uploaded and sent with their text in one message", async () => {
    uploads(() => Promise.resolve(new Response(null, { status: 201 })));
    const { user, line } = await open(withMedia);
    line.answers.GenerateURLForUploadFile = link;
    paste(picture);
    await act(settle);
    await user.type(field(), "The way to us{Enter}");
    expect(published(line).map((b) => b.event)).toEqual([
      { type: "ContentEvent", contentType: "hosted/file", message: { caption: "The way to us", relativePath: "/files/1", fileType: "PNG", name: "map.png", size: 1 } },
    ]);
    expect(screen.queryByText("map.png")).toBeNull();
  });

  it("are dropped, several after their text", async () => {
    uploads(() => Promise.resolve(new Response(null, { status: 201 })));
    const { user, line } = await open(withMedia);
    line.answers.GenerateURLForUploadFile = link;
    fireEvent.drop(field(), { dataTransfer: { types: ["Files"], files: [picture, new File(["y"], "plan.pdf", { type: "application/pdf" })] } });
    await act(settle);
    await user.type(field(), "Both{Enter}");
    await act(settle);
    expect(published(line).map((b) => (b.event as { message: string | { name: string } }).message)).toMatchObject(["Both", { name: "map.png", caption: "" }, { name: "plan.pdf", caption: "" }]);
  });

  it("hold the message back while they are on their way, and say what went wrong", async () => {
    uploads(() => Promise.resolve(new Response(JSON.stringify({ message: "The disk is full." }), { status: 507 })));
    const { user, line, desk } = await open(withMedia);
    line.answers.GenerateURLForUploadFile = link;
    paste(picture);
    expect(send().disabled).toBe(true);
    await act(settle);
    expect(screen.getByText("map.png could not be uploaded: The disk is full.")).toBeTruthy();
    uploads(() => Promise.resolve(new Response(null, { status: 201 })));
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await act(settle);
    expect(send().disabled).toBe(false);
    await user.click(screen.getByRole("button", { name: "Remove map.png" }));
    expect([desk.attachments.get("C").length, send().disabled]).toEqual([0, true]);
  });

  it("are refused where the conversation does not take them", async () => {
    const { unmount } = await open(withMedia);
    const said = () => toastStore.get().at(-1)?.text;
    paste(new File(["x"], "run.exe", { type: "application/x-msdownload" }));
    expect(said()).toBe("This conversation does not take files like run.exe.");
    paste(new File(["x".repeat(11)], "big.png", { type: "image/png" }));
    expect(said()).toBe("big.png is too big: 11 byte, at most 10 byte.");
    unmount();
    await open(conversation("C", { media: null }));
    paste(picture);
    expect(said()).toBe("This conversation takes no files: its source sends text only.");
    expect(screen.getByRole("button", { name: "Attach a file" }).getAttribute("aria-disabled")).toBe("true");
  });

  it("that were chosen before a reload go up when the line is there", async () => {
    uploads(() => Promise.resolve(new Response(null, { status: 201 })));
    const { line, desk, shelf } = await open(withMedia);
    line.answers.GenerateURLForUploadFile = link;
    shelf.set("k1", { id: "k1", conversationId: "C", file: picture, addedAt: 1, uploaded: null });
    await act(async () => {
      await desk.attachments.restore();
      await settle();
    });
    expect(screen.getByText("map.png")).toBeTruthy();
    expect(desk.attachments.get("C")).toMatchObject([{ state: "ready", relativePath: "/files/1" }]);
  });
});

describe("a refusal of the server", () => {
  it("is shown with the message, which is not lost", async () => {
    const { user, line, workspace } = await open();
    line.answers.PublishEvent = () => {
      throw new SocketError(400, "The message was refused.");
    };
    await user.type(field(), "refuse me{Enter}");
    await act(settle);
    expect(workspace.getSnapshot().pending).toMatchObject([{ state: "refused", reason: "The message was refused." }]);
  });
});
