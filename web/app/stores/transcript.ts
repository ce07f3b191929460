/**
 * The rows of a transcript: messages, system lines and what waits to be sent, in one order. Pure.
 *
 * A day break belongs to the row below it. As a row of its own it would move when earlier messages come, and who reads at the
 * top would be taken along.
 */
import type { ConversationChange, DeliveryStatus } from "@/api/types";
import type { DialogMessage, Note } from "@/api/wire";
import { dayKey } from "@/lib/time";
import { receiptsOf, type Receipts } from "./dialogLog";
import type { PendingMessage } from "./outbox";

export type Row = {
  key: string;
  /** A moment of the day that begins with this row. */
  day: number | null;
} & (
  | { kind: "new" }
  | { kind: "system"; change: ConversationChange }
  /** Why somebody handed the conversation over, in their words. */
  | { kind: "reason"; at: number; by: string | null; reason: string }
  | { kind: "survey"; at: number; dialogId: string }
  | { kind: "note"; at: number; note: Note }
  | { kind: "message"; message: DialogMessage; first: boolean; last: boolean; status: DeliveryStatus | null }
  | { kind: "pending"; pending: PendingMessage }
);

/** Whether there are messages before the first loaded one. */
export const hasEarlier = (messages: readonly DialogMessage[]): boolean => (messages[0]?.sequence ?? 0) > 0;

/** Clockwork that tells a reader nothing, and offers whose end another line tells. */
const SILENT = new Set(["due_changed", "dialog_tagged"]);
const SILENT_RINGS = new Set(["ACCEPTED", "AUTO_ACCEPT", "CANCELLED"]);

const isSilent = (change: ConversationChange): boolean =>
  SILENT.has(change.kind) || (change.kind === "ring_ended" && SILENT_RINGS.has(String((change.detail as Record<string, unknown>).state)));

const MOST_REASON = 500;

/** The reason that a program sent along with what it changed; null when it gave none. Any program can send anything. */
export function reasonOf(metadata: unknown): string | null {
  if (!Array.isArray(metadata)) return null;
  for (const one of metadata as unknown[]) {
    if (typeof one !== "object" || one === null) continue;
    const { type, reason } = one as Record<string, unknown>;
    if (type === "ActionReason" && typeof reason === "string" && reason.trim() !== "") return reason.trim().slice(0, MOST_REASON);
  }
  return null;
}

/** The dialog of a survey that began with a change. */
function surveyOf(change: ConversationChange): string | null {
  const { dialog_id } = change.detail as Record<string, unknown>;
  return change.kind === "dialog_opened" && typeof dialog_id === "string" ? dialog_id : null;
}

/** Messages of one writer within this time stand together. */
const GROUP_MS = 4 * 60_000;

/** How far a message of ours got: the delivery's word, or the consumer's own receipts when they say more. */
export function statusOf(message: DialogMessage, receipts: Receipts): DeliveryStatus | null {
  if (message.role === "CONSUMER" || message.audience !== "ALL") return null;
  const receipt = receipts.get(message.sequence);
  if (receipt === "READ") return "read";
  const told = message.delivery?.status ?? "sent";
  return receipt === "ACCEPT" && told !== "read" ? "delivered" : told;
}

const together = (a: DialogMessage, b: DialogMessage): boolean =>
  a.originatorId === b.originatorId && a.audience === b.audience && b.at - a.at < GROUP_MS && dayKey(a.at) === dayKey(b.at);

/** Changes in their order. Those of one version are told apart by their order within it, which no earlier line shifts. */
function keyed(changes: readonly ConversationChange[]): { key: string; change: ConversationChange }[] {
  const siblings = new Map<number, number>();
  return [...changes]
    .sort((a, b) => a.at - b.at || a.version - b.version)
    .map((change) => {
      const n = siblings.get(change.version) ?? 0;
      siblings.set(change.version, n + 1);
      return { key: `change-${change.version}-${n}`, change };
    });
}

export interface TranscriptInput {
  messages: readonly DialogMessage[];
  changes: readonly ConversationChange[];
  pending: readonly PendingMessage[];
  /** Above this one stands the line that says "new". */
  firstUnread: number | null;
}

export function rowsOf({ messages, changes, pending, firstUnread }: TranscriptInput): Row[] {
  const rows: Row[] = [];
  const receipts = receiptsOf(messages);
  const shown = messages.filter((m) => m.event.type !== "accept" || m.notes.length > 0);
  const start = messages[0];
  const from = hasEarlier(messages) ? (start?.at ?? 0) : -Infinity;

  const lines = keyed(changes).filter((l) => !isSilent(l.change) && l.change.at >= from);
  // What came along with several changes of one request is said once, below the last of them.
  const reasons = new Map<number, string>();
  for (const { key, change } of lines) if (reasonOf(change.metadata) !== null) reasons.set(change.version, key);
  let nextLine = 0;
  let day = "";
  /** The moment itself where it is the first one of its day. */
  const newDay = (at: number): number | null => {
    const key = dayKey(at);
    if (key === day) return null;
    day = key;
    return at;
  };
  const linesUntil = (at: number): boolean => {
    const before = nextLine;
    for (let line = lines[nextLine]; line && line.change.at <= at; line = lines[nextLine]) {
      const { key, change } = line;
      rows.push({ kind: "system", key, day: newDay(change.at), change });
      const survey = surveyOf(change);
      if (survey !== null) rows.push({ kind: "survey", key: `survey-${survey}`, day: null, at: change.at, dialogId: survey });
      const reason = reasons.get(change.version) === key ? reasonOf(change.metadata) : null;
      if (reason !== null) rows.push({ kind: "reason", key: `reason-${key}`, day: null, at: change.at, by: change.by, reason });
      nextLine += 1;
    }
    return nextLine > before;
  };

  let group: Extract<Row, { kind: "message" }> | null = null;
  for (const message of shown) {
    const broken = linesUntil(message.at) || message.notes.length > 0;
    let begun = newDay(message.at);
    /** The day's beginning goes to the first row of it. */
    const once = (): number | null => {
      const at = begun;
      begun = null;
      return at;
    };
    message.notes.forEach((note, n) => rows.push({ kind: "note", key: `note-${message.dialogId}-${message.sequence}-${n}`, day: once(), at: message.at, note }));
    if (message.event.type === "accept") {
      group = null;
      continue;
    }
    const marked = firstUnread === message.sequence;
    if (marked) rows.push({ kind: "new", key: "new", day: once() });
    const first: boolean = broken || marked || group === null || !together(group.message, message);
    if (!first && group) group.last = false;
    group = {
      kind: "message",
      // The same key as while it waited, so that the row stays where it is.
      key: message.clientMessageId ? `c-${message.clientMessageId}` : `m-${message.dialogId}-${message.sequence}`,
      day: once(),
      message,
      first,
      last: true,
      status: statusOf(message, receipts),
    };
    rows.push(group);
  }
  linesUntil(Infinity);
  for (const p of pending) rows.push({ kind: "pending", key: `c-${p.clientId}`, day: null, pending: p });
  return rows;
}

/** The transcript as plain text, for the clipboard. */
export function plainText(rows: readonly Row[], nameOf: (m: DialogMessage) => string, timeOf: (at: number) => string, fileWord: string): string {
  return rows
    .flatMap((row) => {
      if (row.kind !== "message") return [];
      const { event } = row.message;
      const body = event.type === "text" ? event.text : event.type === "rich" ? event.summary.join("\n") : event.type === "file" ? `[${fileWord}] ${event.file.caption}` : "";
      return [`${timeOf(row.message.at)} ${nameOf(row.message)}: ${body.trim()}`];
    })
    .join("\n");
}
