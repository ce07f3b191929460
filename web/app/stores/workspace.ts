/**
 * The living workspace: the inbox, what waits to be sent, and the state of the connection, kept up to
 * date over one agent socket.
 *
 * It joins the pure functions of `inbox.ts`, `dialogLog.ts` and `outbox.ts` to the socket and the admin
 * API. After a cut it subscribes again, takes the snapshots, asks every loaded dialog for what it
 * missed, and only then calls itself live and sends what waited. It draws nothing.
 */
import type { Api } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import { SocketError, type AgentSocket, type SocketEvents } from "@/api/socket";
import type { Availability, Delivery } from "@/api/types";
import {
  readEvent,
  readListedMessage,
  readMessage,
  type Audience,
  type Conversation,
  type DialogMessage,
  type Notice,
} from "@/api/wire";
import { unreadSequences } from "./dialogLog";
import * as inbox from "./inbox";
import type { Effects, InboxState, ListName } from "./inbox";
import { isMe, type Me } from "./identity";
import * as outbox from "./outbox";
import type { PendingFile, PendingMessage } from "./outbox";
import { conversationOfSummary } from "./summary";

export type ConnectionState = "connecting" | "live" | "catching_up" | "offline";

export interface Snapshot {
  readonly inbox: InboxState;
  readonly pending: readonly PendingMessage[];
  readonly connection: ConnectionState;
  /** When the next attempt begins, while offline. */
  readonly retryAt: number | null;
  /** Dialogs whose first page is on the way, and those whose load failed (with the reason). */
  readonly loading: ReadonlySet<string>;
  readonly loadErrors: Readonly<Record<string, string>>;
}

export interface WorkspaceWorld {
  me: Me;
  api: Pick<Api, "messages" | "conversation" | "deliveries" | "retryDelivery">;
  makeSocket(events: SocketEvents): AgentSocket;
  storage: ReturnType<typeof outbox.outboxStorage>;
  now(): number;
  newId(): string;
  later(run: () => void, ms: number): void;
  /** What the agent last chose, shared by all tabs. */
  desiredState: { get(): Availability | null; set(value: Availability): void };
  /** Asks whether the session still stands; answers false only when the server says so. Who asked tells the user. */
  sessionExists(): Promise<boolean>;
  /** Refused commands that nobody waits for. */
  onProblem(message: string): void;
}

/** Messages in a page of a transcript. */
export const PAGE = 100;
/** How long a message may stay behind its conversation's change before it is asked for. */
const BEHIND_MS = 1_200;
const RETRY_SEND_MS = 4_000;
const COMPOSING_EVERY_MS = 4_000;
const MAX_READ_SEQUENCES = 500;

const EXTENSIONS = ["deliveries", "sources", "files", "consumers"];

export class Workspace {
  private snapshot: Snapshot;
  private readonly listeners = new Set<() => void>();
  private readonly socket: AgentSocket;
  private readonly world: WorkspaceWorld;
  /** Counts connections: what an older one started must not touch a newer one. */
  private epoch = 0;
  private everLive = false;
  private wantAll = false;
  private allSubscribed = false;
  private snapshotWaiters: (() => void)[] = [];
  private readonly querying = new Set<string>();
  private readonly readUpTo = new Map<string, number>();
  private readonly composingSince = new Map<string, number>();
  private current: string | null = null;
  private readonly effectListeners = new Set<(effects: Effects, notice: Notice) => void>();

  constructor(world: WorkspaceWorld) {
    this.world = world;
    this.snapshot = {
      inbox: inbox.emptyInbox,
      pending: outbox.interrupted(world.storage.load(world.now())),
      connection: "connecting",
      retryAt: null,
      loading: new Set(),
      loadErrors: {},
    };
    this.socket = world.makeSocket({
      onOpen: () => void this.opened(),
      onClose: (info) => this.closed(info),
      onNotice: (notice) => this.notice(notice),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  /** For sounds, notifications and the caches of other screens. */
  readonly listen = (listener: (effects: Effects, notice: Notice) => void): (() => void) => {
    this.effectListeners.add(listener);
    return () => this.effectListeners.delete(listener);
  };
  readonly getSnapshot = (): Snapshot => this.snapshot;
  /** The server's clock. */
  readonly serverNow = (): number => this.world.now() + this.socket.clockOffset;

  start(): void {
    this.socket.start();
  }
  stop(): void {
    this.epoch += 1;
    this.socket.stop();
    this.set({ connection: "offline", retryAt: null, inbox: inbox.disconnected(this.snapshot.inbox) });
    this.setPending(outbox.interrupted(this.snapshot.pending));
  }
  reconnect(): void {
    this.socket.retryNow();
  }
  /** The network went away under us: do not wait for the next ping to find out. */
  networkLost(): void {
    this.socket.breakLine();
  }

  private set(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.listeners) listener();
  }

  private setInbox(next: InboxState): void {
    if (next !== this.snapshot.inbox) this.set({ inbox: next });
  }

  private setPending(next: readonly PendingMessage[]): void {
    const before = this.snapshot.pending;
    if (next === before) return;
    const kept = new Set(next.map((p) => p.clientId));
    for (const p of before) if (!kept.has(p.clientId)) this.world.storage.remove(p.clientId);
    for (const p of next) if (!before.includes(p)) this.world.storage.save(p);
    this.set({ pending: next });
  }

  // ------------------------------------------------------------------ the line

  private async opened(): Promise<void> {
    const epoch = ++this.epoch;
    this.allSubscribed = false;
    this.set({ connection: this.everLive ? "catching_up" : "connecting", retryAt: null });
    const { accountId, oldId } = this.world.me;
    try {
      // A server without the extensions answers with an error, which is no reason not to work.
      const extensions = this.socket.request("antiphon.Subscribe", { topics: EXTENSIONS }).catch((e: SocketError) => {
        if (e.unanswered) throw e;
      });
      const lists = [
        this.subscribeTo(".ams.aam.SubscribeExConversations", { convState: ["OPEN"], agentIds: [oldId] }, "mine"),
        this.subscribeTo(".ams.routing.SubscribeRoutingTasks", { channelType: "MESSAGING", agentId: oldId, brandId: accountId }, "rings"),
        this.subscribeTo(".ams.routing.SubscribeAgentsState", { brandId: accountId, agentId: oldId }, "agent_state"),
        ...(this.wantAll ? [this.subscribeAll()] : []),
      ];
      await Promise.all([extensions, ...lists]);
      await this.snapshotOf("mine");
      await Promise.all(inbox.resumePoints(this.snapshot.inbox).map((p) => this.fetchNewer(p.conversationId, p.dialogId, p.from)));
      await this.refreshDeliveries();
    } catch (e) {
      if (epoch !== this.epoch) return;
      if (e instanceof SocketError && !e.unanswered) this.world.onProblem(e.message);
      this.socket.breakLine();
      return;
    }
    if (epoch !== this.epoch) return;
    this.everLive = true;
    this.set({ connection: "live" });
    this.flush();
    if (this.current) void this.openConversation(this.current);
  }

  private closed(info: { code: number; neverOpened: boolean; retryInMs: number }): void {
    this.epoch += 1;
    this.snapshotWaiters = [];
    this.querying.clear();
    this.composingSince.clear();
    this.set({
      connection: "offline",
      retryAt: this.world.now() + info.retryInMs,
      inbox: inbox.disconnected(this.snapshot.inbox),
    });
    this.setPending(outbox.interrupted(this.snapshot.pending));
    // A refused upgrade shows in a browser only as a line that never opened: ask why.
    if (info.neverOpened || info.code === 4401 || info.code === 1008) {
      void this.world.sessionExists().then((exists) => {
        if (!exists) {
          this.socket.stop();
          this.set({ retryAt: null });
        }
      });
    }
  }

  private subscribeTo(type: string, body: unknown, list: ListName | "rings" | "agent_state"): Promise<unknown> {
    return this.socket.request(type, body, undefined, (answer) => {
      const id = (answer as { subscriptionId?: unknown } | null)?.subscriptionId;
      if (typeof id === "string") this.setInbox(inbox.subscribed(this.snapshot.inbox, id, list));
    });
  }

  private subscribeAll(): Promise<unknown> {
    this.allSubscribed = true;
    return this.subscribeTo(".ams.aam.SubscribeExConversations", { convState: ["OPEN"] }, "all");
  }

  /** From now on all open conversations of the account are kept up to date. Needs the privilege. */
  watchAll(): void {
    this.wantAll = true;
    if (this.allSubscribed || !this.socket.isOpen) return;
    this.subscribeAll().catch((e: SocketError) => {
      this.allSubscribed = false;
      if (!e.unanswered) this.world.onProblem(e.message);
    });
  }

  private async snapshotOf(list: ListName): Promise<void> {
    const epoch = this.epoch;
    const arrived = () => Object.values(this.snapshot.inbox.subscriptions).some((s) => s.list === list && !s.fresh);
    while (!arrived() && epoch === this.epoch) {
      await new Promise<void>((resolve) => this.snapshotWaiters.push(resolve));
    }
  }

  private notice(notice: Notice): void {
    // Chat states come back to who published them, in every tab: nobody needs to be told that they are typing.
    if (notice.kind === "chat_state" && isMe(this.world.me, notice.originatorId)) return;
    const { state, effects } = inbox.applyNotice(this.snapshot.inbox, notice, this.world.now());
    this.setInbox(state);
    if (notice.kind === "message") this.setPending(outbox.settle(this.snapshot.pending, [notice.message]));
    for (const gap of effects.gaps) void this.fetchNewer(gap.conversationId, gap.dialogId, gap.from).catch(() => undefined);
    for (const b of effects.behind) this.world.later(() => this.catchUp(b.conversationId, b.dialogId), BEHIND_MS);
    if (effects.stateSnapshot !== null) this.restoreState(effects.stateSnapshot);
    else if (notice.kind === "agent_state" && isMe(this.world.me, notice.userId)) this.world.desiredState.set(notice.availability);
    const waiters = this.snapshotWaiters;
    this.snapshotWaiters = [];
    waiters.forEach((w) => w());
    for (const listener of this.effectListeners) listener(effects, notice);
  }

  private catchUp(conversationId: string, dialogId: string): void {
    const log = this.snapshot.inbox.dialogs[dialogId];
    const last = this.snapshot.inbox.conversations[conversationId]?.last;
    if (log && last && last.sequence > log.upTo && !this.snapshot.loading.has(dialogId)) {
      void this.fetchNewer(conversationId, dialogId, Math.max(log.upTo, 0)).catch(() => undefined);
    }
  }

  /** Everything of a dialog from a sequence on: over the socket where I take part, else by the admin API. */
  private async fetchNewer(conversationId: string, dialogId: string, from: number): Promise<void> {
    if (this.querying.has(dialogId)) return;
    this.querying.add(dialogId);
    try {
      const inMine = this.snapshot.inbox.lists.mine.has(conversationId);
      let messages: DialogMessage[];
      if (inMine && this.socket.isOpen) {
        const body = await this.socket.request(".ams.ms.QueryMessages", { dialogId, newerThanSequence: from });
        messages = (Array.isArray(body) ? body : []).flatMap((r) => readMessage({ dialogId, conversationId, ...(r as object) }) ?? []);
      } else {
        messages = await this.pages(conversationId, dialogId, from - 1);
      }
      this.addHistory(conversationId, dialogId, messages);
    } finally {
      this.querying.delete(dialogId);
    }
  }

  private async pages(conversationId: string, dialogId: string, after: number, atMost = Infinity): Promise<DialogMessage[]> {
    const messages: DialogMessage[] = [];
    let cursor: string | number | null = after >= 0 ? after : null;
    do {
      const limit = Math.min(200, atMost - messages.length);
      const page: { items: unknown[]; next: string | null } = await this.world.api.messages(conversationId, {
        dialog: dialogId,
        after_sequence: cursor,
        limit,
      });
      for (const item of page.items) {
        const message = readListedMessage(conversationId, item);
        if (message) messages.push(message);
      }
      cursor = page.items.length > 0 ? page.next : null;
    } while (cursor !== null && messages.length < atMost);
    return messages;
  }

  private addHistory(conversationId: string, dialogId: string, messages: readonly DialogMessage[]): void {
    const state = inbox.applyHistory(this.snapshot.inbox, conversationId, dialogId, messages);
    this.setInbox(state);
    this.setPending(outbox.settle(this.snapshot.pending, messages));
  }

  /** Deliveries that were still under way when the line broke: their outcome may have been told meanwhile. */
  private async refreshDeliveries(): Promise<void> {
    const open = Object.values(this.snapshot.inbox.dialogs).filter((log) =>
      log.messages.some((m) => m.delivery && ["queued", "sent", "unknown"].includes(m.delivery.status)),
    );
    await Promise.all(
      open.slice(0, 10).map(async (log) => {
        const page = await this.world.api.deliveries({ conversation: log.conversationId, limit: 200 }).catch(() => null);
        if (page) this.applyDeliveries(page.items);
      }),
    );
  }

  private applyDeliveries(items: readonly Delivery[]): void {
    // Several parts of one message: the worst one is what the agent must see.
    const order = ["failed", "unknown", "cancelled", "queued", "sent", "delivered", "read"];
    const worst = new Map<string, Delivery>();
    for (const d of items) {
      const key = `${d.dialog_id} ${d.sequence}`;
      const known = worst.get(key);
      if (!known || order.indexOf(d.status) < order.indexOf(known.status)) worst.set(key, d);
    }
    const changes = [...worst.values()].map((d) => ({
      conversationId: d.conversation_id,
      dialogId: d.dialog_id,
      sequence: d.sequence,
      delivery: d,
    }));
    this.setInbox(inbox.applyNotice(this.snapshot.inbox, { kind: "deliveries", changes }, this.world.now()).state);
  }

  /** After a longer cut the server has set the agent offline: what the agent chose is restored. */
  private restoreState(told: Availability): void {
    const wanted = this.world.desiredState.get();
    if (told === "OFFLINE" && wanted !== null && wanted !== "OFFLINE") {
      void this.setAvailability(wanted).catch(() => undefined);
    } else {
      this.world.desiredState.set(told);
    }
  }

  // ------------------------------------------------------------------ transcripts

  /** Loads the newest page of a conversation and keeps it up to date from then on. */
  async openConversation(id: string): Promise<void> {
    this.current = id;
    await this.readBeside(id);
  }

  /** Loads a conversation without being in it: it is read beside another. */
  async readBeside(id: string): Promise<void> {
    const known = this.snapshot.inbox.conversations[id];
    const dialogId = known?.mainDialogId ?? id;
    const log = this.snapshot.inbox.dialogs[dialogId];
    if (this.snapshot.loading.has(dialogId) || (log && log.upTo >= 0 && known)) return;
    this.set({ loading: new Set([...this.snapshot.loading, dialogId]), loadErrors: { ...this.snapshot.loadErrors, [dialogId]: "" } });
    this.setInbox(inbox.openLog(this.snapshot.inbox, id, dialogId));
    try {
      let conversation: Conversation | undefined = this.snapshot.inbox.conversations[id];
      if (!conversation) {
        conversation = conversationOfSummary(await this.world.api.conversation(id), this.world.me.accountId);
        this.setInbox(inbox.adoptConversation(this.snapshot.inbox, conversation));
      }
      const last = conversation.last?.sequence ?? -1;
      const messages = await this.pages(id, dialogId, last - PAGE);
      this.addHistory(id, dialogId, messages);
      this.setInbox(inbox.prune(this.snapshot.inbox, new Set([dialogId])));
    } catch (e) {
      const reason = e instanceof ApiError && e.status !== 0 ? e.message : "unreachable";
      this.set({ loadErrors: { ...this.snapshot.loadErrors, [dialogId]: reason } });
    } finally {
      const loading = new Set(this.snapshot.loading);
      loading.delete(dialogId);
      this.set({ loading });
    }
  }

  leaveConversation(id: string): void {
    if (this.current === id) this.current = null;
  }

  /** The page before the first loaded message. */
  async loadOlder(conversationId: string, dialogId: string): Promise<void> {
    const first = this.snapshot.inbox.dialogs[dialogId]?.messages[0]?.sequence ?? 0;
    if (first === 0 || this.snapshot.loading.has(dialogId)) return;
    this.set({ loading: new Set([...this.snapshot.loading, dialogId]) });
    try {
      const after = Math.max(-1, first - 1 - PAGE);
      this.addHistory(conversationId, dialogId, await this.pages(conversationId, dialogId, after, first - 1 - after));
    } finally {
      const loading = new Set(this.snapshot.loading);
      loading.delete(dialogId);
      this.set({ loading });
    }
  }

  /** The agent has the conversation before its eyes: what is unread gets a READ receipt, once. */
  markRead(conversationId: string): void {
    const { inbox: state, connection } = this.snapshot;
    const c = state.conversations[conversationId];
    if (!c?.open || connection !== "live" || !state.lists.mine.has(conversationId)) return;
    const log = state.dialogs[c.mainDialogId];
    if (!log || log.upTo < 0) return;
    const role = c.participants.find((p) => isMe(this.world.me, p.id))?.role;
    if (!role || role === "READER") return;
    const already = this.readUpTo.get(c.mainDialogId) ?? -1;
    const sequences = unreadSequences(log.messages, (id) => isMe(this.world.me, id)).filter((s) => s > already);
    this.setInbox(inbox.markedRead(state, conversationId, this.world.me.oldId));
    const last = sequences.at(-1);
    if (last === undefined) return;
    this.readUpTo.set(c.mainDialogId, last);
    this.publish(c.mainDialogId, c.id, "ALL", {
      type: "AcceptStatusEvent",
      status: "READ",
      sequenceList: sequences.slice(-MAX_READ_SEQUENCES),
    }).catch(() => this.readUpTo.set(c.mainDialogId, already));
  }

  // ------------------------------------------------------------------ writing

  sendText(c: Conversation, text: string, audience: Audience): void {
    this.enqueue(c, audience, { type: "text", text });
  }

  /** Sends what the vendor approved beforehand; `text` is what it says. */
  sendTemplate(c: Conversation, text: string, template: outbox.FilledTemplate): void {
    this.enqueue(c, "ALL", { type: "text", text, template });
  }

  sendFile(c: Conversation, file: PendingFile, audience: Audience): void {
    this.enqueue(c, audience, { type: "file", file });
  }

  private enqueue(c: Conversation, audience: Audience, content: PendingMessage["content"]): void {
    const message: PendingMessage = {
      clientId: this.world.newId(),
      conversationId: c.id,
      dialogId: c.mainDialogId,
      audience,
      content,
      createdAt: this.world.now(),
      state: "waiting",
      sequence: null,
      reason: null,
    };
    this.composingSince.delete(c.mainDialogId);
    this.setPending([...this.snapshot.pending, message]);
    this.flush();
  }

  /** Sends a refused message again, as a new one would be. */
  retryPending(clientId: string): void {
    this.setPending(outbox.update(this.snapshot.pending, clientId, { state: "waiting", reason: null }));
    this.flush();
  }

  discardPending(clientId: string): void {
    this.setPending(this.snapshot.pending.filter((p) => p.clientId !== clientId));
  }

  private publish(dialogId: string, conversationId: string, audience: Audience, event: unknown, clientId?: string, more: Record<string, unknown>[] = []): Promise<unknown> {
    const body = { dialogId, conversationId, messageAudience: audience, event };
    return this.socket.request(".ams.ms.PublishEvent", body, clientId ? [{ type: "ClientMessageId", id: clientId }, ...more] : undefined);
  }

  private flush(): void {
    if (this.snapshot.connection !== "live") return;
    for (const p of outbox.nextToSend(this.snapshot.pending)) {
      this.setPending(outbox.update(this.snapshot.pending, p.clientId, { state: "sending" }));
      this.publish(p.dialogId, p.conversationId, p.audience, outbox.eventOf(p), p.clientId, outbox.metadataOf(p)).then(
        (body) => this.published(p, body),
        (e: SocketError) => this.refused(p, e),
      );
    }
  }

  private published(p: PendingMessage, body: unknown): void {
    const sequence = (body as { sequence?: unknown } | null)?.sequence;
    const log = this.snapshot.inbox.dialogs[p.dialogId];
    if (typeof sequence === "number" && log) {
      // The answer already says all there is to know: the echo will find it here.
      const c = this.snapshot.inbox.conversations[p.conversationId];
      const message: DialogMessage = {
        conversationId: p.conversationId,
        dialogId: p.dialogId,
        sequence,
        originatorId: this.world.me.oldId,
        role: c?.participants.find((x) => isMe(this.world.me, x.id))?.role ?? "ASSIGNED_AGENT",
        at: this.serverNow(),
        vendorAt: null,
        audience: p.audience,
        event: readEvent(outbox.eventOf(p)),
        clientMessageId: p.clientId,
        notes: [],
        delivery: null,
      };
      this.notice({ kind: "message", message });
    }
    this.setPending(this.snapshot.pending.filter((x) => x.clientId !== p.clientId));
    this.flush();
  }

  private refused(p: PendingMessage, e: SocketError): void {
    if (e.unanswered) {
      this.setPending(outbox.interrupted(this.snapshot.pending));
    } else if (e.code >= 500 || e.code === 429) {
      this.setPending(outbox.update(this.snapshot.pending, p.clientId, { state: "waiting" }));
      this.world.later(() => this.flush(), RETRY_SEND_MS);
      return;
    } else {
      this.setPending(outbox.update(this.snapshot.pending, p.clientId, { state: "refused", reason: e.message }));
    }
    this.flush();
  }

  /** Tells the consumer's channel that the agent types, at most every few seconds, or that it stopped. */
  composing(c: Conversation, active: boolean): void {
    if (this.snapshot.connection !== "live") return;
    const since = this.composingSince.get(c.mainDialogId);
    const now = this.world.now();
    if (active ? since !== undefined && now - since < COMPOSING_EVERY_MS : since === undefined) return;
    if (active) this.composingSince.set(c.mainDialogId, now);
    else this.composingSince.delete(c.mainDialogId);
    const event = { type: "ChatStateEvent", chatState: active ? "COMPOSING" : "PAUSE" };
    void this.publish(c.mainDialogId, c.id, "ALL", event).catch(() => undefined);
  }

  async retryDelivery(id: string): Promise<void> {
    this.applyDeliveries([await this.world.api.retryDelivery(id)]);
  }

  // ------------------------------------------------------------------ commands

  private update(conversationId: string, fields: unknown[]): Promise<unknown> {
    return this.socket.request(".ams.cm.UpdateConversationField", { conversationId, conversationField: fields });
  }

  answerRing(ringId: string, accept: boolean): Promise<unknown> {
    return this.socket.request(".ams.routing.UpdateRingState", { ringId, ringState: accept ? "ACCEPTED" : "REJECTED" }).then((done) => {
      const { [ringId]: _answered, ...rings } = this.snapshot.inbox.rings;
      this.setInbox({ ...this.snapshot.inbox, rings });
      return done;
    });
  }

  async setAvailability(availability: Availability): Promise<void> {
    const { oldId } = this.world.me;
    this.world.desiredState.set(availability);
    await this.socket.request(".ams.routing.SetAgentState", { availability, channels: ["MESSAGING"], agentUserId: oldId });
  }

  private removeAssigned(c: Conversation): unknown[] {
    const assigned = c.participants.find((p) => p.role === "ASSIGNED_AGENT" && p.state !== "SUGGESTED");
    return assigned ? [{ field: "ParticipantsChange", type: "REMOVE", role: "ASSIGNED_AGENT", userId: assigned.id }] : [];
  }

  transfer(c: Conversation, skillId: string): Promise<unknown> {
    return this.update(c.id, [...this.removeAssigned(c), { field: "Skill", type: "UPDATE", skill: skillId }]);
  }

  returnToQueue(c: Conversation): Promise<unknown> {
    return this.update(c.id, this.removeAssigned(c));
  }

  /** Ends the talk; the server asks the consumer afterwards where a survey is set. */
  close(c: Conversation): Promise<unknown> {
    return this.update(c.id, [{ field: "DialogChange", type: "UPDATE", dialog: { dialogId: c.id, state: "CLOSE" } }]);
  }

  join(c: Conversation): Promise<unknown> {
    return this.update(c.id, [{ field: "ParticipantsChange", type: "ADD", role: "MANAGER", userId: this.world.me.oldId }]);
  }

  leave(c: Conversation, role: string): Promise<unknown> {
    return this.update(c.id, [{ field: "ParticipantsChange", type: "REMOVE", role, userId: this.world.me.oldId }]);
  }

  // ------------------------------------------------------------------ files

  async uploadLink(fileSize: number, fileType: string): Promise<{ relativePath: string; url: string }> {
    return linkOf(await this.socket.request(".ams.ms.GenerateURLForUploadFile", { fileSize, fileType }));
  }

  async downloadLink(relativePath: string): Promise<string> {
    return linkOf(await this.socket.request(".ams.ms.GenerateURLForDownloadFile", { relativePath })).url;
  }
}

function linkOf(body: unknown): { relativePath: string; url: string } {
  const { relativePath, queryParams } = (body ?? {}) as { relativePath?: unknown; queryParams?: Record<string, unknown> };
  // Only a path on this very server is acceptable: a link is never followed elsewhere.
  if (typeof relativePath !== "string" || !/^\/(?!\/)/.test(relativePath)) throw new SocketError(500, "bad file link");
  const params = new URLSearchParams(Object.entries(queryParams ?? {}).map(([k, v]) => [k, String(v)]));
  return { relativePath, url: `${relativePath}?${params.toString()}` };
}
