import { act, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { SocketError } from "@/api/socket";
import type { ConversationChange, MessageDelivery } from "@/api/types";
import type { Conversation, DialogMessage } from "@/api/wire";
import { dayName } from "@/lib/time";
import { conversation, message, mine } from "@/stores/testing";
import { Transcript } from "./Transcript";
import { renderDesk, settle, type Options } from "./testing";

const DAY = 86_400_000;
const at = new Date(2026, 2, 3, 12).getTime();
const delivery = (more: Partial<MessageDelivery> = {}): MessageDelivery => ({ id: "dlv_1", status: "sent", parts: 1, code: null, vendor_code: null, message: null, remedy: null, ...more });
const change = (kind: string, more: Partial<ConversationChange> = {}): ConversationChange => ({ version: 1, kind, at, by: null, detail: {}, metadata: null, ...more });

async function open(messages: DialogMessage[], { changes = [] as ConversationChange[], c = conversation(), ...options }: Options & { changes?: ConversationChange[]; c?: Conversation } = {}) {
  const view = await renderDesk(<Transcript conversation={c} changes={changes} live />, { mine: [c], messages, ...options });
  const region = screen.getByRole("region", { name: "Transcript with Nora" });
  return { ...view, region, text: () => region.textContent ?? "" };
}

describe("a transcript on screen", () => {
  it("breaks by day and tells what happened to the conversation", async () => {
    const { text } = await open([message(0, { at }), message(1, { at: at + DAY })], { changes: [change("opened"), change("agent_assigned", { detail: { user_id: "78" } as never }), change("closed", { by: "77", at: at + 2 * DAY })] });
    for (const day of [at, at + DAY, at + 2 * DAY]) expect(text()).toContain(dayName(day, Date.now()));
    expect(text()).toContain("Conversation opened");
    expect(text()).toContain("Tomás was assigned");
    expect(text()).toContain("Closed by Maya");
    expect(text().indexOf("text 0")).toBeLessThan(text().indexOf("text 1"));
  });

  it("shows how far a message of ours got, as deliveries and receipts tell it", async () => {
    const { region, hear } = await open([mine(0, { at, delivery: delivery() })]);
    const status = () => region.querySelector("[data-status]")?.getAttribute("data-status");
    expect(status()).toBe("sent");
    hear({ kind: "deliveries", changes: [{ conversationId: "C", dialogId: "C", sequence: 0, delivery: delivery({ status: "delivered" }) }] });
    expect(status()).toBe("delivered");
    hear({ kind: "message", message: message(1, { event: { type: "accept", status: "READ", sequences: [0] } }) });
    expect(status()).toBe("read");
  });

  it("explains what was not delivered, and tries again", async () => {
    const retryDelivery = vi.fn(() => Promise.resolve({ ...delivery({ status: "queued" }), conversation_id: "C", dialog_id: "C", sequence: 0 }));
    const { user, text } = await open([mine(0, { delivery: delivery({ status: "failed", message: "The phone cannot be reached.", remedy: "Write by another channel.", vendor_code: "30003" }) })], { api: { retryDelivery } });
    for (const part of ["The phone cannot be reached.", "Write by another channel.", "30003", "Not delivered"]) expect(text()).toContain(part);
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(retryDelivery).toHaveBeenCalledWith("dlv_1");
    expect(text()).not.toContain("The phone cannot be reached.");
  });

  it("shows the reason of a hand-over on a line of its own, as text", async () => {
    const metadata = [{ type: "ActionReason", reason: "<b>angry</b> consumer" }] as never;
    const { text, region } = await open([message(0, { at })], { changes: [change("skill_changed", { by: "78", at: at + 1, detail: { to: "55" } as never, metadata })] });
    expect(text()).toContain("Reason given by Tomás: <b>angry</b> consumer");
    expect(region.querySelector("b")).toBeNull();
  });

  it("shows what a survey asked and what was answered", async () => {
    const survey = { items: [
      { dialog_id: "S1", sequence: 0, originator_id: "78", originator_role: "AGENT", at, audience: "ALL", event: { type: "ContentEvent", contentType: "text/plain", message: "How was it?" }, metadata: null, delivery: null },
      { dialog_id: "S1", sequence: 1, originator_id: "K", originator_role: "CONSUMER", at: at + 1, audience: "ALL", event: { type: "ContentEvent", contentType: "text/plain", message: "5" }, metadata: null, delivery: null },
    ], next: null };
    const messages = vi.fn((_: string, query: Record<string, unknown>) => Promise.resolve(query.dialog === "S1" ? survey : { items: [], next: null }));
    await open([message(0, { at })], { changes: [change("dialog_opened", { at: at + 1, detail: { dialog: 1, dialog_id: "S1" } as never })], api: { messages } });
    const shown = await screen.findByRole("region", { name: "Survey" });
    await settle();
    expect(shown.textContent).toMatch(/How was it\?.*5/);
  });

  it("sets private notes apart, and shows no receipts of them", async () => {
    const { region, text } = await open([mine(0, { audience: "AGENTS_AND_MANAGERS" })]);
    expect(text()).toContain("Private note");
    expect(region.querySelector("[data-status]")).toBeNull();
  });

  it("never takes content for markup, and makes links of http alone", async () => {
    const { region } = await open([message(0, { event: { type: "text", text: '<img src=x onerror="1"> https://shop.example/a javascript:alert(1)', quickReplies: [] } })]);
    expect(region.querySelector("img")).toBeNull();
    expect([...region.querySelectorAll("a")].map((a) => [a.getAttribute("href"), a.rel])).toEqual([["https://shop.example/a", "noopener noreferrer"]]);
  });

  it("says who types, until they stop", async () => {
    const { hear } = await open([message(0)]);
    const typing = (state: "COMPOSING" | "PAUSE") => ({ kind: "chat_state", conversationId: "C", dialogId: "C", originatorId: "cons-1", role: "CONSUMER", state, audience: "ALL" }) as const;
    hear(typing("COMPOSING"));
    expect(screen.getByText("Nora is typing…")).toBeTruthy();
    hear(typing("PAUSE"));
    expect(screen.queryByText("Nora is typing…")).toBeNull();
  });

  it("marks where the unread begins, and tells the consumer once that it was read", async () => {
    const c = conversation("C", { unread: { "12.77": 1 } });
    const { line, hear, text } = await open([message(0), message(1)], { c });
    expect(text().indexOf("text 0")).toBeLessThan(text().indexOf("New"));
    expect(text().indexOf("New")).toBeLessThan(text().indexOf("text 1"));
    const read = () => line.of("PublishEvent").map((b) => b.event);
    expect(read()).toEqual([{ type: "AcceptStatusEvent", status: "READ", sequenceList: [0, 1] }]);
    hear({ kind: "message", message: message(2) });
    await act(settle);
    expect(read().slice(1)).toEqual([{ type: "AcceptStatusEvent", status: "READ", sequenceList: [2] }]);
  });

  it("does not count as read what nobody looks at", async () => {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    const { line } = await open([message(0)]);
    expect(line.of("PublishEvent")).toEqual([]);
  });

  it("shows a message on its way, and one that was refused, to be sent again or thrown away", async () => {
    const { user, workspace, line, region, text } = await open([message(0)]);
    const status = () => region.querySelector("[data-pending] [data-status]")?.getAttribute("data-status");
    let answer: (body: unknown) => void = () => undefined;
    line.answers.PublishEvent = () => new Promise((resolve) => (answer = resolve));
    act(() => workspace.sendText(conversation(), "one moment", "ALL"));
    expect([text().includes("one moment"), status()]).toEqual([true, "sending"]);
    await act(async () => {
      answer({ sequence: 1 });
      await settle();
    });
    expect([text().includes("one moment"), status()]).toEqual([true, undefined]);
    line.answers.PublishEvent = () => {
      throw new SocketError(400, "The message was refused.");
    };
    act(() => workspace.sendText(conversation(), "no good", "ALL"));
    await act(settle);
    expect(text()).toContain("The message was refused.");
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await act(settle);
    expect(line.of("PublishEvent").filter((b) => (b.event as { message?: string }).message === "no good")).toHaveLength(2);
    await user.click(screen.getByRole("button", { name: "Discard" }));
    expect([text().includes("no good"), workspace.getSnapshot().pending]).toEqual([false, []]);
  });

  it("offers the earlier messages and fetches them once", async () => {
    const messages = vi.fn(() => Promise.resolve({ items: [], next: null }));
    const { user } = await open([message(50)], { api: { messages } });
    messages.mockClear();
    await user.click(screen.getByRole("button", { name: "Show earlier messages" }));
    expect(messages).toHaveBeenCalledTimes(1);
    expect(messages).toHaveBeenCalledWith("C", { dialog: "C", after_sequence: null, limit: 50 });
  });
});
