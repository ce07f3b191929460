/**
 * The log of one dialog: messages by sequence, without gap or double, whatever order they arrive in.
 *
 * Pure values and functions. It knows no socket, no clock and no screen.
 */
import type { DeliveryStatus, MessageDelivery } from "@/api/types";
import type { DialogMessage, FileChange } from "@/api/wire";

export interface DialogLog {
  readonly conversationId: string;
  readonly dialogId: string;
  /** Ascending and unique by sequence. */
  readonly messages: readonly DialogMessage[];
  /** Every sequence from the first loaded one to this is known; -1 while nothing is. */
  readonly upTo: number;
  /** Updates that came before the message they belong to. */
  readonly early: Readonly<Record<number, { delivery?: MessageDelivery; file?: FileChange }>>;
}

export const emptyLog = (conversationId: string, dialogId: string): DialogLog => ({
  conversationId,
  dialogId,
  messages: [],
  upTo: -1,
  early: {},
});

/** Most updates kept for messages that have not arrived; the oldest go first. */
const MAX_EARLY = 200;

const RANK: Record<DeliveryStatus, number> = { queued: 0, cancelled: 1, unknown: 1, failed: 1, sent: 1, delivered: 2, read: 3 };

/**
 * The later of two states of a delivery. Status only climbs. A live update may start a failed one
 * again (somebody pressed "try again"); a page that was read earlier may not.
 */
export function laterDelivery(known: MessageDelivery | null, next: MessageDelivery, live: boolean): MessageDelivery {
  if (!known) return next;
  const from = RANK[known.status];
  const to = RANK[next.status];
  if (to > from) return next;
  if (to < from) {
    // The channel took it, could not deliver it, and it is attempted again.
    const again = known.status === "sent" && next.status === "queued";
    const restartable = again || known.status === "failed" || known.status === "unknown" || known.status === "cancelled";
    return live && restartable ? next : known;
  }
  // A page never replaces what the socket told meanwhile at the same height; a failure yields only to more.
  return live ? next : known.status === "sent" ? next : known;
}

function withFile(message: DialogMessage, change: FileChange): DialogMessage {
  if (message.event.type !== "file") return message;
  const file = message.event.file;
  if (file.state === "ready" && change.state !== "ready") return message;
  return {
    ...message,
    event: {
      type: "file",
      file: {
        ...file,
        state: change.state,
        relativePath: change.relativePath || file.relativePath,
        fileType: (change.fileType ?? file.fileType).toUpperCase(),
        reason: change.reason,
        size: change.size ?? file.size,
        picture: change.picture ?? file.picture,
      },
    },
  };
}

/** Two readings of the same stored message: nothing known is lost. */
function merged(known: DialogMessage, again: DialogMessage): DialogMessage {
  const delivery = again.delivery ? laterDelivery(known.delivery, again.delivery, false) : known.delivery;
  let event = known.event;
  if (known.event.type === "file" && again.event.type === "file" && known.event.file.state === "pending") event = again.event;
  const vendorAt = known.vendorAt ?? again.vendorAt;
  const clientMessageId = known.clientMessageId ?? again.clientMessageId;
  if (delivery === known.delivery && event === known.event && vendorAt === known.vendorAt && clientMessageId === known.clientMessageId) {
    return known;
  }
  return { ...known, delivery, event, vendorAt, clientMessageId };
}

/** Index of the first message whose sequence is at least `sequence`. */
export function lowerBound(messages: readonly DialogMessage[], sequence: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.sequence ?? Infinity) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function findMessage(log: DialogLog | undefined, sequence: number): DialogMessage | undefined {
  const found = log?.messages[lowerBound(log.messages, sequence)];
  return found?.sequence === sequence ? found : undefined;
}

/** Puts messages where they belong. Returns the same log when nothing is new. */
function insert(log: DialogLog, incoming: readonly DialogMessage[]): DialogLog {
  let messages: DialogMessage[] | null = null;
  let early = log.early;
  for (let message of incoming) {
    const waiting = early[message.sequence];
    if (waiting) {
      if (waiting.delivery) message = { ...message, delivery: laterDelivery(message.delivery, waiting.delivery, true) };
      if (waiting.file) message = withFile(message, waiting.file);
      const { [message.sequence]: _used, ...rest } = early;
      early = rest;
    }
    const current = messages ?? log.messages;
    const at = lowerBound(current, message.sequence);
    const known = current[at];
    if (known?.sequence === message.sequence) {
      const both = merged(known, message);
      if (both !== known) {
        messages ??= log.messages.slice();
        messages[at] = both;
      }
    } else {
      messages ??= log.messages.slice();
      messages.splice(at, 0, message);
    }
  }
  return messages || early !== log.early ? { ...log, messages: messages ?? log.messages, early } : log;
}

/** Walks over what is already there, from `upTo` on. */
function advance(messages: readonly DialogMessage[], upTo: number): number {
  let last = upTo;
  for (let i = lowerBound(messages, upTo + 1); i < messages.length && messages[i]?.sequence === last + 1; i += 1) last += 1;
  return last;
}

/**
 * Adds one live message. `missingFrom` names the sequence from which to ask the server again when the
 * message shows that others were missed.
 */
export function addLive(log: DialogLog, message: DialogMessage): { log: DialogLog; isNew: boolean; missingFrom: number | null } {
  const isNew = findMessage(log, message.sequence) === undefined;
  const next = insert(log, [message]);
  if (!isNew) return { log: next, isNew, missingFrom: null };
  // A log that knows nothing yet has no gap: its first page is on the way.
  if (log.upTo === -1 && message.sequence > 0) return { log: next, isNew, missingFrom: null };
  if (message.sequence > log.upTo + 1) return { log: next, isNew, missingFrom: log.upTo };
  return { log: { ...next, upTo: advance(next.messages, Math.max(log.upTo, message.sequence)) }, isNew, missingFrom: null };
}

/**
 * Adds what the server answered to "everything from `from` on" (or the pages of it). What it left out
 * between the first and the last does not exist, so the log counts it as known.
 */
export function addHistory(log: DialogLog, messages: readonly DialogMessage[]): DialogLog {
  const next = insert(log, messages);
  const first = messages[0]?.sequence;
  const last = messages.at(-1)?.sequence;
  if (first === undefined || last === undefined) return next;
  const touches = log.upTo === -1 || first <= log.upTo + 1;
  const upTo = touches ? advance(next.messages, Math.max(log.upTo, last)) : log.upTo;
  return upTo === next.upTo ? next : { ...next, upTo };
}

const keepEarly = (log: DialogLog, sequence: number, update: DialogLog["early"][number]): DialogLog => {
  const entries = Object.entries({ ...log.early, [sequence]: { ...log.early[sequence], ...update } });
  return { ...log, early: Object.fromEntries(entries.slice(-MAX_EARLY)) };
};

export function applyDelivery(log: DialogLog, sequence: number, delivery: MessageDelivery): DialogLog {
  const at = lowerBound(log.messages, sequence);
  const known = log.messages[at];
  if (known?.sequence !== sequence) return keepEarly(log, sequence, { delivery });
  const later = laterDelivery(known.delivery, delivery, true);
  if (later === known.delivery) return log;
  const messages = log.messages.slice();
  messages[at] = { ...known, delivery: later };
  return { ...log, messages };
}

export function applyFile(log: DialogLog, change: FileChange): DialogLog {
  const at = lowerBound(log.messages, change.sequence);
  const known = log.messages[at];
  if (known?.sequence !== change.sequence) return keepEarly(log, change.sequence, { file: change });
  const next = withFile(known, change);
  if (next === known) return log;
  const messages = log.messages.slice();
  messages[at] = next;
  return { ...log, messages };
}

/** What the consumer acknowledged, by sequence: the highest of "accepted" and "read". */
export type Receipts = ReadonlyMap<number, "ACCEPT" | "READ">;

const receiptsCache = new WeakMap<readonly DialogMessage[], Receipts>();

export function receiptsOf(messages: readonly DialogMessage[]): Receipts {
  const cached = receiptsCache.get(messages);
  if (cached) return cached;
  const receipts = new Map<number, "ACCEPT" | "READ">();
  for (const { event, role } of messages) {
    if (event.type !== "accept" || role !== "CONSUMER") continue;
    if (event.status !== "ACCEPT" && event.status !== "READ") continue;
    for (const sequence of event.sequences) {
      if (receipts.get(sequence) !== "READ") receipts.set(sequence, event.status);
    }
  }
  receiptsCache.set(messages, receipts);
  return receipts;
}

/** Sequences of the consumer's messages that `me` has not marked as read. */
export function unreadSequences(messages: readonly DialogMessage[], isMe: (id: string) => boolean): number[] {
  const read = new Set<number>();
  for (const m of messages) {
    if (m.event.type === "accept" && m.event.status === "READ" && isMe(m.originatorId)) m.event.sequences.forEach((s) => read.add(s));
  }
  return messages
    .filter((m) => m.event.type !== "accept" && m.role === "CONSUMER" && !read.has(m.sequence))
    .map((m) => m.sequence);
}
