import { describe, expect, it } from "vitest";
import type { Notice } from "@/api/wire";
import * as inbox from "./inbox";
import { conversation, message, mine, remove, ring, upsert } from "./testing";

const NOW = 1_000;
const apply = (state: inbox.InboxState, ...notices: Notice[]) => notices.reduce((s, n) => inbox.applyNotice(s, n, NOW).state, state);
const withMine = () => apply(inbox.subscribed(inbox.emptyInbox, "S", "mine"), upsert("S", conversation("A"), conversation("B")));

describe("conversations", () => {
  it("come with the snapshot, which also loads the list", () => {
    const state = withMine();
    expect([...state.lists.mine]).toEqual(["A", "B"]);
    expect(state.loaded.mine).toBe(true);
    expect(inbox.applyNotice(inbox.subscribed(inbox.emptyInbox, "S", "mine"), upsert("S", conversation("A")), NOW).effects.assigned).toEqual([]);
  });

  it("that are missing from the snapshot after a cut leave the list", () => {
    const state = apply(inbox.subscribed(inbox.disconnected(withMine()), "S2", "mine"), upsert("S2", conversation("B"), conversation("D")));
    expect([...state.lists.mine]).toEqual(["B", "D"]);
  });

  it("leave on DELETE, but stay readable", () => {
    const state = apply(withMine(), remove("S", conversation("A", { open: false, updatedAt: 2 })));
    expect([...state.lists.mine]).toEqual(["B"]);
    expect(state.conversations.A?.open).toBe(false);
  });

  it("are never replaced by an older state", () => {
    const state = apply(withMine(), upsert("S", conversation("A", { updatedAt: 9, skillId: "66" })), upsert("S", conversation("A", { updatedAt: 5, skillId: "55" })));
    expect(state.conversations.A?.skillId).toBe("66");
  });

  it("that are new to a live list are told", () => {
    const { effects } = inbox.applyNotice(withMine(), upsert("S", conversation("N")), NOW);
    expect(effects.assigned.map((c) => c.id)).toEqual(["N"]);
  });

  it("tell when their system lines grew", () => {
    const { effects } = inbox.applyNotice(withMine(), upsert("S", conversation("A", { updatedAt: 2, skillId: "66" })), NOW);
    expect(effects.restructured).toEqual(["A"]);
    expect(inbox.applyNotice(withMine(), upsert("S", conversation("A", { updatedAt: 2, unread: { "12.77": 1 } })), NOW).effects.restructured).toEqual([]);
  });

  it("keep the last message when an update comes without one", () => {
    const last = { sequence: 3, text: "hi", role: "CONSUMER", originatorId: "cons-1", at: 5, kind: "text" as const };
    const state = apply(withMine(), upsert("S", conversation("A", { updatedAt: 2, last })), upsert("S", conversation("A", { updatedAt: 3 })));
    expect(state.conversations.A?.last).toEqual(last);
  });

  it("that a second subscription brings live in both lists", () => {
    let state = inbox.subscribed(withMine(), "T", "all");
    state = apply(state, upsert("T", conversation("A"), conversation("X")), remove("S", conversation("A", { updatedAt: 2 })));
    expect([...state.lists.mine]).toEqual(["B"]);
    expect([...state.lists.all]).toEqual(["A", "X"]);
  });

  it("ask for the log when it is behind", () => {
    const last = { sequence: 7, text: "hi", role: "CONSUMER", originatorId: "cons-1", at: 5, kind: "text" as const };
    const state = inbox.applyHistory(withMine(), "A", "A", [message(0, { conversationId: "A", dialogId: "A" })]);
    const { effects } = inbox.applyNotice(state, upsert("S", conversation("A", { updatedAt: 2, last })), NOW);
    expect(effects.behind).toEqual([{ conversationId: "A", dialogId: "A" }]);
  });
});

describe("messages", () => {
  const withLog = () => inbox.applyHistory(apply(inbox.subscribed(inbox.emptyInbox, "S", "mine"), upsert("S", conversation("C"))), "C", "C", [message(0)]);

  it("of consumers are announced once", () => {
    const first = inbox.applyNotice(withLog(), { kind: "message", message: message(1) }, NOW);
    expect(first.effects.arrived).toHaveLength(1);
    expect(inbox.applyNotice(first.state, { kind: "message", message: message(1) }, NOW).effects.arrived).toHaveLength(0);
  });

  it("of mine are not announced, receipts neither", () => {
    const own = inbox.applyNotice(withLog(), { kind: "message", message: mine(1) }, NOW);
    const receipt = inbox.applyNotice(withLog(), { kind: "message", message: message(1, { event: { type: "accept", status: "READ", sequences: [0] } }) }, NOW);
    expect(own.effects.arrived).toEqual([]);
    expect(receipt.effects.arrived).toEqual([]);
  });

  it("move the row of the list, and never back", () => {
    const state = apply(withLog(), { kind: "message", message: message(2) }, { kind: "message", message: message(1) });
    expect(state.conversations.C?.last?.sequence).toBe(2);
  });

  it("that skip a number ask for the rest", () => {
    const { effects } = inbox.applyNotice(withLog(), { kind: "message", message: message(4) }, NOW);
    expect(effects.gaps).toEqual([{ conversationId: "C", dialogId: "C", from: 0 }]);
  });

  it("of a dialog that was never opened change only its row", () => {
    const state = apply(inbox.subscribed(inbox.emptyInbox, "S", "mine"), upsert("S", conversation("C")), { kind: "message", message: message(5) });
    expect(state.dialogs).toEqual({});
    expect(state.conversations.C?.last?.text).toBe("text 5");
  });

  it("end the typing of who wrote them", () => {
    const typing: Notice = { kind: "chat_state", conversationId: "C", dialogId: "C", originatorId: "cons-1", role: "CONSUMER", state: "COMPOSING", audience: "ALL" };
    const state = apply(withLog(), typing);
    expect(state.typing.C?.until).toBeGreaterThan(NOW);
    expect(apply(state, { kind: "message", message: message(1) }).typing).toEqual({});
    expect(apply(state, { ...typing, state: "PAUSE" }).typing).toEqual({});
    expect(apply(state, { ...typing, originatorId: "12.78", state: "PAUSE" }).typing).toEqual(state.typing);
  });
});

describe("resuming", () => {
  it("asks every loaded dialog from its last known number on, and the answer heals it", () => {
    let state = inbox.applyHistory(withMine(), "A", "A", [0, 1, 2].map((n) => message(n, { conversationId: "A", dialogId: "A" })));
    state = inbox.applyHistory(state, "B", "B", [message(0, { conversationId: "B", dialogId: "B" })]);
    expect(inbox.resumePoints(inbox.disconnected(state)).map((p) => [p.dialogId, p.from])).toEqual([["A", 2], ["B", 0]]);
    const healed = inbox.applyHistory(state, "A", "A", [2, 3, 4].map((n) => message(n, { conversationId: "A", dialogId: "A" })));
    expect(healed.dialogs.A?.messages.map((m) => m.sequence)).toEqual([0, 1, 2, 3, 4]);
  });

  it("forgets subscriptions, offers and typing, and nothing else", () => {
    const state = inbox.disconnected(withMine());
    expect(state.subscriptions).toEqual({});
    expect([...state.lists.mine]).toEqual(["A", "B"]);
  });

  it("equals a fresh read, wherever the line was cut", () => {
    const all = Array.from({ length: 20 }, (_, n) => message(n));
    const fresh = inbox.applyHistory(inbox.emptyInbox, "C", "C", all);
    for (let cut = 1; cut < 20; cut += 1) {
      for (let lost = 0; lost < 20 - cut; lost += 1) {
        let state = inbox.applyHistory(inbox.emptyInbox, "C", "C", all.slice(0, 1));
        state = apply(state, ...all.slice(1, cut).map((m): Notice => ({ kind: "message", message: m })));
        state = inbox.disconnected(state);
        // Some live messages overtake the answer to the query.
        state = apply(state, ...all.slice(cut + lost).map((m): Notice => ({ kind: "message", message: m })));
        const from = inbox.resumePoints(state)[0]?.from ?? 0;
        state = inbox.applyHistory(state, "C", "C", all.slice(from));
        expect(state.dialogs).toEqual(fresh.dialogs);
      }
    }
  });
});

describe("a source", () => {
  const source = (enabled: boolean, state: "ok" | "needs_reauthorisation" = "ok"): Notice => ({ kind: "sources", changes: [{ sourceId: "src_1", enabled, health: { state, message: null, since: null } }] });
  const composer = (state: inbox.InboxState) => [state.conversations.A?.composer.enabled, state.conversations.A?.composer.code];
  it("that is switched off or broken closes the composers of its conversations, and opens them again", () => {
    const start = withMine();
    const off = apply(start, source(false));
    expect(composer(off)).toEqual([false, "source_off"]);
    const broken = apply(off, source(true, "needs_reauthorisation"));
    expect(composer(broken)).toEqual([false, "source_broken"]);
    expect(composer(apply(broken, source(true)))).toEqual([true, null]);
    expect(apply(start, source(true))).toBe(start);
  });
  it("opens none that is closed for another reason", () => {
    const out = apply(withMine(), { kind: "conversations", subscriptionId: "s", changes: [{ type: "UPSERT", result: conversation("A", { updatedAt: 9, consumer: { id: "cons-1", name: null, address: "+1", optedOut: true }, composer: { enabled: false, reason: "x", code: "opted_out", windowClosesAt: null, templates: false } }) }] });
    expect(composer(apply(out, source(true)))).toEqual([false, "opted_out"]);
    expect(composer(apply(out, source(false), source(true)))).toEqual([false, "opted_out"]);
  });
});

describe("offers", () => {
  const rings = (subscriptionId: string, type: "UPSERT" | "DELETE", ...list: ReturnType<typeof ring>[]): Notice => ({
    kind: "rings",
    subscriptionId,
    changes: [{ type, conversationId: "C", rings: list }],
  });
  const open = () => apply(inbox.subscribed(inbox.emptyInbox, "R", "rings"), rings("R", "UPSERT", ring("r1")));
  it("appear once and go when they are answered, expire or are withdrawn", () => {
    const state = open();
    expect(Object.keys(state.rings)).toEqual(["r1"]);
    expect(inbox.applyNotice(state, rings("R", "UPSERT", ring("r1")), NOW).effects.rang).toEqual([]);
    for (const s of ["ACCEPTED", "REJECTED", "EXPIRED", "CANCELLED"] as const) {
      expect(apply(state, rings("R", "UPSERT", ring("r1", { state: s }))).rings).toEqual({});
    }
    expect(apply(state, rings("R", "DELETE")).rings).toEqual({});
  });
  it("are replaced by the snapshot", () => {
    const state = inbox.subscribed(open(), "R2", "rings");
    expect(apply(state, { kind: "rings", subscriptionId: "R2", changes: [] }).rings).toEqual({});
  });
});

describe("the agent's state", () => {
  it("tells the snapshot apart from later changes", () => {
    const state = inbox.subscribed(inbox.emptyInbox, "A", "agent_state");
    const notice: Notice = { kind: "agent_state", subscriptionId: "A", userId: "12.77", availability: "OFFLINE" };
    const first = inbox.applyNotice(state, notice, NOW);
    expect(first.effects.stateSnapshot).toBe("OFFLINE");
    expect(inbox.applyNotice(first.state, notice, NOW).effects.stateSnapshot).toBeNull();
  });
});

describe("memory", () => {
  it("is bounded, and keeps what is open", () => {
    let state = inbox.emptyInbox;
    for (let i = 0; i < inbox.MAX_LOGS + 20; i += 1) state = inbox.applyHistory(state, `c${i}`, `c${i}`, [message(0, { dialogId: `c${i}` })]);
    const pruned = inbox.prune(state, new Set(["c0"]));
    expect(Object.keys(pruned.dialogs)).toHaveLength(inbox.MAX_LOGS);
    expect(pruned.dialogs.c0).toBeDefined();
  });
});
