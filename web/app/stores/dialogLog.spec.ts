import { describe, expect, it } from "vitest";
import type { MessageDelivery } from "@/api/types";
import { addHistory, addLive, applyDelivery, applyFile, emptyLog, laterDelivery, receiptsOf, unreadSequences, type DialogLog } from "./dialogLog";
import { message, mine } from "./testing";

const sequences = (log: DialogLog) => log.messages.map((m) => m.sequence);
const delivery = (status: MessageDelivery["status"]): MessageDelivery => ({ id: "dlv_1", status, parts: 1, code: null, vendor_code: null, message: null, remedy: null });
const loaded = (...s: number[]) => addHistory(emptyLog("C", "C"), s.map((n) => message(n)));

describe("a dialog's log", () => {
  it("keeps live messages in order and once", () => {
    let log = loaded(0, 1);
    for (const s of [2, 2, 1, 3]) log = addLive(log, message(s)).log;
    expect(sequences(log)).toEqual([0, 1, 2, 3]);
    expect(log.upTo).toBe(3);
  });

  it("tells from where to ask when messages were missed, and closes the hole with the answer", () => {
    const { log, missingFrom } = addLive(loaded(0, 1), message(5));
    expect(missingFrom).toBe(1);
    expect(log.upTo).toBe(1);
    const whole = addHistory(log, [1, 2, 3, 4].map((n) => message(n)));
    expect(sequences(whole)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(whole.upTo).toBe(5);
  });

  it("accepts that the server leaves numbers out", () => {
    const log = addHistory(loaded(0, 1), [message(1), message(4)]);
    expect(log.upTo).toBe(4);
    expect(addLive(log, message(5)).missingFrom).toBeNull();
  });

  it("does not call it a gap while the first page is on the way", () => {
    const first = addLive(emptyLog("C", "C"), message(40));
    expect(first.missingFrom).toBeNull();
    const log = addHistory(first.log, [38, 39, 40].map((n) => message(n)));
    expect(sequences(log)).toEqual([38, 39, 40]);
    expect(log.upTo).toBe(40);
  });

  it("puts an older page in front without moving the end", () => {
    const log = addHistory(loaded(10, 11), [8, 9].map((n) => message(n)));
    expect(sequences(log)).toEqual([8, 9, 10, 11]);
    expect(log.upTo).toBe(11);
  });

  it("is the same value when nothing is new", () => {
    const log = loaded(0, 1);
    expect(addHistory(log, [message(0), message(1)])).toBe(log);
    expect(addLive(log, message(1)).log).toBe(log);
  });

  it("gives the same log in any order and however often things arrive", () => {
    const all = Array.from({ length: 12 }, (_, n) => message(n));
    const whole = addHistory(emptyLog("C", "C"), all);
    let seed = 7;
    const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    for (let round = 0; round < 200; round += 1) {
      let log = addHistory(emptyLog("C", "C"), all.slice(0, 2));
      const arriving = [...all, ...all].sort(() => random() - 0.5);
      for (const m of arriving) {
        const added = addLive(log, m);
        log = added.log;
        // The server is asked, and answers at some time.
        if (added.missingFrom !== null && random() < 0.5) log = addHistory(log, all.slice(added.missingFrom));
      }
      log = addHistory(log, all);
      expect(log).toEqual(whole);
    }
  });
});

describe("deliveries", () => {
  it("only climb", () => {
    expect(laterDelivery(delivery("delivered"), delivery("sent"), true).status).toBe("delivered");
    expect(laterDelivery(delivery("sent"), delivery("read"), false).status).toBe("read");
    expect(laterDelivery(delivery("failed"), delivery("delivered"), false).status).toBe("delivered");
  });
  it("start again live after a failure, but not by an older page", () => {
    expect(laterDelivery(delivery("failed"), delivery("queued"), true).status).toBe("queued");
    expect(laterDelivery(delivery("failed"), delivery("queued"), false).status).toBe("failed");
  });
  it("wait for the message they belong to", () => {
    const log = applyDelivery(loaded(0), 1, delivery("sent"));
    expect(addLive(log, mine(1)).log.messages[1]?.delivery?.status).toBe("sent");
    expect(addLive(log, mine(1)).log.early).toEqual({});
  });
  it("change the message in place", () => {
    const log = applyDelivery(addLive(loaded(0), mine(1, { delivery: delivery("queued") })).log, 1, delivery("failed"));
    expect(log.messages[1]?.delivery?.status).toBe("failed");
  });
});

describe("files", () => {
  const file = { caption: "", relativePath: "/v1/a", fileType: "JPEG", state: "pending" as const, name: null, size: null, reason: null, picture: null };
  const change = { conversationId: "C", dialogId: "C", sequence: 0, relativePath: "/v1/a", state: "ready" as const, fileType: "PNG", reason: null, size: 9, picture: { width: 4, height: 3, preview: null, thumbnail: null } };
  it("become ready and stay so", () => {
    let log = addHistory(emptyLog("C", "C"), [message(0, { event: { type: "file", file } })]);
    log = applyFile(log, change);
    expect(log.messages[0]?.event).toMatchObject({ file: { state: "ready", size: 9, fileType: "PNG", picture: { width: 4 } } });
    expect(applyFile(log, { ...change, state: "failed" })).toBe(log);
  });
});

describe("receipts", () => {
  const read = (sequence: number, list: number[], by: "CONSUMER" | "ASSIGNED_AGENT", status: "READ" | "ACCEPT" = "READ") =>
    message(sequence, { role: by, originatorId: by === "CONSUMER" ? "cons-1" : "12.77", event: { type: "accept", status, sequences: list } });
  it("keep the highest", () => {
    const log = addHistory(emptyLog("C", "C"), [mine(0), read(1, [0], "CONSUMER", "ACCEPT"), read(2, [0], "CONSUMER"), read(3, [0], "CONSUMER", "ACCEPT")]);
    expect(receiptsOf(log.messages).get(0)).toBe("READ");
  });
  it("of mine say what is still unread", () => {
    const messages = [message(0), message(1), read(2, [0], "ASSIGNED_AGENT"), message(3), mine(4)];
    expect(unreadSequences(messages, (id) => id === "12.77")).toEqual([1, 3]);
  });
});
