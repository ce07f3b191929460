import { beforeEach, describe, expect, it } from "vitest";
import { AgentSocket, type SocketLike, type SocketWorld } from "@/api/socket";
import { outboxStorage } from "./outbox";
import { ME, conversation } from "./testing";
import { Workspace } from "./workspace";

/** A server in a few lines: one dialog, idempotent by ClientMessageId, and a line that can be cut at any point. */
class FakeServer {
  log: { text: string; clientId: string | null; by: string }[] = [];
  now = 1_000;
  socket: (SocketLike & { closed: boolean }) | null = null;
  timers: { at: number; run: () => void; id: number }[] = [];
  nextTimer = 1;
  seen: string[] = [];
  refuse: { code: number; reason: string } | null = null;
  /** Takes the message and dies before it answers. */
  dieOnPublish = false;
  door = true;

  readonly world: SocketWorld = {
    connect: () => {
      const socket = {
        closed: false,
        onopen: null as (() => void) | null,
        onmessage: null as ((e: { data: unknown }) => void) | null,
        onclose: null as ((e: { code: number }) => void) | null,
        onerror: null,
        send: (data: string) => this.receive(socket, data),
        close: () => {
          socket.closed = true;
        },
      };
      this.socket = socket;
      queueMicrotask(() => (this.door ? socket.onopen?.() : socket.onclose?.({ code: 1006 })));
      return socket;
    },
    setTimer: (run, ms) => {
      const id = this.nextTimer++;
      this.timers.push({ at: this.now + ms, run, id });
      return id;
    },
    clearTimer: (id) => {
      this.timers = this.timers.filter((t) => t.id !== id);
    },
    random: () => 0.5,
    now: () => this.now,
  };

  record(sequence: number) {
    const e = this.log[sequence];
    return {
      sequence,
      originatorId: e?.by,
      originatorMetadata: { role: e?.by === "cons-1" ? "CONSUMER" : "ASSIGNED_AGENT" },
      serverTimestamp: 1_000 + sequence,
      conversationId: "C",
      dialogId: "C",
      messageAudience: "ALL",
      event: { type: "ContentEvent", contentType: "text/plain", message: e?.text },
      ...(e?.clientId ? { metadata: [{ type: "ClientMessageId", id: e.clientId }] } : {}),
    };
  }

  say(text: string, by = "cons-1", clientId: string | null = null): number {
    this.log.push({ text, by, clientId });
    this.note(".ams.ms.OnlineEventDistribution", this.record(this.log.length - 1));
    return this.log.length - 1;
  }

  note(type: string, body: unknown) {
    const { socket } = this;
    if (socket && !socket.closed) queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ kind: "notification", type, body }) }));
  }

  cut() {
    const { socket } = this;
    this.socket = null;
    if (socket) {
      socket.closed = true;
      socket.onclose?.({ code: 1006 });
    }
  }

  receive(socket: SocketLike, data: string) {
    const frame = JSON.parse(data) as { id: string; type: string; body: Record<string, unknown>; metadata?: { id: string }[] };
    const name = frame.type.split(".").at(-1) ?? "";
    this.seen.push(name);
    const reply = (body: unknown, code = 200) => queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ kind: "resp", reqId: frame.id, code, body }) }));
    switch (name) {
      case "SubscribeExConversations":
        reply({ subscriptionId: "S" });
        return this.note(".ams.aam.ExConversationChangeNotification", {
          subscriptionId: "S",
          changes: [
            {
              type: "UPSERT",
              result: {
                convId: "C",
                lastUpdateTime: 5,
                conversationDetails: { convId: "C", stage: "OPEN", dialogs: [{ dialogId: "C", dialogType: "MAIN", participantsDetails: [{ id: "cons-1", role: "CONSUMER" }, { id: "12.77", role: "ASSIGNED_AGENT" }] }] },
              },
            },
          ],
        });
      case "SubscribeRoutingTasks":
      case "SubscribeAgentsState":
        return reply({ subscriptionId: name });
      case "QueryMessages":
        return reply(this.log.map((_, i) => this.record(i)).filter((r) => r.sequence >= Number(frame.body.newerThanSequence)));
      case "PublishEvent": {
        if (this.refuse) return reply(this.refuse.reason, this.refuse.code);
        const { event } = frame.body as { event: { type: string; message?: string } };
        if (event.type !== "ContentEvent") return reply({ sequence: 0 });
        const clientId = frame.metadata?.[0]?.id ?? null;
        const known = this.log.findIndex((e) => clientId !== null && e.clientId === clientId);
        const sequence = known >= 0 ? known : this.say(event.message ?? "", ME.oldId, clientId);
        if (this.dieOnPublish) {
          this.dieOnPublish = false;
          return this.cut();
        }
        return reply({ sequence });
      }
      default:
        return reply(name === "GetClock" ? { currentTime: this.now } : "OK");
    }
  }

  async settle() {
    for (let i = 0; i < 40; i += 1) await Promise.resolve();
  }

  async pass(ms: number) {
    this.now += ms;
    for (const due of this.timers.filter((t) => t.at <= this.now)) {
      this.timers = this.timers.filter((t) => t !== due);
      due.run();
    }
    await this.settle();
  }
}

function start(server: FakeServer, ids = ["m1", "m2", "m3", "m4"]) {
  let gone = 0;
  let state: string | null = "ONLINE";
  const workspace = new Workspace({
    me: ME,
    api: {
      messages: (_c: string, q: Record<string, unknown>) =>
        Promise.resolve({
          items: server.log
            .map((e, i) => ({ dialog_id: "C", sequence: i, originator_id: e.by, originator_role: e.by === "cons-1" ? "CONSUMER" : "ASSIGNED_AGENT", at: 1_000 + i, event: server.record(i).event, metadata: server.record(i).metadata }))
            .filter((m) => m.sequence > Number(q.after_sequence ?? -1)),
          next: null,
        }) as never,
      conversation: () => Promise.reject(new Error("not asked for")),
      deliveries: () => Promise.resolve({ items: [], next: null }),
      retryDelivery: () => Promise.reject(new Error("not asked for")),
    },
    makeSocket: (events) => new AgentSocket(server.world, events),
    storage: outboxStorage(localStorage, "12.77"),
    now: () => server.now,
    newId: () => ids.shift() ?? "more",
    later: (run, ms) => void server.world.setTimer(run, ms),
    desiredState: { get: () => state as never, set: (v) => (state = v) },
    sessionExists: () => {
      gone += 1;
      return Promise.resolve(false);
    },
    onProblem: () => undefined,
  });
  workspace.start();
  return { workspace, gone: () => gone };
}

const texts = (w: Workspace) => w.getSnapshot().inbox.dialogs.C?.messages.map((m) => (m.event.type === "text" ? m.event.text : m.event.type));
const C = conversation("C");

describe("the workspace", () => {
  beforeEach(() => localStorage.clear());

  it("goes live after its snapshots, and loads a conversation once", async () => {
    const server = new FakeServer();
    server.log.push({ text: "hello", by: "cons-1", clientId: null });
    const { workspace } = start(server);
    await server.settle();
    expect(workspace.getSnapshot().connection).toBe("live");
    await workspace.openConversation("C");
    await workspace.openConversation("C");
    expect(texts(workspace)).toEqual(["hello"]);
  });

  it("shows what was said during a cut, once and in order", async () => {
    const server = new FakeServer();
    server.log.push({ text: "one", by: "cons-1", clientId: null });
    const { workspace } = start(server);
    await server.settle();
    await workspace.openConversation("C");
    server.cut();
    expect(workspace.getSnapshot().connection).toBe("offline");
    server.say("two");
    server.say("three");
    await server.pass(60_000);
    server.say("four");
    await server.settle();
    expect(workspace.getSnapshot().connection).toBe("live");
    expect(texts(workspace)).toEqual(["one", "two", "three", "four"]);
  });

  it("sends what was written offline, in order, when the line is back", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    await workspace.openConversation("C");
    server.door = false;
    server.cut();
    workspace.sendText(C, "first", "ALL");
    workspace.sendText(C, "second", "ALL");
    expect(workspace.getSnapshot().pending.map((p) => p.state)).toEqual(["waiting", "waiting"]);
    server.door = true;
    await server.pass(60_000);
    await server.settle();
    expect(server.log.map((e) => e.text)).toEqual(["first", "second"]);
    expect(workspace.getSnapshot().pending).toEqual([]);
    expect(texts(workspace)).toEqual(["first", "second"]);
    expect(localStorage.length).toBe(0);
  });

  it("does not double a message whose answer was lost", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    await workspace.openConversation("C");
    server.dieOnPublish = true;
    workspace.sendText(C, "only once", "ALL");
    await server.settle();
    expect(workspace.getSnapshot().pending).toHaveLength(1);
    await server.pass(60_000);
    await server.settle();
    expect(server.log.map((e) => e.text)).toEqual(["only once"]);
    expect(texts(workspace)).toEqual(["only once"]);
    expect(workspace.getSnapshot().pending).toEqual([]);
  });

  it("keeps a refused message with its reason until the agent decides", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    await workspace.openConversation("C");
    server.refuse = { code: 400, reason: "Bad Request, Conversation is close" };
    workspace.sendText(C, "too late", "ALL");
    await server.settle();
    expect(workspace.getSnapshot().pending[0]).toMatchObject({ state: "refused", reason: "Bad Request, Conversation is close" });
    server.refuse = null;
    workspace.retryPending("m1");
    await server.settle();
    expect(texts(workspace)).toEqual(["too late"]);
  });

  it("tells who types, but never me of myself", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    const composing = async (originatorId: string, role: string) => {
      server.note(".ams.ms.OnlineEventDistribution", { originatorId, originatorMetadata: { role }, conversationId: "C", dialogId: "C", event: { type: "ChatStateEvent", chatState: "COMPOSING" } });
      await server.settle();
      return workspace.getSnapshot().inbox.typing.C?.originatorId;
    };
    expect(await composing("12.77", "ASSIGNED_AGENT")).toBeUndefined();
    expect(await composing("12.78", "MANAGER")).toBe("12.78");
    expect(await composing("12.77", "ASSIGNED_AGENT")).toBe("12.78");
  });

  it("tries again by itself when the server is only busy", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    server.refuse = { code: 503, reason: "busy" };
    workspace.sendText(C, "patient", "ALL");
    await server.settle();
    expect(workspace.getSnapshot().pending[0]?.state).toBe("waiting");
    server.refuse = null;
    await server.pass(5_000);
    expect(server.log.map((e) => e.text)).toEqual(["patient"]);
  });

  it("asks for what a gap shows to be missing", async () => {
    const server = new FakeServer();
    server.log.push({ text: "0", by: "cons-1", clientId: null });
    const { workspace } = start(server);
    await server.settle();
    await workspace.openConversation("C");
    server.log.push({ text: "1", by: "cons-1", clientId: null }, { text: "2", by: "cons-1", clientId: null });
    server.say("3");
    await server.settle();
    expect(texts(workspace)).toEqual(["0", "1", "2", "3"]);
  });

  it("says that the session is gone instead of knocking for ever", async () => {
    const server = new FakeServer();
    server.door = false;
    const { gone } = start(server);
    await server.settle();
    expect(gone()).toBe(1);
    const attempts = server.timers.length;
    await server.pass(120_000);
    expect(attempts).toBe(0);
  });

  it("breaks a silent line and comes back", async () => {
    const server = new FakeServer();
    const { workspace } = start(server);
    await server.settle();
    const dead = server.socket;
    if (dead) dead.send = () => undefined;
    await server.pass(25_000);
    await server.pass(10_000);
    expect(workspace.getSnapshot().connection).toBe("offline");
    await server.pass(30_000);
    expect(workspace.getSnapshot().connection).toBe("live");
  });
});
