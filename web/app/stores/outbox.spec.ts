import { describe, expect, it } from "vitest";
import * as outbox from "./outbox";
import { mine } from "./testing";

const pending = (clientId: string, more: Partial<outbox.PendingMessage> = {}): outbox.PendingMessage => ({
  clientId,
  conversationId: "C",
  dialogId: "C",
  audience: "ALL",
  content: { type: "text", text: clientId },
  createdAt: Number(clientId.slice(1)),
  state: "waiting",
  sequence: null,
  reason: null,
  ...more,
});

describe("the outbox", () => {
  it("sends one at a time in each dialog, oldest first", () => {
    const all = [pending("m2"), pending("m1"), pending("m3", { dialogId: "D" })];
    expect(outbox.nextToSend(all).map((p) => p.clientId)).toEqual(["m1", "m3"]);
    expect(outbox.nextToSend(outbox.update(all, "m1", { state: "sending" })).map((p) => p.clientId)).toEqual(["m3"]);
  });
  it("does not hold up what stands behind a refused one", () => {
    expect(outbox.nextToSend([pending("m1", { state: "refused" }), pending("m2")]).map((p) => p.clientId)).toEqual(["m2"]);
  });
  it("lets go of what the log shows, by the id it was sent with", () => {
    const all = [pending("m1"), pending("m2")];
    expect(outbox.settle(all, [mine(4, { clientMessageId: "m1" })]).map((p) => p.clientId)).toEqual(["m2"]);
    expect(outbox.settle(all, [mine(4)])).toBe(all);
    expect(outbox.settle([pending("m1", { sequence: 4 })], [mine(4)])).toEqual([]);
  });
  it("after a cut keeps the id of what was on its way", () => {
    const [again] = outbox.interrupted([pending("m1", { state: "sending" })]);
    expect(again).toMatchObject({ clientId: "m1", state: "waiting" });
  });
  it("survives a reload, and is not sent by itself after a day", () => {
    localStorage.clear();
    const store = outbox.outboxStorage(localStorage, "12.77");
    store.save(pending("m1"));
    store.save(pending("m2"));
    localStorage.setItem(`${store.prefix}broken`, "{");
    expect(store.load(10).map((p) => p.clientId)).toEqual(["m1", "m2"]);
    expect(store.load(outbox.MEMORY_MS + 10).every((p) => p.state === "refused")).toBe(true);
    store.remove("m1");
    expect(store.load(10).map((p) => p.clientId)).toEqual(["m2"]);
    expect(outbox.outboxStorage(localStorage, "12.78").load(10)).toEqual([]);
  });
});
