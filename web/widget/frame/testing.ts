/** For specs: a server in a few lines, whose line can be cut at any point, and a browser around the visit. */
import type { FileStore } from "./state/files";
import { Visit, type Happenings, type World } from "./visit";
import { isObject, type Socket } from "./wire/line";
import type { Identity } from "./wire/identity";

interface Stored {
  sequence: number;
  by: string;
  role: string;
  event: Record<string, unknown>;
  metadata: unknown[];
}

interface FakeDialog {
  id: string;
  kind: string;
  open: boolean;
  events: Stored[];
}

interface FakeConversation {
  id: string;
  consumer: string;
  startedAt: number;
  version: number;
  dialogs: FakeDialog[];
}

export const AGENT = "agent-pid";
const MAIN = 0;

/** Idempotent by ClientMessageId, one open conversation for each consumer, sequences from 0 in each dialog. */
export class FakeServer {
  conversations: FakeConversation[] = [];
  profiles: unknown[] = [];
  /** By user id. */
  nicknames: Record<string, string> = {};
  requests: { type: string; body: Record<string, unknown> }[] = [];
  typing: string[] = [];
  connections = new Set<FakeConnection>();
  /** Refuses connections. */
  away = false;
  /** Cuts the line at the next request of this type: before it is worked on, or before it is answered. */
  cut: { type: string; when: "before" | "after" } | null = null;
  /** Answers the next request of this type with a refusal; that somebody types is nothing to refuse. */
  refuse: { type: string; code: number; body: string } | null = null;
  private answered = new Map<string, number>();

  open(): Socket {
    const connection = new FakeConnection(this);
    if (this.away) queueMicrotask(() => connection.drop(1006));
    else {
      this.connections.add(connection);
      queueMicrotask(() => connection.onopen?.());
    }
    return connection;
  }

  get conversation(): FakeConversation {
    const last = this.conversations.at(-1);
    if (!last) throw new Error("no conversation");
    return last;
  }

  texts(dialog = this.conversation.dialogs[MAIN]): string[] {
    return (dialog?.events ?? []).filter((one) => one.event.type === "ContentEvent").map((one) => (typeof one.event.message === "string" ? one.event.message : "file"));
  }

  receipts(status: string): number[] {
    return (this.conversation.dialogs[MAIN]?.events ?? []).filter((one) => one.by !== AGENT && one.event.status === status).flatMap((one) => one.event.sequenceList as number[]);
  }

  agentSays(message: string, more: Record<string, unknown> = {}): void {
    this.append(this.conversation, this.conversation.dialogs.at(-1) as FakeDialog, AGENT, "ASSIGNED_AGENT", { type: "ContentEvent", contentType: "text/plain", message, ...more }, []);
  }

  agentReads(sequenceList: number[]): void {
    this.append(this.conversation, this.conversation.dialogs[MAIN] as FakeDialog, AGENT, "ASSIGNED_AGENT", { type: "AcceptStatusEvent", status: "READ", sequenceList }, []);
  }

  agentTypes(chatState: string): void {
    const record = { originatorId: AGENT, originatorMetadata: { id: AGENT, role: "ASSIGNED_AGENT" }, event: { type: "ChatStateEvent", chatState }, conversationId: this.conversation.id, dialogId: this.conversation.dialogs[MAIN]?.id };
    for (const connection of this.connections) connection.notify("ms.MessagingEventNotification", { changes: [record] });
  }

  close(survey = false): void {
    const main = this.conversation.dialogs[MAIN] as FakeDialog;
    main.open = false;
    if (survey) this.conversation.dialogs.push({ id: `${this.conversation.id}-survey`, kind: "POST_SURVEY", open: true, events: [] });
    this.changed(this.conversation);
  }

  /** All lines go; the visitor's programs notice at once. */
  drop(code = 1006): void {
    for (const connection of [...this.connections]) connection.drop(code);
  }

  append(conversation: FakeConversation, dialog: FakeDialog, by: string, role: string, event: Record<string, unknown>, metadata: unknown[]): number {
    const sequence = dialog.events.length;
    const stored = { sequence, by, role, event, metadata };
    dialog.events.push(stored);
    for (const connection of this.connections) if (connection.dialogs.has(dialog.id)) connection.notify("ms.MessagingEventNotification", { changes: [this.record(conversation, dialog, stored)] });
    return sequence;
  }

  record(conversation: FakeConversation, dialog: FakeDialog, stored: Stored): Record<string, unknown> {
    return {
      sequence: stored.sequence,
      originatorId: stored.by,
      originatorMetadata: { id: stored.by, role: stored.role },
      serverTimestamp: conversation.startedAt + stored.sequence,
      event: stored.event,
      conversationId: conversation.id,
      dialogId: dialog.id,
      messageAudience: "ALL",
      metadata: stored.metadata,
    };
  }

  changed(conversation: FakeConversation): void {
    conversation.version += 1;
    for (const connection of this.connections) {
      for (const subscriptionId of connection.subscriptions) connection.notify("cqm.ExConversationChangeNotification", { subscriptionId, changes: [this.described(conversation)] });
    }
  }

  described(conversation: FakeConversation): Record<string, unknown> {
    const stage = conversation.dialogs.some((dialog) => dialog.open) ? "OPEN" : "CLOSE";
    const details = {
      convId: conversation.id,
      state: conversation.dialogs[MAIN]?.open ? "OPEN" : "CLOSE",
      stage,
      startTs: conversation.startedAt,
      metaDataLastUpdateTs: conversation.startedAt + conversation.version,
      participants: [{ id: conversation.consumer, role: "CONSUMER" }],
      dialogs: conversation.dialogs.map((dialog) => ({ dialogId: dialog.id, dialogType: dialog.kind, channelType: "MESSAGING", state: dialog.open ? "OPEN" : "CLOSE", creationTs: conversation.startedAt, participantsDetails: [{ id: AGENT, role: "ASSIGNED_AGENT", state: "ACTIVE" }] })),
    };
    return { type: "UPSERT", result: { convId: conversation.id, conversationDetails: details } };
  }

  once(key: string, consumer: string, act: () => number): number {
    const known = this.answered.get(consumer + key);
    if (known !== undefined) return known;
    const sequence = act();
    this.answered.set(consumer + key, sequence);
    return sequence;
  }
}

class FakeConnection implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly subscriptions = new Set<string>();
  readonly dialogs = new Set<string>();
  private consumer = "";

  constructor(private readonly server: FakeServer) {}

  drop(code: number): void {
    this.server.connections.delete(this);
    this.onclose?.({ code });
  }

  close(): void {
    this.server.connections.delete(this);
  }

  notify(type: string, body: object): void {
    queueMicrotask(() => {
      if (this.server.connections.has(this)) this.onmessage?.({ data: JSON.stringify({ kind: "notification", type, body }) });
    });
  }

  send(text: string): void {
    const frame = JSON.parse(text) as { id: string; type: string; body: Record<string, unknown>; metadata?: Record<string, unknown>[]; headers?: Record<string, unknown>[] };
    queueMicrotask(() => {
      const { server } = this;
      if (!server.connections.has(this)) return;
      server.requests.push({ type: frame.type, body: frame.body });
      const cut = server.cut?.type === frame.type ? server.cut.when : null;
      if (cut) server.cut = null;
      if (cut === "before") return this.drop(1006);
      const answer = (code: number, body: unknown) => {
        if (cut === "after") this.drop(1006);
        else this.onmessage?.({ data: JSON.stringify({ kind: "resp", reqId: frame.id, code, type: "Response", body }) });
      };
      const typing = isObject(frame.body.event) && frame.body.event.type === "ChatStateEvent";
      if (server.refuse?.type === frame.type && !typing) {
        const { code, body } = server.refuse;
        server.refuse = null;
        return answer(code, body);
      }
      this.answer(frame.type, frame.body, frame.metadata ?? [], frame.headers ?? [], answer);
    });
  }

  private answer(type: string, body: Record<string, unknown>, metadata: Record<string, unknown>[], headers: Record<string, unknown>[], answer: (code: number, body: unknown) => void): void {
    const { server } = this;
    switch (type) {
      case "InitConnection":
        this.consumer = String(headers.find((one) => "jwt" in one)?.jwt);
        return answer(200, {});
      case "cqm.SubscribeExConversations": {
        const subscriptionId = `s${server.requests.length}`;
        this.subscriptions.add(subscriptionId);
        answer(200, { subscriptionId });
        const own = server.conversations.filter((one) => one.consumer === this.consumer);
        return this.notify("cqm.ExConversationChangeNotification", { subscriptionId, changes: own.map((one) => server.described(one)) });
      }
      case "cqm.UnsubscribeExConversations":
        this.subscriptions.delete(String(body.subscriptionId));
        return answer(200, "OK");
      case "ms.SubscribeMessagingEvents": {
        const found = this.find(String(body.dialogId));
        if (!found) return answer(404, "no such dialog");
        this.dialogs.add(found.dialog.id);
        answer(200, {});
        const changes = found.dialog.events.filter((one) => one.sequence >= Number(body.fromSeq)).map((one) => server.record(found.conversation, found.dialog, one));
        return this.notify("ms.MessagingEventNotification", { changes });
      }
      case "cm.ConsumerRequestConversation": {
        const open = server.conversations.find((one) => one.consumer === this.consumer && one.dialogs.some((dialog) => dialog.open));
        const key = String(metadata.find((one) => one.type === "ClientMessageId")?.id);
        let opened = "";
        const at = server.once(key, this.consumer, () => {
          if (open) return -1;
          opened = `c${server.conversations.length + 1}`;
          const startedAt = 1_000_000 * (server.conversations.length + 1);
          server.conversations.push({ id: opened, consumer: this.consumer, startedAt, version: 0, dialogs: [{ id: opened, kind: "MAIN", open: true, events: [] }] });
          return server.conversations.length - 1;
        });
        if (at < 0) return answer(400, `Consumer request conversation failed: User ${this.consumer} already has open conversation. Can't open another one.`);
        answer(200, { conversationId: server.conversations[at]?.id });
        if (opened) server.changed(server.conversation);
        return;
      }
      case "ms.PublishEvent":
        return this.publish(body, metadata, answer);
      case "cm.UpdateConversationField":
        server.close();
        return answer(200, "OK Conversation resolved successfully");
      case "userprofile.GetUserProfile": {
        const name = server.nicknames[String(body.userId)];
        return name === undefined ? answer(404, "nobody has this id") : answer(200, { userId: body.userId, firstName: name });
      }
      case "userprofile.SetUserProfile":
        server.profiles.push(body);
        return answer(200, "OK User Profile set successfully");
      case "ms.GenerateURLForUploadFile":
        return answer(200, { relativePath: `/v1/files/${server.requests.length}.PNG`, queryParams: { temp_url_sig: "ab", temp_url_expires: "9" } });
      default:
        return answer(200, { currentTime: 0 });
    }
  }

  private publish(body: Record<string, unknown>, metadata: Record<string, unknown>[], answer: (code: number, body: unknown) => void): void {
    const found = this.find(String(body.dialogId));
    const event = isObject(body.event) ? body.event : {};
    if (!found) return answer(404, "no such dialog");
    if (!found.dialog.open) return answer(400, "Bad Request, Conversation is close");
    if (event.type === "ChatStateEvent") {
      this.server.typing.push(String(event.chatState));
      return answer(200, { sequence: 0 });
    }
    const append = () => this.server.append(found.conversation, found.dialog, this.consumer, "CONSUMER", event, metadata);
    const key = metadata.find((one) => one.type === "ClientMessageId")?.id;
    answer(200, { sequence: typeof key === "string" ? this.server.once(key, this.consumer, append) : append() });
  }

  private find(dialogId: string) {
    for (const conversation of this.server.conversations) {
      const dialog = conversation.dialogs.find((one) => one.id === dialogId);
      if (dialog && conversation.consumer === this.consumer) return { conversation, dialog };
    }
    return null;
  }
}

/** Storage in memory. */
export class MemoryStorage implements Storage {
  private readonly map = new Map<string, string>();
  [name: string]: unknown;
  get length(): number {
    return this.map.size;
  }
  key(at: number): string | null {
    return [...this.map.keys()][at] ?? null;
  }
  getItem(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.map.set(key, value);
  }
  removeItem(key: string): void {
    this.map.delete(key);
  }
  clear(): void {
    this.map.clear();
  }
}

class MemoryFiles implements FileStore {
  private readonly map = new Map<string, Blob>();
  put(id: string, file: Blob): Promise<void> {
    this.map.set(id, file);
    return Promise.resolve();
  }
  get(id: string): Promise<Blob | null> {
    return Promise.resolve(this.map.get(id) ?? null);
  }
  remove(id: string): Promise<void> {
    this.map.delete(id);
    return Promise.resolve();
  }
}

/** A browser: what outlives a reload, and how its pages are opened. */
export class Browser {
  readonly storage = new MemoryStorage();
  readonly files = new MemoryFiles();
  readonly tabs = new Set<string>();
  readonly uploads: { path: string; size: number }[] = [];
  online = true;
  identity: () => Promise<Identity> = () => Promise.resolve({ token: "anna", consumer: "anna", endsAt: null, identified: false });
  anonymous: () => Promise<Identity> = () => this.identity();
  uploading: () => Promise<void> = () => Promise.resolve();
  private ids = 0;

  constructor(readonly server: FakeServer) {}

  world(): World {
    return {
      name: "12.shop",
      storage: this.storage,
      files: this.files,
      now: () => Date.now(),
      id: () => `id${(this.ids += 1)}`,
      dice: () => 0.5,
      online: () => this.online,
      openSocket: () => this.server.open(),
      anonymous: () => this.anonymous(),
      identified: () => this.identity(),
      upload: async (path, file, progress) => {
        progress(0.5);
        await this.uploading();
        this.uploads.push({ path, size: file.size });
      },
      tabs: () => Promise.resolve(this.tabs),
      context: () => ({ type: "SharkContext", lang: "en" }),
    };
  }

  /** A tab opens. */
  open(options: Partial<Parameters<Visit["start"]>[0]> = {}, happenings: Happenings = {}): Visit {
    const visit = new Visit(this.world(), happenings);
    this.tabs.add(visit.tab);
    visit.start({ identified: false, signInRequired: false, attributes: [], campaign: null, ...options });
    return visit;
  }

  /** A tab closes, in the middle of whatever it does. */
  close(visit: Visit): void {
    this.tabs.delete(visit.tab);
    visit.stop();
  }
}
