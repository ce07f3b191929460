import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import type { ConversationSummary, Session, Source } from "@/api/types";
import { conversationCan, myRole } from "./actions";
import { fileTypeOf, isAccepted } from "./attachments";
import { applyToCaches } from "./caches";
import { Drafts } from "./drafts";
import { isMe, userIdOf } from "./identity";
import { noEffects } from "./inbox";
import { byUrgency, listed } from "./listed";
import { conversationOfSummary } from "./summary";
import { conversation, ME } from "./testing";

const session = (...privileges: string[]): Session => ({
  account: { id: "12", name: "Acme", timezone: "UTC", default_skill_id: null },
  user: { id: "77", pid: "pid-77", login: "a", nickname: "A", full_name: "", kind: "human", profile: "agent", skill_ids: [], max_conversations: 3 },
  privileges,
  csrf: "x",
  expires_at: 0, idle: null,
  demo: false,
});
const agent = session("handle_conversations");
const manager = session("handle_conversations", "view_all_conversations", "join_conversations");
const others = conversation("C", { participants: [{ id: "cons-1", role: "CONSUMER", state: "ACTIVE" }, { id: "12.78", role: "ASSIGNED_AGENT", state: "ACTIVE" }] });
const joined = conversation("C", { participants: [...others.participants, { id: "12.77", role: "MANAGER", state: "ACTIVE" }] });

describe("who may do what", () => {
  it("follows the role in the conversation", () => {
    const can = (s: Session, c = conversation()) => Object.fromEntries(Object.entries(conversationCan).map(([k, f]) => [k, f(c, s).ok]));
    expect(can(agent)).toEqual({ write: true, transfer: true, close: true, returnToQueue: true, join: false, leave: false });
    expect(can(agent, others)).toEqual({ write: false, transfer: false, close: false, returnToQueue: false, join: false, leave: false });
    expect(can(manager, others)).toEqual({ write: false, transfer: false, close: false, returnToQueue: false, join: true, leave: false });
    expect(can(manager, joined)).toEqual({ write: true, transfer: true, close: true, returnToQueue: true, join: false, leave: true });
    expect(Object.values(can(agent, conversation("C", { open: false }))).some(Boolean)).toBe(false);
  });
  it("does not count a mere suggestion as taking part", () => {
    expect(myRole(conversation("C", { participants: [{ id: "12.77", role: "ASSIGNED_AGENT", state: "SUGGESTED" }] }), agent)).toBeNull();
  });
  it("knows the user by any form of the id", () => {
    expect(["12.77", "77", "pid-77"].every((id) => isMe(ME, id))).toBe(true);
    expect(isMe(ME, "12.78")).toBe(false);
    expect([userIdOf("12", "12.77"), userIdOf("12", "77")]).toEqual(["77", "77"]);
  });
});

describe("the list", () => {
  const waiting = (id: string, since: number | null, at: number) => conversation(id, { waitingSince: since, startedAt: at });
  it("puts who waits longest first, then the newest activity", () => {
    const rows = [waiting("new", null, 50), waiting("short", 30, 1), waiting("long", 10, 1), waiting("old", null, 5)].sort(byUrgency);
    expect(rows.map((c) => c.id)).toEqual(["long", "short", "new", "old"]);
  });
  it("filters what is in the queue", () => {
    const all = { A: conversation("A"), B: conversation("B", { participants: [] }) };
    expect(listed(all, new Set(["A", "B", "gone"]), "queue").map((c) => c.id)).toEqual(["B"]);
  });
});

describe("a conversation of the admin API", () => {
  it("takes the form of the socket", () => {
    const summary: ConversationSummary = { id: "C", state: "open", source_id: "s", channel: "test_channel", skill_id: "5", consumer: { id: "k", name: null, address: "+1" }, assigned_agent: "77", participants: [{ id: "77", role: "ASSIGNED_AGENT", suggested: false }], started_at: 1, ended_at: null, close_reason: null, updated_at: 2, waiting_since: 3, last_message: { sequence: 4, text: "x", originator_role: "CONSUMER", kind: "file", at: 5 }, unread: 1, version: 6 };
    expect(conversationOfSummary(summary, "12")).toMatchObject({ open: true, participants: [{ id: "12.77", role: "ASSIGNED_AGENT" }], last: { role: "CONSUMER", sequence: 4, kind: "file" } });
  });
});

describe("files", () => {
  it("are named and judged as the channel does", () => {
    expect([fileTypeOf({ name: "a.jpg", type: "" }), fileTypeOf({ name: "paste", type: "image/png" })]).toEqual(["JPEG", "PNG"]);
    const png = { name: "a.png", type: "image/png" };
    expect([["image/*"], ["image/png"], ["PNG"], ["*/*"], []].every((types) => isAccepted(png, types))).toBe(true);
    expect([["image/jpeg"], ["video/*"], ["pdf"]].some((types) => isAccepted(png, types))).toBe(false);
  });
});

describe("what screens have read", () => {
  it("is changed by notices instead of being read again", () => {
    const client = new QueryClient();
    const source = { id: "src_1", enabled: true, health: { state: "ok", message: null, since: null } } as Source;
    client.setQueryData(["sources"], { items: [source], next: null });
    client.setQueryData(["consumer", "k"], { id: "k", opted_out: false, name: "N" });
    applyToCaches(client, { kind: "sources", changes: [{ sourceId: "src_1", enabled: true, health: { state: "failing", message: "m", since: 1 } }] }, noEffects());
    applyToCaches(client, { kind: "consumers", changes: [{ consumerId: "k", optedOut: true, name: null }] }, noEffects());
    expect(client.getQueryData(["sources"])).toMatchObject({ items: [{ health: { state: "failing" } }] });
    expect(client.getQueryData(["consumer", "k"])).toMatchObject({ opted_out: true, name: "N" });
    client.setQueryData(["summary", "C"], { id: "C", consumer: { id: "k", name: null, address: "+1" } });
    client.setQueryData(["summary", "D"], { id: "D", consumer: { id: "other", name: null, address: "+2" } });
    applyToCaches(client, { kind: "consumers", changes: [{ consumerId: "k", optedOut: false, name: "Nora" }] }, noEffects());
    expect([client.getQueryData(["summary", "C"]), client.getQueryData(["summary", "D"])]).toMatchObject([{ consumer: { name: "Nora" } }, { consumer: { name: null } }]);
  });
});

describe("drafts", () => {
  it("survive a reload, differ by user, and follow other tabs", () => {
    localStorage.clear();
    const drafts = new Drafts(localStorage, "12.77");
    let told = 0;
    drafts.subscribe(() => (told += 1));
    drafts.set("C", { text: "half a sent", note: false });
    expect(new Drafts(localStorage, "12.77").get("C").text).toBe("half a sent");
    expect(new Drafts(localStorage, "12.78").get("C").text).toBe("");
    drafts.fromOtherTab("antiphon.draft.12.77.C", JSON.stringify({ text: "from there", note: true }));
    expect(drafts.get("C")).toEqual({ text: "from there", note: true });
    expect(told).toBe(2);
    drafts.set("C", { text: "", note: false });
    expect(localStorage.length).toBe(0);
  });
});
