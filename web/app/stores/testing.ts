/** Builders for specs: small, whole values. Imported by specs only. */
import type { Conversation, DialogMessage, Notice, Ring } from "@/api/wire";

export const ACCOUNT = "12";
export const ME = { accountId: ACCOUNT, userId: "77", oldId: "12.77", pid: "pid-77" };

export function message(sequence: number, more: Partial<DialogMessage> = {}): DialogMessage {
  return {
    conversationId: "C",
    dialogId: "C",
    sequence,
    originatorId: "cons-1",
    role: "CONSUMER",
    at: 1_700_000_000_000 + sequence * 1000,
    vendorAt: null,
    audience: "ALL",
    event: { type: "text", text: `text ${sequence}`, quickReplies: [] },
    clientMessageId: null,
    notes: [],
    delivery: null,
    ...more,
  };
}

export const mine = (sequence: number, more: Partial<DialogMessage> = {}): DialogMessage =>
  message(sequence, { originatorId: "12.77", role: "ASSIGNED_AGENT", ...more });

export function conversation(id = "C", more: Partial<Conversation> = {}): Conversation {
  return {
    id,
    open: true,
    mainDialogId: id,
    dialogIds: [id],
    skillId: "55",
    participants: [
      { id: "cons-1", role: "CONSUMER", state: "ACTIVE" },
      { id: "12.77", role: "ASSIGNED_AGENT", state: "ACTIVE" },
    ],
    startedAt: 1_700_000_000_000,
    endedAt: null,
    closeReason: null,
    updatedAt: 1,
    unread: {},
    last: null,
    channel: "test_channel",
    sourceId: "src_1",
    consumer: { id: "cons-1", name: "Nora", address: "+1", optedOut: false },
    waitingSince: null,
    composer: { enabled: true, reason: null, code: null, windowClosesAt: null, templates: false },
    limits: null,
    media: undefined,
    ...more,
  };
}

export const ring = (id: string, more: Partial<Ring> = {}): Ring => ({
  id,
  conversationId: "C",
  skillId: "55",
  consumerId: "cons-1",
  state: "WAITING",
  expiresAt: 2_000,
  lasts: 72_000,
  ...more,
});

export const upsert = (subscriptionId: string, ...results: Conversation[]): Notice => ({
  kind: "conversations",
  subscriptionId,
  changes: results.map((result) => ({ type: "UPSERT", result })),
});
export const remove = (subscriptionId: string, ...results: Conversation[]): Notice => ({
  kind: "conversations",
  subscriptionId,
  changes: results.map((result) => ({ type: "DELETE", result })),
});
