import { describe, expect, it } from "vitest";
import type { ConversationChange } from "@/api/types";
import { hasEarlier, plainText, reasonOf, rowsOf } from "./transcript";
import { message, mine } from "./testing";

const DAY = 86_400_000;
const at = 1_700_000_000_000;
const change = (version: number, kind: string, when: number): ConversationChange => ({ version, kind, at: when, by: null, detail: {}, metadata: null });
const kinds = (rows: ReturnType<typeof rowsOf>) => rows.flatMap((r) => (r.day === null ? [r.kind] : ["day", r.kind]));
const none = { changes: [], pending: [], firstUnread: null };

describe("a transcript", () => {
  it("breaks by day and groups by writer", () => {
    const rows = rowsOf({ ...none, messages: [message(0, { at }), message(1, { at: at + 1000 }), mine(2, { at: at + 2000 }), message(3, { at: at + 3 * DAY })] });
    expect(kinds(rows)).toEqual(["day", "message", "message", "message", "day", "message"]);
    expect(rows.flatMap((r) => (r.kind === "message" ? [[r.first, r.last]] : []))).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });
  it("puts system lines where they happened, and leaves out what they repeat", () => {
    const rows = rowsOf({ ...none, messages: [message(0, { at }), message(1, { at: at + 5000 })], changes: [change(3, "closed", at + 9000), change(1, "opened", at - 1), change(2, "due_changed", at + 10), { ...change(2, "ring_ended", at + 20), detail: { state: "ACCEPTED" } as never }, { ...change(2, "ring_ended", at + 30), detail: { state: "REJECTED" } as never }, change(2, "agent_assigned", at + 2000)] });
    expect(rows.flatMap((r): (string | number)[] => (r.kind === "system" ? [r.change.kind] : r.kind === "message" ? [r.message.sequence] : []))).toEqual(["opened", 0, "ring_ended", "agent_assigned", 1, "closed"]);
  });
  it("says the reason of a hand-over once, below what it changed, and shows a survey where it began", () => {
    const metadata = [{ type: "BotResponse", intents: [] }, { type: "ActionReason", reason: " wants a person ", reasonId: "x" }] as never;
    const handed = [{ ...change(3, "agent_removed", at), metadata }, { ...change(3, "skill_changed", at), by: "9", metadata }];
    const opened = { ...change(4, "dialog_opened", at + 5), detail: { dialog: 1, dialog_id: "S1" } as never };
    const rows = rowsOf({ ...none, messages: [message(0, { at: at - 1 })], changes: [...handed, opened] });
    expect(kinds(rows)).toEqual(["day", "message", "system", "system", "reason", "system", "survey"]);
    expect(rows[3]).toMatchObject({ by: "9", reason: "wants a person" });
    expect(rows[5]).toMatchObject({ dialogId: "S1" });
  });
  it("believes no reason that is none", () => {
    for (const metadata of [null, "x", [], [null, 3, { type: "ActionReason" }, { type: "ActionReason", reason: " " }, { type: "Other", reason: "r" }]]) expect(reasonOf(metadata)).toBeNull();
    expect(reasonOf([{ type: "ActionReason", reason: "x".repeat(9_000) }])).toHaveLength(500);
  });
  it("hides receipts and shows what they say", () => {
    const rows = rowsOf({ ...none, messages: [mine(0), message(1, { event: { type: "accept", status: "READ", sequences: [0] } })] });
    expect(rows.filter((r) => r.kind === "message")).toHaveLength(1);
    expect(rows[0]).toMatchObject({ status: "read" });
  });
  it("shows what the channel tells beside the messages", () => {
    const reaction = message(2, { at: at + 2000, event: { type: "accept", status: "ENRICH", sequences: [1] }, notes: [{ type: "reaction", emoji: "❤" }] });
    const rows = rowsOf({ ...none, messages: [message(0, { at, notes: [{ type: "referral", from: "Sale" }] }), mine(1, { at: at + 1000 }), reaction, message(3, { at: at + 3000 })] });
    expect(kinds(rows)).toEqual(["day", "note", "message", "message", "note", "message"]);
    expect(rows[2]).toMatchObject({ status: "sent" });
  });
  it("knows whether there are earlier messages, and keeps back what belongs to them", () => {
    expect([hasEarlier([]), hasEarlier([message(0)]), hasEarlier([message(50)])]).toEqual([false, false, true]);
    const partial = rowsOf({ ...none, messages: [message(50)], changes: [change(1, "opened", at)] });
    expect(kinds(partial)).toEqual(["day", "message"]);
  });
  it("keeps the keys of all rows when earlier messages come", () => {
    const all = Array.from({ length: 60 }, (_, i) => (i % 3 ? message(i) : mine(i)));
    const changes = [change(1, "opened", at - 1), change(1, "agent_assigned", at - 1), change(9, "agent_removed", at + 20_500), change(9, "agent_assigned", at + 40_500), change(9, "joined", at + 41_500)];
    const whole = rowsOf({ ...none, messages: all, changes, firstUnread: 55 }).map((r) => r.key);
    expect(new Set(whole).size).toBe(whole.length);
    const later = rowsOf({ ...none, messages: all.slice(30), changes, firstUnread: 55 }).map((r) => r.key);
    expect(whole.slice(-later.length)).toEqual(later);
  });
  it("keeps the key of a message that was waiting", () => {
    const pending = { clientId: "m1", conversationId: "C", dialogId: "C", audience: "ALL" as const, content: { type: "text" as const, text: "x" }, createdAt: 1, state: "sending" as const, sequence: null, reason: null };
    const before = rowsOf({ ...none, messages: [], pending: [pending] });
    const after = rowsOf({ ...none, messages: [mine(0, { clientMessageId: "m1" })] });
    expect(after.at(-1)?.key).toBe(before[0]?.key);
  });
  it("marks where the unread begins", () => {
    expect(kinds(rowsOf({ ...none, messages: [message(0), message(1)], firstUnread: 1 }))).toEqual(["day", "message", "new", "message"]);
  });
  it("never shows delivery of private notes", () => {
    expect(rowsOf({ ...none, messages: [mine(0, { audience: "AGENTS_AND_MANAGERS" })] })[0]).toMatchObject({ status: null });
  });
  it("has a plain form", () => {
    const rows = rowsOf({ ...none, messages: [message(0), mine(1)] });
    expect(plainText(rows, (m) => m.role, (n) => String(n - at), "File")).toBe("0 CONSUMER: text 0\n1000 ASSIGNED_AGENT: text 1");
  });
});
