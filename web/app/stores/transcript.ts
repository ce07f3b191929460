/** The rows of a transcript: messages, day breaks, system lines and what waits to be sent, in one order. Pure. */
import type { ConversationChange, DeliveryStatus } from "@/api/types";
import type { DialogMessage, Note } from "@/api/wire";
import { dayKey } from "@/lib/time";
import { receiptsOf, type Receipts } from "./dialogLog";
import type { PendingMessage } from "./outbox";

export type Row =
  | { kind: "older"; key: string }
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string }
  | { kind: "system"; key: string; change: ConversationChange }
  | { kind: "note"; key: string; at: number; note: Note }
  | { kind: "message"; key: string; message: DialogMessage; first: boolean; last: boolean; status: DeliveryStatus | null }
  | { kind: "pending"; key: string; pending: PendingMessage };

/** Offers come and go by the second; the transcript tells what came of them. */
const SILENT = new Set(["ring_offered"]);

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
  const partial = start !== undefined && start.sequence > 0;
  if (partial) rows.push({ kind: "older", key: "older" });

  const lines = changes.filter((c) => !SILENT.has(c.kind) && (!partial || c.at >= start.at)).sort((a, b) => a.at - b.at || a.version - b.version);
  let nextLine = 0;
  let day = "";
  const onDay = (at: number) => {
    const key = dayKey(at);
    if (key === day) return;
    day = key;
    rows.push({ kind: "day", key: `day-${key}`, at });
  };
  const linesUntil = (at: number): boolean => {
    const before = nextLine;
    for (let line = lines[nextLine]; line && line.at <= at; line = lines[nextLine]) {
      onDay(line.at);
      rows.push({ kind: "system", key: `change-${line.version}-${line.kind}-${nextLine}`, change: line });
      nextLine += 1;
    }
    return nextLine > before;
  };

  let group: Extract<Row, { kind: "message" }> | null = null;
  for (const message of shown) {
    const broken = linesUntil(message.at) || message.notes.length > 0;
    onDay(message.at);
    message.notes.forEach((note, n) => rows.push({ kind: "note", key: `note-${message.dialogId}-${message.sequence}-${n}`, at: message.at, note }));
    if (message.event.type === "accept") {
      group = null;
      continue;
    }
    const marked = firstUnread === message.sequence;
    if (marked) rows.push({ kind: "new", key: "new" });
    const first: boolean = broken || marked || group === null || !together(group.message, message);
    if (!first && group) group.last = false;
    group = {
      kind: "message",
      // The same key as while it waited, so that the row stays where it is.
      key: message.clientMessageId ? `c-${message.clientMessageId}` : `m-${message.dialogId}-${message.sequence}`,
      message,
      first,
      last: true,
      status: statusOf(message, receipts),
    };
    rows.push(group);
  }
  linesUntil(Infinity);
  for (const p of pending) rows.push({ kind: "pending", key: `c-${p.clientId}`, pending: p });
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
