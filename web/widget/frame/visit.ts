/**
 * A visitor's visit: who they are, the connection and its return, what is known, and what they do.
 *
 * One object holds it all as a value that is replaced with each change; the screen draws that value and nothing else. A lost
 * connection is resumed where it ended: the conversations are asked for anew, each dialog from its first missing sequence on, and
 * only then is sent what waited.
 */
import type { Attribute, Campaign } from "../shared/bridge";
import { Names } from "./names";
import { Receipts } from "./receipts";
import { Sender } from "./sender";
import type { FileStore } from "./state/files";
import { conversationsOf, currentDialog, latest, NOTHING, type Conversation, type Dialog, type Known } from "./state/model";
import { OutboxStorage, type Entry, type Tap } from "./state/outbox";
import { TYPING, unreadOf, withConversation, withEvent, withoutStaleTyping, withSeen } from "./state/reduce";
import { SeenStorage } from "./state/seen";
import { Cut, Line, Refused, type Notification, type Socket } from "./wire/line";
import { NoIdentity, type Identity } from "./wire/identity";
import { readConversations, readEvents } from "./wire/read";

/** What the visit needs of the browser and the page. */
export interface World {
  /** For keys in the storage: account and source. */
  readonly name: string;
  readonly storage: Storage | null;
  readonly files: FileStore;
  now(): number;
  /** A new id that nobody else has. */
  id(): string;
  /** Between 0 and 1. */
  dice(): number;
  online(): boolean;
  openSocket(): Socket;
  anonymous(): Promise<Identity>;
  /** Asks the page for the brand's token and presents it. */
  identified(): Promise<Identity>;
  upload(path: string, file: Blob, progress: (share: number) => void): Promise<void>;
  /** The ids of the tabs that live; null when nobody can say. */
  tabs(): Promise<ReadonlySet<string> | null>;
  /** Where the visitor comes from, for agents and reports. */
  context(): object;
}

export type Connection = "idle" | "connecting" | "live" | "waiting" | "offline" | "refused";

export interface Snapshot {
  readonly connection: Connection;
  /** Why nobody lets the visitor in, when they are refused. */
  readonly problem: { readonly why: NoIdentity["why"] | "sign-in"; readonly message: string } | null;
  readonly known: Known;
  readonly entries: readonly Entry[];
  /** The conversations in view, oldest first. */
  readonly shown: readonly string[];
  readonly hasEarlier: boolean;
  /** Whether it is known yet what there is. */
  readonly loaded: boolean;
  readonly unread: number;
  /** What those who serve the visitor are called, as far as it is known. */
  readonly names: Readonly<Record<string, string>>;
}

/** What happens outside of the picture. */
export interface Happenings {
  /** Somebody else wrote, while the connection stood. */
  message?: () => void;
  refused?: (why: string, message: string) => void;
}

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
/** How long the first picture of the conversations may take. */
const PICTURE = 5_000;
/** How long before its end a token is replaced. */
const BEFORE_END = 60_000;
/** Changes of attributes that come together are told together. */
const GATHER = 400;

const START: Snapshot = { connection: "idle", problem: null, known: NOTHING, entries: [], shown: [], hasEarlier: false, loaded: false, unread: 0, names: {} };

export class Visit {
  private value: Snapshot = START;
  private readonly listeners = new Set<() => void>();
  private readonly seenBefore: SeenStorage;
  private readonly sender: Sender;
  private readonly receipts: Receipts;
  private readonly agents: Names;
  readonly tab: string;

  private line: Line | null = null;
  private identity: Identity | null = null;
  private wantsIdentified = false;
  private signInRequired = false;
  /** Each attempt to connect has its own; what an older one still does counts no more. */
  private attempt = 0;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private subscribed = new Set<string>();
  private pictureCame: (() => void) | null = null;
  private subscription: string | null = null;
  private attributes: readonly Attribute[] = [];
  private attributesToldTo: string | null = null;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private campaign: Campaign | null = null;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly world: World,
    private readonly happenings: Happenings = {},
  ) {
    this.tab = world.id();
    this.seenBefore = new SeenStorage(world.storage, `antiphon.widget.${world.name}.seen`);
    this.receipts = new Receipts(this);
    this.agents = new Names(this);
    this.sender = new Sender(this);
  }

  // What the screen reads.

  get snapshot(): Snapshot {
    return this.value;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Where the visitor writes now; null before and between conversations. */
  current(): Dialog | null {
    return currentDialog(this.value.known);
  }

  // What the visitor and the page do.

  start(options: { identified: boolean; signInRequired: boolean; attributes: readonly Attribute[]; campaign: Campaign | null }): void {
    this.wantsIdentified = options.identified;
    this.signInRequired = options.signInRequired;
    this.attributes = options.attributes;
    this.campaign = options.campaign;
    this.connect();
  }

  stop(): void {
    this.leave();
    clearTimeout(this.gathering);
    clearTimeout(this.typingTimer);
    this.sender.stop();
  }

  /** The page's visitor is somebody else from now on. Nothing of the one before stays in view. */
  become(identified: boolean): void {
    this.wantsIdentified = identified;
    this.identity = null;
    this.sender.stop();
    this.leave();
    this.attributesToldTo = null;
    this.set(START);
    this.connect();
  }

  setCampaign(campaign: Campaign | null): void {
    this.campaign = campaign;
  }

  setAttributes(attributes: readonly Attribute[]): void {
    this.attributes = attributes;
    this.attributesToldTo = null;
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => {
      // Who has not written yet is nobody's consumer: what the page says waits until they do.
      if (this.current()) void this.tellAttributes().catch(() => undefined);
    }, GATHER);
  }

  say(text: string): void {
    this.sender.add({ text });
  }

  async sendFile(file: File, fileType: string, preview: string | null, caption: string): Promise<void> {
    await this.sender.addFile(file, fileType, preview, caption);
  }

  /** A tapped button: the tap is told, and its text published where it has one. */
  answer(about: { dialog: string; sequence: number }, metadata: object[], text: string | null): void {
    const tap: Tap = { ...about, metadata, id: this.world.id(), told: false, publishes: text !== null };
    this.sender.add({ text: text ?? "", tap });
  }

  again(id: string): void {
    this.sender.again(id);
  }

  discard(id: string): void {
    this.sender.discard(id);
  }

  typed(text: string): void {
    this.receipts.typed(text.trim() !== "");
  }

  /** The visitor has seen these. */
  saw(dialog: string, sequences: readonly number[]): void {
    const known = withSeen(this.value.known, dialog, sequences);
    if (known === this.value.known) return;
    this.seenBefore.keep(dialog, Math.max(...sequences));
    this.change({ known });
    this.receipts.due();
  }

  /** Ends the conversation; a survey may follow. Ending the survey ends that. */
  async end(): Promise<void> {
    const conversation = latest(this.value.known);
    const dialog = this.current();
    if (!conversation || !dialog) return;
    const change = { field: "DialogChange", type: "UPDATE", dialog: { dialogId: dialog.id, state: "CLOSE", closedBy: "CONSUMER", closedCause: "Closed by consumer" } };
    await this.request("cm.UpdateConversationField", { conversationId: conversation.id, conversationField: [change] });
  }

  /** Brings the conversation before those in view. */
  async showEarlier(): Promise<void> {
    const all = conversationsOf(this.value.known);
    const first = all.findIndex((one) => this.value.shown.includes(one.id));
    const earlier = all[first - 1];
    if (!earlier) return;
    this.change({ shown: [earlier.id, ...this.value.shown] });
    await this.follow(earlier);
  }

  /** Connects at once: the network is back, or the visitor asked for it. */
  connectNow(): void {
    this.failures = 0;
    if (this.value.connection !== "live" && this.value.connection !== "connecting") this.connect();
  }

  /** The network is gone: nothing is tried before it is back. */
  wentOffline(): void {
    this.leave();
    this.change({ connection: "offline" });
  }

  /** Another tab changed what waits. */
  storageChanged(): void {
    this.sender.reload();
  }

  // What the parts of the visit share.

  change(changes: Partial<Snapshot>): void {
    const next = { ...this.value, ...changes };
    if (changes.known) next.unread = unreadOf(changes.known);
    if (changes.known || changes.shown) next.hasEarlier = conversationsOf(next.known).some((one) => next.shown.length > 0 && !next.shown.includes(one.id));
    this.set(next);
    if (changes.known || changes.connection === "live") this.agents.due();
  }

  private set(next: Snapshot): void {
    this.value = next;
    for (const listener of this.listeners) listener();
  }

  /** Asks the server. Rejects with `Cut` when there is no connection. */
  request(type: string, body: object, metadata?: readonly object[]): Promise<unknown> {
    return this.line ? this.line.request(type, body, metadata) : Promise.reject(new Cut("there is no connection"));
  }

  /** The conversation that goes on, opened now if there is none; gives the dialog to write into. */
  async openConversation(id: string): Promise<string> {
    await this.tellAttributes();
    const body = { channelType: "MESSAGING", ...(this.campaign ? { campaignInfo: this.campaign } : {}), conversationContext: this.world.context() };
    const answer = (await this.request("cm.ConsumerRequestConversation", body, [{ type: "ClientMessageId", id }])) as { conversationId?: unknown } | null;
    if (typeof answer?.conversationId !== "string") throw new Refused(500, "the server opened no conversation");
    const opened = answer.conversationId;
    const now = this.world.now();
    // Until the server describes it: older than whatever that says.
    const main: Dialog = { id: opened, kind: "MAIN", open: true, createdAt: now, endedAt: null, agents: [] };
    const begun: Conversation = { id: opened, open: true, startedAt: now, endedAt: null, updatedAt: 0, closedBy: null, dialogs: [main] };
    const shown = this.value.shown.includes(opened) ? this.value.shown : [...this.value.shown, opened];
    this.change({ known: withConversation(this.value.known, begun), shown });
    await this.followDialog(opened, opened);
    return opened;
  }

  /** Asks anew what conversations there are. */
  async refresh(): Promise<void> {
    const came = new Promise<void>((resolve) => {
      this.pictureCame = resolve;
      setTimeout(resolve, PICTURE);
    });
    const before = this.subscription;
    const answer = (await this.request("cqm.SubscribeExConversations", { convState: ["OPEN", "CLOSE"] })) as { subscriptionId?: unknown } | null;
    this.subscription = typeof answer?.subscriptionId === "string" ? answer.subscriptionId : null;
    await came;
    if (before !== null) await this.request("cqm.UnsubscribeExConversations", { subscriptionId: before });
  }

  private async tellAttributes(): Promise<void> {
    const consumer = this.identity?.consumer ?? null;
    if (this.attributes.length === 0 || this.attributesToldTo === consumer) return;
    await this.request("userprofile.SetUserProfile", { authenticatedData: { lp_sdes: this.attributes } });
    this.attributesToldTo = consumer;
  }

  // The connection.

  private connect(): void {
    this.leave();
    const attempt = this.attempt;
    if (!this.world.online()) {
      this.change({ connection: "offline" });
      return;
    }
    if (this.signInRequired && !this.wantsIdentified) {
      this.change({ connection: "refused", problem: { why: "sign-in", message: "" } });
      return;
    }
    this.change({ connection: "connecting" });
    void this.establish(attempt).catch((error: unknown) => {
      if (attempt === this.attempt) this.failed(error);
    });
  }

  private leave(): void {
    this.attempt += 1;
    clearTimeout(this.retry);
    const line = this.line;
    this.line = null;
    line?.close();
    this.subscribed = new Set();
    this.subscription = null;
    this.sender.interrupt();
  }

  private async establish(attempt: number): Promise<void> {
    const identity = await this.present();
    if (attempt !== this.attempt) return;
    this.sender.use(new OutboxStorage(this.world.storage, `antiphon.widget.${this.world.name}.queue.${identity.identified ? identity.consumer : "anonymous"}.`));
    const line = new Line(this.world.openSocket(), {
      notification: (notification) => {
        if (attempt === this.attempt) this.heard(notification, identity.consumer);
      },
      end: (code) => {
        if (attempt === this.attempt) this.ended(code);
      },
    });
    this.line = line;
    await line.open(identity.token);
    await this.refresh();
    const newest = latest(this.value.known);
    const shown = this.value.shown.length > 0 || !newest ? this.value.shown : [newest.id];
    this.change({ shown });
    for (const id of this.value.shown) {
      const conversation = this.value.known.conversations[id];
      if (conversation) await this.follow(conversation);
    }
    // Requests are answered in order, so whatever was missed is here when this is answered.
    await line.request("GetClock", {});
    if (attempt !== this.attempt) return;
    this.failures = 0;
    this.change({ connection: "live", problem: null, loaded: true });
    this.receipts.due();
    if (this.current()) void this.tellAttributes().catch(() => undefined);
    await this.sender.adopt();
    this.sender.go();
  }

  private async present(): Promise<Identity> {
    const { identity } = this;
    if (identity && (identity.endsAt === null || identity.endsAt > this.world.now() + BEFORE_END)) return identity;
    const fresh = await (this.wantsIdentified ? this.world.identified() : this.world.anonymous());
    // Somebody else than before has nothing to do with what is in view.
    if (this.identity && this.identity.consumer !== fresh.consumer) this.set({ ...START, connection: this.value.connection });
    this.identity = fresh;
    return fresh;
  }

  private ended(code: number): void {
    // The token is not taken any more: the next attempt gets a new one.
    if (code === 4401 || code === 4407 || code === 1008) this.identity = null;
    this.failed(new Cut(`the connection ended with ${code}`));
  }

  private failed(error: unknown): void {
    this.leave();
    if (error instanceof Refused && error.code === 401) this.identity = null;
    if (error instanceof NoIdentity && error.why !== "unreachable") {
      this.identity = null;
      this.change({ connection: "refused", problem: { why: error.why, message: error.message } });
      this.happenings.refused?.(error.why, error.message);
    } else {
      this.change({ connection: this.world.online() ? "waiting" : "offline" });
    }
    const longest = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.failures);
    this.failures += 1;
    const wait = this.value.connection === "refused" ? LONGEST_RETRY : longest * (0.5 + this.world.dice() / 2);
    this.retry = setTimeout(() => this.connect(), wait);
  }

  private async follow(conversation: Conversation): Promise<void> {
    for (const dialog of conversation.dialogs) await this.followDialog(dialog.id, conversation.id);
  }

  private async followDialog(dialog: string, conversation: string): Promise<void> {
    if (this.subscribed.has(dialog)) return;
    this.subscribed.add(dialog);
    const fromSeq = this.value.known.logs[dialog]?.next ?? 0;
    try {
      await this.request("ms.SubscribeMessagingEvents", { dialogId: dialog, conversationId: conversation, fromSeq });
    } catch (error) {
      this.subscribed.delete(dialog);
      throw error;
    }
  }

  private heard(notification: Notification, me: string): void {
    if (notification.type.endsWith("ExConversationChangeNotification")) this.heardOfConversations(notification);
    else if (notification.type.endsWith("MessagingEventNotification")) this.heardEvents(notification, me);
  }

  private heardOfConversations(notification: Notification): void {
    const before = latest(this.value.known)?.id;
    let { known } = this.value;
    for (const conversation of readConversations(notification)) known = withConversation(known, conversation);
    const newest = latest(known);
    const fresh = newest && newest.id !== before && this.value.loaded && !this.value.shown.includes(newest.id);
    this.change(fresh ? { known, shown: [...this.value.shown, newest.id] } : { known });
    for (const id of this.value.connection === "live" ? this.value.shown : []) {
      const conversation = known.conversations[id];
      if (conversation) void this.follow(conversation).catch(() => undefined);
    }
    if (notification.body.subscriptionId === this.subscription) this.pictureCame?.();
    this.receipts.due();
    this.sender.go();
  }

  private heardEvents(notification: Notification, me: string): void {
    let { known } = this.value;
    let theirs = false;
    for (const event of readEvents(notification, me)) {
      const fresh = event.kind === "message" && !event.message.mine && event.message.sequence >= (known.logs[event.dialog]?.next ?? 0);
      known = withEvent(known, event, this.world.now());
      if (event.kind !== "message") continue;
      theirs ||= fresh;
      if (fresh && this.wasSeen(known, event.dialog, event.conversation, event.message.sequence)) known = withSeen(known, event.dialog, [event.message.sequence]);
    }
    this.change({ known });
    this.sender.settle();
    this.receipts.due();
    if (theirs && this.value.connection === "live") this.happenings.message?.();
    clearTimeout(this.typingTimer);
    if (Object.keys(known.typing).length > 0) this.typingTimer = setTimeout(() => this.change({ known: withoutStaleTyping(this.value.known, this.world.now()) }), TYPING);
  }

  /** What was read in a dialog that is over can't be told to anybody; this browser remembers it. */
  private wasSeen(known: Known, dialog: string, conversation: string, sequence: number): boolean {
    if (this.value.connection === "live" && this.value.loaded && this.value.shown.at(-1) === conversation) return false;
    const found = known.conversations[conversation]?.dialogs.find((one) => one.id === dialog);
    return found?.open === false && this.seenBefore.has(dialog, sequence);
  }
}
