/**
 * What the visitor has written and the server has not confirmed yet. It survives reloads and lost connections.
 *
 * Each entry bears an id that travels with it, so that sending it again never doubles it; and an entry is gone only once the
 * conversation shows it. Each stands under a key of its own, because several tabs share the storage.
 */
import type { Known, Message } from "./model";

/** A tapped answer: which message it is about, and what stands behind the button. */
export interface Tap {
  dialog: string;
  sequence: number;
  metadata: object[];
  /** The id under which the tap itself is told. */
  id: string;
  told: boolean;
  /** Whether there is a text to publish. */
  publishes: boolean;
}

export interface PendingFile {
  name: string;
  type: string;
  fileType: string;
  size: number;
  preview: string | null;
  /** Where it was uploaded to. */
  path: string | null;
}

export interface Entry {
  readonly id: string;
  /** The tab that sends it. */
  readonly tab: string;
  readonly at: number;
  /** A message, or the text below a file. */
  readonly text: string;
  readonly file: PendingFile | null;
  readonly tap: Tap | null;
  readonly state: "waiting" | "sending" | "sent" | "failed";
  /** Where it stands, once it was sent. */
  readonly dialog: string | null;
  readonly sequence: number | null;
  /** Why it failed, in the server's words. */
  readonly reason: string | null;
  /** How much of a file is there, 0 to 1. */
  readonly progress: number | null;
}

export function entryOf(id: string, tab: string, at: number, what: Partial<Pick<Entry, "text" | "file" | "tap">>): Entry {
  return { id, tab, at, text: "", file: null, tap: null, state: "waiting", dialog: null, sequence: null, reason: null, progress: null, ...what };
}

/** Whether a message of the conversation is this entry. */
export const isEcho = (entry: Entry, message: Message): boolean =>
  message.mine && (message.clientId === entry.id || (entry.sequence !== null && message.dialog === entry.dialog && message.sequence === entry.sequence));

/** Those that the conversation does not show yet. */
export function unsettled(entries: readonly Entry[], known: Known): readonly Entry[] {
  if (entries.length === 0) return entries;
  const mine = Object.values(known.logs).flatMap((log) => log.messages.filter((message) => message.mine));
  const rest = entries.filter((entry) => !mine.some((message) => isEcho(entry, message)));
  return rest.length === entries.length ? entries : rest;
}

/** The entry to send next: the oldest of this tab. A failed one holds up nobody; the visitor decides about it. */
export function nextOf(entries: readonly Entry[], tab: string): Entry | null {
  const own = entries.filter((entry) => entry.tab === tab);
  if (own.some((entry) => entry.state === "sending")) return null;
  return own.find((entry) => entry.state === "waiting") ?? null;
}

/** After a cut nobody knows whether what was on its way arrived: it waits again, under the same id. */
export const interrupted = (entries: readonly Entry[]): readonly Entry[] =>
  entries.some((entry) => entry.state === "sending") ? entries.map((entry) => (entry.state === "sending" ? { ...entry, state: "waiting", progress: null } : entry)) : entries;

/** The storage of one visitor's entries. */
export class OutboxStorage {
  constructor(
    private readonly storage: Storage | null,
    readonly prefix: string,
  ) {}

  /** All entries, of every tab, oldest first. */
  load(): Entry[] {
    const found: Entry[] = [];
    for (let at = 0; at < (this.storage?.length ?? 0); at += 1) {
      const key = this.storage?.key(at);
      const entry = key?.startsWith(this.prefix) ? parse(this.storage?.getItem(key) ?? null) : null;
      if (entry) found.push(entry);
    }
    return found.sort(byAge);
  }

  save(entry: Entry): void {
    try {
      this.storage?.setItem(this.prefix + entry.id, JSON.stringify({ ...entry, progress: null }));
    } catch {
      // A full storage must not keep the visitor from writing: the entry lives on in this tab.
    }
  }

  remove(id: string): void {
    this.storage?.removeItem(this.prefix + id);
  }
}

export const byAge = (a: Entry, b: Entry): number => a.at - b.at || (a.id < b.id ? -1 : 1);

function parse(text: string | null): Entry | null {
  try {
    const value = JSON.parse(text ?? "") as Partial<Entry>;
    if (typeof value.id !== "string" || typeof value.at !== "number" || typeof value.text !== "string") return null;
    const entry = entryOf(value.id, String(value.tab), value.at, { text: value.text, file: value.file ?? null, tap: value.tap ?? null });
    // What was on its way when the page went away waits again.
    return value.state === "failed" ? { ...entry, state: "failed", reason: value.reason ?? null } : entry;
  } catch {
    return null;
  }
}
