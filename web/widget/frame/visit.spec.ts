import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Browser, FakeServer } from "./testing";
import { NoIdentity } from "./wire/identity";

let server: FakeServer;
let browser: Browser;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  browser = new Browser(server);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets everything happen that is under way, and so much time pass. */
const pass = (ms = 600) => vi.advanceTimersByTimeAsync(ms);

const shownTexts = (visit: ReturnType<Browser["open"]>) => {
  const { known, entries, shown } = visit.snapshot;
  const dialogs = shown.flatMap((id) => known.conversations[id]?.dialogs ?? []);
  const said = dialogs.flatMap((dialog) => known.logs[dialog.id]?.messages ?? []);
  return [...said.map((message) => (message.content.type === "text" ? message.content.text : message.content.type)), ...entries.map((entry) => entry.text)];
};

describe("a visit", () => {
  it("opens a conversation with the first message, and shows each message once", async () => {
    const visit = browser.open();
    await pass();
    expect(visit.snapshot.connection).toBe("live");
    expect(server.conversations).toHaveLength(0);
    visit.say("Hello");
    visit.say("Are you there?");
    await pass();
    expect(server.conversations).toHaveLength(1);
    expect(server.texts()).toEqual(["Hello", "Are you there?"]);
    server.agentSays("Yes");
    await pass();
    expect(shownTexts(visit)).toEqual(["Hello", "Are you there?", "Yes"]);
    expect(visit.snapshot.entries).toEqual([]);
    expect(browser.storage.length).toBe(0);
  });

  it("comes back to the open conversation after a reload", async () => {
    const first = browser.open();
    await pass();
    first.say("Hello");
    await pass();
    browser.close(first);
    server.agentSays("Welcome back");
    const second = browser.open();
    await pass();
    expect(shownTexts(second)).toEqual(["Hello", "Welcome back"]);
    second.say("Thanks");
    await pass();
    expect(server.conversations).toHaveLength(1);
    expect(server.texts()).toEqual(["Hello", "Welcome back", "Thanks"]);
  });

  for (const type of ["InitConnection", "cqm.SubscribeExConversations", "ms.SubscribeMessagingEvents", "cm.ConsumerRequestConversation", "ms.PublishEvent"]) {
    for (const when of ["before", "after"] as const) {
      it(`loses and doubles nothing when the line is cut ${when} ${type}`, async () => {
        server.cut = { type, when };
        const visit = browser.open();
        await pass();
        visit.say("one");
        visit.say("two");
        await pass(20_000);
        visit.say("three");
        await pass(20_000);
        expect(server.cut).toBeNull();
        expect(server.conversations).toHaveLength(1);
        expect(server.texts()).toEqual(["one", "two", "three"]);
        expect(shownTexts(visit)).toEqual(["one", "two", "three"]);
      });

      it(`loses and doubles nothing when the page goes away ${when} ${type}`, async () => {
        const first = browser.open();
        await pass();
        server.cut = { type, when };
        server.away = false;
        first.say("one");
        first.say("two");
        // The page goes in the same moment as the line.
        await vi.advanceTimersByTimeAsync(0);
        browser.close(first);
        const second = browser.open();
        await pass(20_000);
        second.say("three");
        await pass(20_000);
        expect(server.texts()).toEqual(["one", "two", "three"]);
        expect(shownTexts(second)).toEqual(["one", "two", "three"]);
        expect(browser.storage.getItem("antiphon.widget.12.shop.queue.anonymous.id2")).toBeNull();
      });
    }
  }

  it("keeps what is written offline, through a reload, and sends it in order when the network is back", async () => {
    const first = browser.open();
    await pass();
    first.say("one");
    await pass();
    browser.online = false;
    server.away = true;
    server.drop();
    await pass();
    expect(first.snapshot.connection).toBe("offline");
    first.say("two");
    first.say("three");
    expect(first.snapshot.entries.map((entry) => [entry.text, entry.state])).toEqual([["two", "waiting"], ["three", "waiting"]]);
    browser.close(first);
    const second = browser.open();
    await pass(60_000);
    expect(server.texts()).toEqual(["one"]);
    server.away = false;
    browser.online = true;
    second.connectNow();
    await pass();
    expect(server.texts()).toEqual(["one", "two", "three"]);
    expect(shownTexts(second)).toEqual(["one", "two", "three"]);
  });

  it("reads what it missed, from where it was", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.agentSays("two");
    await pass();
    server.drop();
    server.agentSays("three");
    await pass(20_000);
    expect(shownTexts(visit)).toEqual(["one", "two", "three"]);
    const asked = server.requests.filter((one) => one.type === "ms.SubscribeMessagingEvents").map((one) => one.body.fromSeq);
    expect(asked[0]).toBe(0);
    expect(Number(asked.at(-1))).toBeGreaterThan(1);
  });

  it("waits longer after each failure, and not at all when told that the network is back", async () => {
    server.away = true;
    const visit = browser.open();
    const tries: number[] = [];
    const open = vi.spyOn(server, "open");
    for (let second = 0; second < 40; second += 1) {
      await pass(1_000);
      tries.push(open.mock.calls.length);
    }
    expect(tries[9]).toBeLessThan(6);
    server.away = false;
    visit.connectNow();
    await pass();
    expect(visit.snapshot.connection).toBe("live");
  });

  it("gets a new token when the server takes the old one no more", async () => {
    let tokens = 0;
    browser.identity = () => {
      tokens += 1;
      return Promise.resolve({ token: "anna", consumer: "anna", endsAt: null, identified: false });
    };
    const visit = browser.open();
    await pass();
    server.drop(1006);
    await pass(5_000);
    expect(tokens).toBe(1);
    server.drop(4401);
    await pass(5_000);
    expect(tokens).toBe(2);
    expect(visit.snapshot.connection).toBe("live");
  });

  it("says when it is refused, and comes in when the page identifies its visitor", async () => {
    const refused = vi.fn();
    browser.anonymous = () => Promise.reject(new NoIdentity("refused", "not here"));
    const visit = browser.open({}, { refused });
    await pass();
    expect(visit.snapshot.problem).toEqual({ why: "refused", message: "not here" });
    expect(refused).toHaveBeenCalledWith("refused", "not here");
    visit.become(true);
    await pass();
    expect([visit.snapshot.connection, visit.snapshot.problem]).toEqual(["live", null]);
  });

  it("asks nobody anonymous in where only identified visitors may write", async () => {
    const anonymous = vi.spyOn(browser, "anonymous");
    const visit = browser.open({ signInRequired: true });
    await pass();
    expect(visit.snapshot.problem?.why).toBe("sign-in");
    expect(anonymous).not.toHaveBeenCalled();
  });

  it("shows nothing of the visitor before, nor sends what they wrote in another's name", async () => {
    const visit = browser.open();
    await pass();
    visit.say("of Anna");
    await pass();
    server.away = true;
    server.drop();
    visit.say("still of Anna");
    await pass();
    browser.identity = () => Promise.resolve({ token: "berta", consumer: "berta", endsAt: null, identified: true });
    server.away = false;
    visit.become(true);
    await pass();
    expect(shownTexts(visit)).toEqual([]);
    visit.say("of Berta");
    await pass();
    expect(server.conversations.map((one) => [one.consumer, server.texts(one.dialogs[0])])).toEqual([["anna", ["of Anna"]], ["berta", ["of Berta"]]]);
    browser.identity = () => Promise.resolve({ token: "anna", consumer: "anna", endsAt: null, identified: false });
    visit.become(false);
    await pass();
    expect(server.texts(server.conversations[0]?.dialogs[0])).toEqual(["of Anna", "still of Anna"]);
  });

  it("opens the next conversation when the old one closed in the meantime", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    // The visitor writes before the word of the end is here.
    const changed = vi.spyOn(server, "changed").mockImplementation(() => undefined);
    server.close();
    changed.mockRestore();
    visit.say("two");
    await pass();
    expect(server.conversations.map((one) => server.texts(one.dialogs[0]))).toEqual([["one"], ["two"]]);
    expect(shownTexts(visit)).toEqual(["one", "two"]);
  });

  it("writes into the conversation that another tab has opened", async () => {
    const first = browser.open();
    const second = browser.open();
    await pass();
    first.say("from the first");
    second.say("from the second");
    await pass(5_000);
    expect(server.conversations).toHaveLength(1);
    expect(server.texts().sort()).toEqual(["from the first", "from the second"]);
    expect(shownTexts(first).sort()).toEqual(shownTexts(second).sort());
  });

  it("sends what a closed tab left behind, and leaves alone what a living one holds", async () => {
    const first = browser.open();
    await pass();
    first.say("hello");
    await pass();
    server.away = true;
    server.drop();
    first.say("left behind");
    await pass();
    server.away = false;
    const second = browser.open();
    await pass(100);
    expect(server.texts()).toEqual(["hello"]);
    expect(shownTexts(second)).toEqual(["hello", "left behind"]);
    browser.close(first);
    browser.close(second);
    browser.open();
    await pass();
    expect(server.texts()).toEqual(["hello", "left behind"]);
  });

  it("keeps what the server refuses, says why, and tries again when told to", async () => {
    const visit = browser.open();
    await pass();
    server.refuse = { type: "ms.PublishEvent", code: 400, body: "too long" };
    visit.say("one");
    visit.say("two");
    await pass();
    expect(server.texts()).toEqual(["two"]);
    expect(visit.snapshot.entries.map((entry) => [entry.text, entry.state, entry.reason])).toEqual([["one", "failed", "too long"]]);
    visit.again(visit.snapshot.entries[0]?.id ?? "");
    await pass();
    expect(server.texts()).toEqual(["two", "one"]);
    server.refuse = { type: "ms.PublishEvent", code: 400, body: "no" };
    visit.say("three");
    await pass();
    visit.discard(visit.snapshot.entries[0]?.id ?? "");
    expect([visit.snapshot.entries.length, browser.storage.length]).toEqual([0, 0]);
  });

  it("waits and tries again by itself when the server is only busy", async () => {
    const visit = browser.open();
    await pass();
    server.refuse = { type: "ms.PublishEvent", code: 503, body: "later" };
    visit.say("one");
    await pass(200);
    expect(visit.snapshot.entries[0]?.state).toBe("waiting");
    await pass(2_000);
    expect(server.texts()).toEqual(["one"]);
  });
});

describe("receipts", () => {
  it("say that a message arrived, and later that it was seen", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.agentSays("two");
    await pass();
    expect([server.receipts("ACCEPT"), server.receipts("READ"), visit.snapshot.unread]).toEqual([[1], [], 1]);
    visit.saw(server.conversation.id, [1]);
    await pass();
    expect([server.receipts("ACCEPT"), server.receipts("READ"), visit.snapshot.unread]).toEqual([[1], [1], 0]);
    // A new page does not say it again.
    browser.close(visit);
    const again = browser.open();
    await pass();
    expect([server.receipts("ACCEPT"), server.receipts("READ"), again.snapshot.unread]).toEqual([[1], [1], 0]);
  });

  it("are given after a cut, and for a conversation that is over only by heart", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.away = true;
    server.drop();
    server.agentSays("two");
    server.away = false;
    await pass(20_000);
    expect(server.receipts("ACCEPT")).toHaveLength(1);
    expect(visit.snapshot.unread).toBe(1);
    server.agentSays("bye");
    server.close();
    await pass();
    browser.close(visit);
    const second = browser.open();
    await pass();
    visit.saw(server.conversation.id, [1]);
    browser.close(second);
    const third = browser.open();
    await pass();
    expect(third.snapshot.unread).toBe(1);
    third.saw(server.conversation.id, third.snapshot.known.logs[server.conversation.id]?.messages.map((one) => one.sequence) ?? []);
    browser.close(third);
    const fourth = browser.open();
    await pass();
    expect(fourth.snapshot.unread).toBe(0);
  });

  it("of agents climb and never fall", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.agentReads([0]);
    await pass();
    expect(visit.snapshot.known.logs[server.conversation.id]?.theirs[0]).toBe("READ");
  });
});

describe("typing", () => {
  it("is told while it goes on, and its end", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    visit.typed("a");
    visit.typed("ab");
    await pass(1_000);
    expect(server.typing).toEqual(["COMPOSING"]);
    await pass(5_000);
    expect(server.typing).toEqual(["COMPOSING", "PAUSE"]);
    visit.typed("abc");
    visit.typed("");
    await pass();
    expect(server.typing).toEqual(["COMPOSING", "PAUSE", "COMPOSING", "PAUSE"]);
  });

  it("of an agent is shown until they write, stop, or fall silent", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    const { id } = server.conversation;
    const types = () => id in visit.snapshot.known.typing;
    server.agentTypes("COMPOSING");
    await pass(100);
    expect(types()).toBe(true);
    server.agentSays("two");
    await pass(100);
    expect(types()).toBe(false);
    server.agentTypes("COMPOSING");
    await pass(100);
    server.agentTypes("PAUSE");
    await pass(100);
    expect(types()).toBe(false);
    server.agentTypes("COMPOSING");
    await pass(20_000);
    expect(types()).toBe(false);
  });
});

describe("answers, files and attributes", () => {
  it("tells of a tap before its text, both with what stands behind the button", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.agentSays("Which?");
    await pass();
    const metadata = [{ type: "ExternalId", id: "y1" }];
    visit.answer({ dialog: server.conversation.id, sequence: 1 }, metadata, "yes please");
    await pass();
    const events = server.conversation.dialogs[0]?.events ?? [];
    const mine = events.filter((one) => one.by === "anna" && ["ACTION", undefined].includes(one.event.status as string) && one.sequence > 1);
    expect(mine.map((one) => [one.event.status ?? one.event.message, one.metadata[0]])).toEqual([["ACTION", metadata[0]], ["yes please", metadata[0]]]);
    expect(visit.snapshot.known.logs[server.conversation.id]?.acted.has(1)).toBe(true);
    visit.answer({ dialog: server.conversation.id, sequence: 1 }, metadata, null);
    await pass();
    expect(server.texts()).toEqual(["one", "Which?", "yes please"]);
    expect(visit.snapshot.entries).toEqual([]);
  });

  it("does not tell of a tap twice after a cut", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.agentSays("Which?");
    await pass();
    server.cut = { type: "ms.PublishEvent", when: "after" };
    visit.answer({ dialog: server.conversation.id, sequence: 1 }, [], "yes");
    await pass(20_000);
    const actions = (server.conversation.dialogs[0]?.events ?? []).filter((one) => one.event.status === "ACTION");
    expect([actions.length, server.texts()]).toEqual([1, ["one", "Which?", "yes"]]);
  });

  it("answers a survey in its own dialog, and then writes into a new conversation", async () => {
    const visit = browser.open();
    await pass();
    visit.say("one");
    await pass();
    server.close(true);
    await pass();
    server.agentSays("How was it?");
    await pass();
    expect(visit.current()?.kind).toBe("POST_SURVEY");
    visit.answer({ dialog: visit.current()?.id ?? "", sequence: 0 }, [], "5");
    await pass();
    expect(server.texts(server.conversation.dialogs[1])).toEqual(["How was it?", "5"]);
    await visit.end();
    (server.conversation.dialogs[1] as { open: boolean }).open = false;
    server.changed(server.conversation);
    await pass();
    visit.say("more");
    await pass();
    expect(server.conversations).toHaveLength(2);
    expect(visit.snapshot.shown).toHaveLength(2);
  });

  it("uploads a file once, and sends it after a reload too", async () => {
    const visit = browser.open();
    await pass();
    await visit.sendFile(new File(["abc"], "a.png", { type: "image/png" }), "PNG", null, "look");
    await pass();
    expect(server.texts()).toEqual(["file"]);
    const message = server.conversation.dialogs[0]?.events[0]?.event.message as Record<string, unknown>;
    expect(message).toMatchObject({ caption: "look", fileType: "PNG", name: "a.png" });
    expect(String(message.relativePath)).toMatch(/^\/v1\/files\/\d+\.PNG$/);
    server.cut = { type: "ms.PublishEvent", when: "before" };
    server.away = false;
    await visit.sendFile(new File(["abcd"], "b.png", { type: "image/png" }), "PNG", null, "");
    await vi.advanceTimersByTimeAsync(0);
    browser.close(visit);
    browser.open();
    await pass(20_000);
    expect(server.texts()).toEqual(["file", "file"]);
    expect(browser.uploads.map((one) => one.size)).toEqual([3, 4]);
  });

  it("tells attributes with the first message and when they change, never for somebody who only looks", async () => {
    const visit = browser.open({ attributes: [{ type: "cart", total: 1 }] });
    await pass();
    visit.setAttributes([{ type: "cart", total: 2 }]);
    await pass();
    expect(server.profiles).toEqual([]);
    visit.say("one");
    await pass();
    expect(server.profiles).toEqual([{ authenticatedData: { lp_sdes: [{ type: "cart", total: 2 }] } }]);
    visit.setAttributes([{ type: "cart", total: 3 }]);
    visit.setAttributes([{ type: "cart", total: 4 }]);
    await pass();
    expect(server.profiles).toHaveLength(2);
    expect(server.profiles[1]).toEqual({ authenticatedData: { lp_sdes: [{ type: "cart", total: 4 }] } });
  });

  it("brings earlier conversations when asked", async () => {
    const visit = browser.open();
    await pass();
    visit.say("old");
    await pass();
    server.close();
    await pass();
    browser.close(visit);
    const second = browser.open();
    await pass();
    second.say("new");
    await pass();
    browser.close(second);
    const third = browser.open();
    await pass();
    expect([shownTexts(third), third.snapshot.hasEarlier]).toEqual([["new"], true]);
    await third.showEarlier();
    await pass();
    expect([shownTexts(third), third.snapshot.hasEarlier, third.snapshot.unread]).toEqual([["old", "new"], false, 0]);
  });
});
