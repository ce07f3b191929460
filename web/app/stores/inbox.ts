/**
 * Everything the agent socket told us, as one immutable value, and the pure functions that apply a notice to it.
 *
 * Applying the notices to an old snapshot gives what a fresh read would give. No clock, no socket, no
 * storage in here: time is an argument, and what has to be fetched is returned as a wish.
 */
import type { Availability } from "@/api/types";
import type { Conversation, DialogMessage, Notice, Ring } from "@/api/wire";
import { previewText } from "@/api/wire";
import { addHistory, addLive, applyDelivery, applyFile, emptyLog, type DialogLog } from "./dialogLog";

/** `mine`: where I take part. `all`: the whole account, for those who may see it. */
export type ListName = "mine" | "all";

interface Subscription {
  readonly list: ListName | "rings" | "agent_state";
  /** The next notification is the snapshot and replaces what was known. */
  readonly fresh: boolean;
}

export interface Typing {
  readonly originatorId: string;
  readonly role: string;
  readonly until: number;
}

export interface InboxState {
  readonly conversations: Readonly<Record<string, Conversation>>;
  readonly lists: Readonly<Record<ListName, ReadonlySet<string>>>;
  /** A list is loaded once its first snapshot is in. */
  readonly loaded: Readonly<Record<ListName, boolean>>;
  readonly subscriptions: Readonly<Record<string, Subscription>>;
  readonly rings: Readonly<Record<string, Ring>>;
  readonly dialogs: Readonly<Record<string, DialogLog>>;
  /** By dialog. */
  readonly typing: Readonly<Record<string, Typing>>;
  readonly availability: Availability | null;
}

export const emptyInbox: InboxState = {
  conversations: {},
  lists: { mine: new Set(), all: new Set() },
  loaded: { mine: false, all: false },
  subscriptions: {},
  rings: {},
  dialogs: {},
  typing: {},
  availability: null,
};

/** What applying a notice asks the world to do. */
export interface Effects {
  /** Dialogs whose log has a hole: ask again from this sequence on. */
  gaps: { dialogId: string; conversationId: string; from: number }[];
  /** Loaded dialogs that a conversation change shows to be behind. */
  behind: { dialogId: string; conversationId: string }[];
  /** New messages of consumers, seen for the first time and live. */
  arrived: DialogMessage[];
  /** Offers seen for the first time. */
  rang: Ring[];
  /** Conversations that came into my list, live. */
  assigned: Conversation[];
  /** Conversations whose participants, skill or state changed: their system lines grew. */
  restructured: string[];
  /** The agent's state as a snapshot told it after (re)subscribing. */
  stateSnapshot: Availability | null;
}

export const noEffects = (): Effects => ({
  gaps: [],
  behind: [],
  arrived: [],
  rang: [],
  assigned: [],
  restructured: [],
  stateSnapshot: null,
});

/** How long a "typing" lasts without being repeated. */
const TYPING_MS = 8_000;

export function subscribed(state: InboxState, subscriptionId: string, list: Subscription["list"]): InboxState {
  return { ...state, subscriptions: { ...state.subscriptions, [subscriptionId]: { list, fresh: true } } };
}

/** The connection is gone: its subscriptions with it, and offers, which cannot be answered now. */
export function disconnected(state: InboxState): InboxState {
  return { ...state, subscriptions: {}, rings: {}, typing: {} };
}

const structure = (c: Conversation): string =>
  JSON.stringify([c.open, c.skillId, c.participants.map((p) => [p.id, p.role, p.state])]);

function withConversation(state: InboxState, next: Conversation, effects: Effects): InboxState {
  const known = state.conversations[next.id];
  if (known && known.updatedAt > next.updatedAt) return state;
  if (known && structure(known) !== structure(next)) effects.restructured.push(next.id);
  // The last content may be missing at any time; then the known one stands.
  const last = !next.last || (known?.last && known.last.sequence > next.last.sequence) ? (known?.last ?? next.last) : next.last;
  const log = state.dialogs[next.mainDialogId];
  if (last && log && last.sequence > log.upTo) effects.behind.push({ dialogId: next.mainDialogId, conversationId: next.id });
  return { ...state, conversations: { ...state.conversations, [next.id]: { ...next, last } } };
}

const withMember = (state: InboxState, list: ListName, id: string, inside: boolean): InboxState => {
  if (state.lists[list].has(id) === inside) return state;
  const members = new Set(state.lists[list]);
  if (inside) members.add(id);
  else members.delete(id);
  return { ...state, lists: { ...state.lists, [list]: members } };
};

function applyConversations(state: InboxState, notice: Extract<Notice, { kind: "conversations" }>, effects: Effects): InboxState {
  const subscription = state.subscriptions[notice.subscriptionId];
  // A notification of a subscription that is not ours (any more) still tells the truth about the conversation.
  const list = subscription?.list === "mine" || subscription?.list === "all" ? subscription.list : null;
  let next = state;
  if (list && subscription?.fresh) {
    next = {
      ...next,
      lists: { ...next.lists, [list]: new Set() },
      loaded: { ...next.loaded, [list]: true },
      subscriptions: { ...next.subscriptions, [notice.subscriptionId]: { list, fresh: false } },
    };
  }
  for (const change of notice.changes) {
    next = withConversation(next, change.result, effects);
    if (!list) continue;
    const inside = change.type === "UPSERT";
    if (inside && list === "mine" && !subscription?.fresh && !state.lists.mine.has(change.result.id)) effects.assigned.push(change.result);
    next = withMember(next, list, change.result.id, inside);
  }
  return next;
}

function applyRings(state: InboxState, notice: Extract<Notice, { kind: "rings" }>, effects: Effects): InboxState {
  const subscription = state.subscriptions[notice.subscriptionId];
  const rings: Record<string, Ring> = subscription?.fresh ? {} : { ...state.rings };
  for (const change of notice.changes) {
    for (const ring of Object.values(rings)) {
      if (ring.conversationId === change.conversationId) delete rings[ring.id];
    }
    if (change.type === "DELETE") continue;
    for (const ring of change.rings) {
      if (ring.state !== "WAITING") continue;
      rings[ring.id] = ring;
      if (!state.rings[ring.id]) effects.rang.push(ring);
    }
  }
  const subscriptions = subscription?.fresh
    ? { ...state.subscriptions, [notice.subscriptionId]: { ...subscription, fresh: false } }
    : state.subscriptions;
  return { ...state, rings, subscriptions };
}

function applyMessage(state: InboxState, message: DialogMessage, effects: Effects): InboxState {
  let next = state;
  const typing = next.typing[message.dialogId];
  if (typing && typing.originatorId === message.originatorId && message.event.type !== "accept") {
    const { [message.dialogId]: _gone, ...rest } = next.typing;
    next = { ...next, typing: rest };
  }
  const conversation = next.conversations[message.conversationId];
  const isContent = message.event.type !== "accept";
  const seen = (conversation?.last?.sequence ?? -1) >= message.sequence && next.dialogs[message.dialogId] === undefined;
  let isNew = isContent && !seen;
  const log = next.dialogs[message.dialogId];
  if (log) {
    const added = addLive(log, message);
    isNew = isContent && added.isNew;
    if (added.log !== log) next = { ...next, dialogs: { ...next.dialogs, [message.dialogId]: added.log } };
    if (added.missingFrom !== null) {
      effects.gaps.push({ dialogId: message.dialogId, conversationId: message.conversationId, from: added.missingFrom });
    }
  }
  if (conversation && isContent && message.dialogId === conversation.mainDialogId && message.sequence > (conversation.last?.sequence ?? -1)) {
    const last = {
      sequence: message.sequence,
      text: previewText(message.event),
      role: message.role,
      originatorId: message.originatorId,
      at: message.at,
      kind: message.event.type,
    };
    next = { ...next, conversations: { ...next.conversations, [conversation.id]: { ...conversation, last } } };
  }
  if (isNew && message.role === "CONSUMER") effects.arrived.push(message);
  return next;
}

const withLog = (state: InboxState, dialogId: string, change: (log: DialogLog) => DialogLog): InboxState => {
  const log = state.dialogs[dialogId];
  if (!log) return state;
  const next = change(log);
  return next === log ? state : { ...state, dialogs: { ...state.dialogs, [dialogId]: next } };
};

/** Why a source lets nobody write, as its notice tells. */
const sourceTrouble = (change: Extract<Notice, { kind: "sources" }>["changes"][number]): string | null =>
  !change.enabled ? "source_off" : change.health?.state === "needs_reauthorisation" ? "source_broken" : null;

/** A source was switched or came to harm: what can be written in its conversations follows, before the server shows each anew. */
function withSource(state: InboxState, change: Extract<Notice, { kind: "sources" }>["changes"][number]): InboxState {
  const code = sourceTrouble(change);
  const conversations = { ...state.conversations };
  let changed = false;
  for (const c of Object.values(conversations)) {
    if (c.sourceId !== change.sourceId || !c.open) continue;
    const recovered = code === null && (c.composer.code === "source_off" || c.composer.code === "source_broken");
    if (code === null ? !recovered : c.composer.code === code) continue;
    const next = code ?? (c.consumer.optedOut ? "opted_out" : null);
    conversations[c.id] = { ...c, composer: { ...c.composer, enabled: next === null, code: next, reason: null } };
    changed = true;
  }
  return changed ? { ...state, conversations } : state;
}

/** Applies one notice. The same notice twice changes nothing the second time. */
export function applyNotice(state: InboxState, notice: Notice, now: number): { state: InboxState; effects: Effects } {
  const effects = noEffects();
  switch (notice.kind) {
    case "conversations":
      return { state: applyConversations(state, notice, effects), effects };
    case "rings":
      return { state: applyRings(state, notice, effects), effects };
    case "agent_state": {
      const subscription = state.subscriptions[notice.subscriptionId];
      if (subscription?.fresh) effects.stateSnapshot = notice.availability;
      const subscriptions = subscription?.fresh
        ? { ...state.subscriptions, [notice.subscriptionId]: { ...subscription, fresh: false } }
        : state.subscriptions;
      return { state: { ...state, availability: notice.availability, subscriptions }, effects };
    }
    case "message":
      return { state: applyMessage(state, notice.message, effects), effects };
    case "chat_state": {
      if (notice.state === "COMPOSING") {
        const one = { originatorId: notice.originatorId, role: notice.role, until: now + TYPING_MS };
        return { state: { ...state, typing: { ...state.typing, [notice.dialogId]: one } }, effects };
      }
      // Who stops ends their own typing only, not that of somebody else.
      if (state.typing[notice.dialogId]?.originatorId !== notice.originatorId) return { state, effects };
      const { [notice.dialogId]: _ended, ...typing } = state.typing;
      return { state: { ...state, typing }, effects };
    }
    case "deliveries":
      return {
        state: notice.changes.reduce((s, c) => withLog(s, c.dialogId, (log) => applyDelivery(log, c.sequence, c.delivery)), state),
        effects,
      };
    case "files":
      return { state: notice.changes.reduce((s, c) => withLog(s, c.dialogId, (log) => applyFile(log, c)), state), effects };
    case "consumers": {
      const conversations = { ...state.conversations };
      for (const change of notice.changes) {
        for (const c of Object.values(conversations)) {
          if (c.consumer.id !== change.consumerId) continue;
          conversations[c.id] = { ...c, consumer: { ...c.consumer, optedOut: change.optedOut, name: change.name ?? c.consumer.name } };
        }
      }
      return { state: { ...state, conversations }, effects };
    }
    case "sources":
      return { state: notice.changes.reduce(withSource, state), effects };
  }
}

/** Adds stored messages: a first page, an older page, or the answer to a query after a gap or a cut. */
export function applyHistory(state: InboxState, conversationId: string, dialogId: string, messages: readonly DialogMessage[]): InboxState {
  const log = state.dialogs[dialogId] ?? emptyLog(conversationId, dialogId);
  const next = addHistory(log, messages);
  return next === state.dialogs[dialogId] ? state : { ...state, dialogs: { ...state.dialogs, [dialogId]: next } };
}

/** Makes room for a dialog's log, so that live messages are kept while its first page is on the way. */
export function openLog(state: InboxState, conversationId: string, dialogId: string): InboxState {
  if (state.dialogs[dialogId]) return state;
  return { ...state, dialogs: { ...state.dialogs, [dialogId]: emptyLog(conversationId, dialogId) } };
}

/** A conversation read through the admin API, for those that no subscription brought. */
export function adoptConversation(state: InboxState, conversation: Conversation): InboxState {
  return withConversation(state, conversation, noEffects());
}

/**
 * From where to ask each loaded dialog again after a cut; the answer overlaps by one and is de-duplicated. A dialog of which
 * nothing is known yet has its first page on the way, and is not asked for whole.
 */
export function resumePoints(state: InboxState): { conversationId: string; dialogId: string; from: number }[] {
  return Object.values(state.dialogs)
    .filter((log) => log.upTo >= 0)
    .map((log) => ({ conversationId: log.conversationId, dialogId: log.dialogId, from: log.upTo }));
}

/** Most dialogs whose messages are kept in memory. */
export const MAX_LOGS = 60;

/** Forgets the logs that were opened longest ago, never those in `keep`. */
export function prune(state: InboxState, keep: ReadonlySet<string>): InboxState {
  const ids = Object.keys(state.dialogs);
  if (ids.length <= MAX_LOGS) return state;
  const doomed = new Set(ids.filter((id) => !keep.has(id)).slice(0, ids.length - MAX_LOGS));
  return { ...state, dialogs: Object.fromEntries(Object.entries(state.dialogs).filter(([id]) => !doomed.has(id))) };
}

/** My unread messages are read: the count goes at once, the server's own word follows. */
export function markedRead(state: InboxState, conversationId: string, oldId: string): InboxState {
  const c = state.conversations[conversationId];
  if (!c || !c.unread[oldId]) return state;
  return { ...state, conversations: { ...state.conversations, [conversationId]: { ...c, unread: { ...c.unread, [oldId]: 0 } } } };
}
