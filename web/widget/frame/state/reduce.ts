/** How what is known changes by what the server tells: pure, and harmless when it comes twice. */
import { EMPTY_LOG, type Conversation, type Known, type Log, type Message, type Receipt } from "./model";
import type { DialogEvent } from "../wire/read";

/** How long somebody types after the last sign of it, in milliseconds. */
export const TYPING = 8_000;

export function withConversation(known: Known, conversation: Conversation): Known {
  const before = known.conversations[conversation.id];
  // Changes may come out of their order; an older one says nothing new.
  if (before && before.updatedAt > conversation.updatedAt) return known;
  return { ...known, conversations: { ...known.conversations, [conversation.id]: conversation } };
}

export function withEvent(known: Known, event: DialogEvent, now: number): Known {
  const { [event.dialog]: _typed, ...others } = known.typing;
  if (event.kind === "typing") {
    return { ...known, typing: event.on ? { ...others, [event.dialog]: { by: event.by, until: now + TYPING } } : others };
  }
  const log = known.logs[event.dialog] ?? EMPTY_LOG;
  const changed = event.kind === "message" ? withMessage(log, event.message) : withReceipt(log, event.receipt);
  if (changed === log) return known;
  // Who has written has done with typing.
  const typing = event.kind === "message" && !event.message.mine ? others : known.typing;
  return { ...known, logs: { ...known.logs, [event.dialog]: changed }, typing };
}

function withMessage(log: Log, message: Message): Log {
  const { messages } = log;
  const last = messages.at(-1);
  const next = Math.max(log.next, message.sequence + 1);
  if (!last || last.sequence < message.sequence) return { ...log, messages: [...messages, message], next };
  const at = messages.findIndex((one) => one.sequence >= message.sequence);
  if (messages[at]?.sequence === message.sequence) return log;
  return { ...log, messages: [...messages.slice(0, at), message, ...messages.slice(at)], next };
}

function withReceipt(log: Log, receipt: Receipt): Log {
  const next = Math.max(log.next, receipt.sequence + 1);
  const { status, of } = receipt;
  const climbed = (one: "ACCEPT" | "READ") => {
    const theirs: Record<number, "ACCEPT" | "READ"> = { ...log.theirs };
    // It only climbs: what was read stays read.
    for (const sequence of of) if (theirs[sequence] !== "READ") theirs[sequence] = one;
    return { ...log, theirs, next };
  };
  const marked = (set: ReadonlySet<number>) => new Set([...set, ...of]);
  if (!receipt.mine) return status === "ACCEPT" || status === "READ" ? climbed(status) : { ...log, next };
  if (status === "ACCEPT") return { ...log, accepted: marked(log.accepted), next };
  if (status === "READ") return { ...log, accepted: marked(log.accepted), read: marked(log.read), next };
  if (status === "ACTION") return { ...log, acted: marked(log.acted), next };
  return { ...log, next };
}

/** Takes away who stopped typing without a word. */
export function withoutStaleTyping(known: Known, now: number): Known {
  const live = Object.entries(known.typing).filter(([, typing]) => typing.until > now);
  return live.length === Object.keys(known.typing).length ? known : { ...known, typing: Object.fromEntries(live) };
}

/** What the visitor saw counts as read from then on, whether the server knows it already or not. */
export function withSeen(known: Known, dialog: string, sequences: readonly number[]): Known {
  const log = known.logs[dialog];
  const fresh = log ? sequences.filter((sequence) => !log.seen.has(sequence)) : [];
  if (!log || fresh.length === 0) return known;
  return { ...known, logs: { ...known.logs, [dialog]: { ...log, seen: new Set([...log.seen, ...fresh]) } } };
}

/** What of a dialog is still to be acknowledged to its sender. */
export function owed(log: Log, status: "ACCEPT" | "READ"): number[] {
  const due = (message: Message) => (status === "ACCEPT" ? !log.accepted.has(message.sequence) : log.seen.has(message.sequence) && !log.read.has(message.sequence));
  return log.messages.filter((message) => !message.mine && due(message)).map((message) => message.sequence);
}

export function unreadOf(known: Known): number {
  const unread = (log: Log) => log.messages.filter((message) => !message.mine && !log.read.has(message.sequence) && !log.seen.has(message.sequence)).length;
  return Object.values(known.logs).reduce((sum, log) => sum + unread(log), 0);
}
