/** What the screen lists, from the oldest to the newest: days, messages in groups, ends of conversations, and what waits. Pure. */
import type { Conversation, Known, Message } from "./model";
import type { Entry } from "./outbox";

/** Messages of one side within this time stand together. */
const TOGETHER = 4 * 60_000;

export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "ended"; key: string; at: number | null }
  | { kind: "message"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "pending"; key: string; entry: Entry; first: boolean; last: boolean };

const dayOf = (at: number): string => new Date(at).toDateString();

export function rowsOf(known: Known, shown: readonly string[], entries: readonly Entry[]): Row[] {
  const rows: Row[] = [];
  let day = "";
  const dated = (at: number, key: string) => {
    if (dayOf(at) === day) return;
    day = dayOf(at);
    rows.push({ kind: "day", key: `day ${key}`, at });
  };
  const conversations = shown.flatMap((id) => known.conversations[id] ?? []).sort((a, b) => a.startedAt - b.startedAt);
  for (const conversation of conversations) {
    const messages = messagesOf(known, conversation);
    messages.forEach((message, at) => {
      dated(message.at, `${message.dialog} ${message.sequence}`);
      const [before, after] = [messages[at - 1], messages[at + 1]];
      rows.push({ kind: "message", key: `${message.dialog} ${message.sequence}`, message, first: !before || !together(before, message), last: !after || !together(message, after) });
    });
    if (!conversation.open) rows.push({ kind: "ended", key: `end ${conversation.id}`, at: conversation.endedAt });
  }
  // A tap without words is nothing to look at.
  const visible = entries.filter((entry) => !entry.tap || entry.tap.publishes);
  visible.forEach((entry, at) => {
    dated(entry.at, entry.id);
    rows.push({ kind: "pending", key: entry.id, entry, first: at === 0, last: at === visible.length - 1 });
  });
  return rows;
}

/** In the order of their dialogs: the main one, then what followed it. */
function messagesOf(known: Known, conversation: Conversation): Message[] {
  return conversation.dialogs.flatMap((dialog) => known.logs[dialog.id]?.messages ?? []);
}

const together = (a: Message, b: Message): boolean => a.mine === b.mine && a.by === b.by && b.at - a.at < TOGETHER && dayOf(a.at) === dayOf(b.at);

/** The message whose quick replies can still be tapped: the last one, while nothing was said or tapped after it. */
export function repliesOf(known: Known, dialog: string, entries: readonly Entry[]): Message | null {
  const log = known.logs[dialog];
  const last = log?.messages.at(-1);
  if (!log || !last?.quickReplies || last.mine || log.acted.has(last.sequence)) return null;
  // What was written while the question came is no answer to it, but it takes its place.
  return entries.every((entry) => entry.state === "failed") ? last : null;
}

/** The last message of the visitor's, under which its fate stands. */
export function lastOfMine(rows: readonly Row[]): string | null {
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    if (row?.kind === "message" && row.message.mine) return row.key;
    if (row?.kind === "pending") return row.key;
  }
  return null;
}
