/** What the frame knows: conversations, their dialogs, and what was said in them, as values that are never changed in place. */

export type Status = "ACCEPT" | "READ" | "ACTION" | "ACCESS" | "NACK" | "ENRICH" | "VIEWED";

export interface Dialog {
  readonly id: string;
  /** `MAIN`, `POST_SURVEY`, or another of the protocol's. */
  readonly kind: string;
  readonly open: boolean;
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** Who serves in it. */
  readonly agents: readonly string[];
}

export interface Conversation {
  readonly id: string;
  readonly open: boolean;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly updatedAt: number;
  readonly closedBy: string | null;
  /** The main one first. */
  readonly dialogs: readonly Dialog[];
}

export interface HostedFile {
  readonly type: "file";
  readonly path: string;
  readonly fileType: string;
  readonly caption: string;
  readonly preview: string | null;
  readonly name: string | null;
  readonly size: number | null;
}

export type Content = { readonly type: "text"; readonly text: string } | HostedFile | { readonly type: "rich"; readonly body: Readonly<Record<string, unknown>> };

export interface Message {
  readonly dialog: string;
  readonly sequence: number;
  readonly mine: boolean;
  readonly by: string;
  readonly role: string;
  readonly at: number;
  /** The sender's own id of it. */
  readonly clientId: string | null;
  readonly content: Content;
  readonly quickReplies: Readonly<Record<string, unknown>> | null;
}

export interface Receipt {
  readonly sequence: number;
  readonly mine: boolean;
  readonly status: Status;
  readonly of: readonly number[];
}

/** What was said in a dialog, as far as it is here. */
export interface Log {
  /** By sequence. */
  readonly messages: readonly Message[];
  /** The first sequence that is not here. */
  readonly next: number;
  /** How far others came with what the visitor wrote. */
  readonly theirs: Readonly<Record<number, "ACCEPT" | "READ">>;
  /** What the visitor acknowledged. */
  readonly accepted: ReadonlySet<number>;
  readonly read: ReadonlySet<number>;
  /** What the visitor has seen here, whether that was acknowledged yet or not. */
  readonly seen: ReadonlySet<number>;
  /** What the visitor answered by a tap. */
  readonly acted: ReadonlySet<number>;
}

export interface Typing {
  readonly by: string;
  readonly until: number;
}

export interface Known {
  readonly conversations: Readonly<Record<string, Conversation>>;
  readonly logs: Readonly<Record<string, Log>>;
  readonly typing: Readonly<Record<string, Typing>>;
}

export const NOTHING: Known = { conversations: {}, logs: {}, typing: {} };

export const EMPTY_LOG: Log = { messages: [], next: 0, theirs: {}, accepted: new Set(), read: new Set(), seen: new Set(), acted: new Set() };

/** Oldest first. */
export function conversationsOf(known: Known): Conversation[] {
  return Object.values(known.conversations).sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}

/** The one that goes on, or the last one. */
export const latest = (known: Known): Conversation | null => conversationsOf(known).at(-1) ?? null;

/** Where the visitor writes now: the open dialog of the open conversation, a survey before the main one. */
export function currentDialog(known: Known): Dialog | null {
  const conversation = latest(known);
  if (!conversation?.open) return null;
  return conversation.dialogs.filter((dialog) => dialog.open).at(-1) ?? null;
}
