/** Brings a conversation of the admin API's list, which numbers users plainly, into the form of the socket. Pure. */
import type { ConversationSummary } from "@/api/types";
import type { Conversation } from "@/api/wire";

export function conversationOfSummary(s: ConversationSummary, accountId: string): Conversation {
  const old = (id: string, role: string) => (role === "CONSUMER" || id.includes(".") || id.includes("-") ? id : `${accountId}.${id}`);
  const open = s.state === "open";
  const participants = s.participants.map((p) => {
    return { id: old(p.id, p.role), role: p.role, state: p.suggested ? "SUGGESTED" : "ACTIVE" };
  });
  if (s.assigned_agent && !participants.some((p) => p.role === "ASSIGNED_AGENT")) {
    participants.push({ id: old(s.assigned_agent, "ASSIGNED_AGENT"), role: "ASSIGNED_AGENT", state: "ACTIVE" });
  }
  return {
    id: s.id,
    open,
    mainDialogId: s.id,
    dialogIds: [s.id],
    skillId: s.skill_id,
    participants,
    startedAt: s.started_at,
    endedAt: s.ended_at,
    closeReason: s.close_reason,
    updatedAt: s.updated_at,
    unread: {},
    last: s.last_message
      ? {
          sequence: s.last_message.sequence,
          text: s.last_message.text,
          role: s.last_message.originator_role,
          originatorId: "",
          at: s.last_message.at,
          kind: s.last_message.kind,
        }
      : null,
    channel: s.channel,
    sourceId: s.source_id,
    consumer: { id: s.consumer.id, name: s.consumer.name, address: s.consumer.address, optedOut: false },
    waitingSince: s.waiting_since,
    composer: { enabled: open, reason: null, code: null, windowClosesAt: null, templates: false },
    limits: null,
    media: undefined,
  };
}
