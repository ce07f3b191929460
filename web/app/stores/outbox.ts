/**
 * What the agent has written and the server has not yet confirmed.
 *
 * Each message carries a `ClientMessageId`: sending it again after a cut can never double it. Pure
 * functions here; `outboxStorage` keeps each message under its own key, so that two tabs never
 * overwrite one another.
 */
import type { Audience, DialogMessage } from "@/api/wire";

export interface PendingFile {
  relativePath: string;
  fileType: string;
  name: string;
  size: number;
  caption: string;
}

/** A template that the vendor approved, by name, with what goes into its gaps. */
export interface FilledTemplate {
  readonly name: string;
  readonly language: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface PendingMessage {
  readonly clientId: string;
  readonly conversationId: string;
  readonly dialogId: string;
  readonly audience: Audience;
  readonly content: { type: "text"; text: string; template?: FilledTemplate } | { type: "file"; file: PendingFile };
  readonly createdAt: number;
  /** `waiting`: not yet on its way (offline, or behind another). `refused`: the server said no, with its reason. */
  readonly state: "waiting" | "sending" | "accepted" | "refused";
  /** The number the server gave, once it has. */
  readonly sequence: number | null;
  readonly reason: string | null;
}

/** What the metadata of a pending message says beside its id. */
export function metadataOf(message: PendingMessage): Record<string, unknown>[] {
  const { content } = message;
  return content.type === "text" && content.template ? [{ type: "MessageTemplate", ...content.template }] : [];
}

/** The event to publish for a pending message. */
export function eventOf(message: PendingMessage): Record<string, unknown> {
  const { content } = message;
  if (content.type === "text") return { type: "ContentEvent", contentType: "text/plain", message: content.text };
  const { caption, relativePath, fileType, name, size } = content.file;
  return { type: "ContentEvent", contentType: "hosted/file", message: { caption, relativePath, fileType, name, size } };
}

/** Whether a stored message is this pending one. */
export function isEchoOf(pending: PendingMessage, message: DialogMessage): boolean {
  if (message.dialogId !== pending.dialogId) return false;
  if (message.clientMessageId !== null) return message.clientMessageId === pending.clientId;
  return pending.sequence !== null && message.sequence === pending.sequence;
}

/** Takes out what the log now shows. Same array when nothing changed. */
export function settle(all: readonly PendingMessage[], messages: readonly DialogMessage[]): readonly PendingMessage[] {
  if (all.length === 0) return all;
  const rest = all.filter((p) => !messages.some((m) => isEchoOf(p, m)));
  return rest.length === all.length ? all : rest;
}

export function update(all: readonly PendingMessage[], clientId: string, change: Partial<PendingMessage>): readonly PendingMessage[] {
  return all.map((p) => (p.clientId === clientId ? { ...p, ...change } : p));
}

/**
 * What may be sent now: in each dialog the oldest unconfirmed message, and only when none is on its way.
 * A refused one does not hold up those behind it: the agent sees it and decides.
 */
export function nextToSend(all: readonly PendingMessage[]): PendingMessage[] {
  const busy = new Set(all.filter((p) => p.state === "sending").map((p) => p.dialogId));
  const out: PendingMessage[] = [];
  for (const p of [...all].sort((a, b) => a.createdAt - b.createdAt)) {
    if (p.state !== "waiting" || busy.has(p.dialogId)) continue;
    busy.add(p.dialogId);
    out.push(p);
  }
  return out;
}

/** After a cut nobody knows whether what was on its way arrived: it waits again, under the same id. */
export function interrupted(all: readonly PendingMessage[]): readonly PendingMessage[] {
  return all.some((p) => p.state === "sending") ? all.map((p) => (p.state === "sending" ? { ...p, state: "waiting" as const } : p)) : all;
}

/** Oldest age at which the server still remembers a `ClientMessageId`: older ones are not sent by themselves. */
export const MEMORY_MS = 24 * 3_600_000;

/** Storage of the outbox: one key for each message. */
export function outboxStorage(storage: Storage, owner: string) {
  const prefix = `antiphon.outbox.${owner}.`;
  return {
    prefix,
    load(now: number): PendingMessage[] {
      const found: PendingMessage[] = [];
      for (let i = 0; i < storage.length; i += 1) {
        const key = storage.key(i);
        if (!key?.startsWith(prefix)) continue;
        const message = parsePending(storage.getItem(key));
        if (!message) continue;
        const old = now - message.createdAt > MEMORY_MS;
        found.push(old ? { ...message, state: "refused", reason: message.reason } : message);
      }
      return found.sort((a, b) => a.createdAt - b.createdAt);
    },
    save(message: PendingMessage): void {
      try {
        storage.setItem(prefix + message.clientId, JSON.stringify(message));
      } catch {
        // A full storage must not stop the agent from writing: the message lives on in this tab.
      }
    },
    remove(clientId: string): void {
      storage.removeItem(prefix + clientId);
    },
  };
}

export function parsePending(text: string | null): PendingMessage | null {
  if (!text) return null;
  try {
    const value = JSON.parse(text) as Partial<PendingMessage>;
    if (typeof value.clientId !== "string" || typeof value.dialogId !== "string" || !value.content) return null;
    return value as PendingMessage;
  } catch {
    return null;
  }
}
