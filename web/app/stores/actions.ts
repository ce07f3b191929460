/**
 * What may be done with a conversation, in one table, used by buttons, menus and shortcuts alike.
 *
 * A refused action carries the key of the sentence that says why: buttons are disabled with a reason,
 * not hidden. The server decides in the end; this only spares the agent a refusal.
 */
import type { Session } from "@/api/types";
import type { Conversation } from "@/api/wire";
import type { MessageKey } from "@/i18n";
import { isMe, may, meOf } from "./identity";

export type Allowed = { ok: true } | { ok: false; why: MessageKey };

const yes: Allowed = { ok: true };
const no = (why: MessageKey): Allowed => ({ ok: false, why });

/** My role in it: an assigned agent who also joined counts as assigned. `null` when I take no part. */
export function myRole(c: Conversation, session: Session): string | null {
  const me = meOf(session);
  const mine = c.participants.filter((p) => p.state !== "SUGGESTED" && isMe(me, p.id)).map((p) => p.role);
  return mine.includes("ASSIGNED_AGENT") ? "ASSIGNED_AGENT" : (mine[0] ?? null);
}

export const assignedAgent = (c: Conversation): string | null =>
  c.participants.find((p) => p.role === "ASSIGNED_AGENT" && p.state !== "SUGGESTED")?.id ?? null;

const canSteer = (c: Conversation, session: Session): Allowed => {
  if (!c.open) return no("why.closed");
  const role = myRole(c, session);
  if (role === "ASSIGNED_AGENT" || role === "MANAGER") return yes;
  return no(may(session, "join_conversations") ? "why.joinFirst" : "why.notYours");
};

export const conversationCan = {
  write(c: Conversation, session: Session): Allowed {
    if (!c.open) return no("why.closed");
    const role = myRole(c, session);
    if (role === null) return no(may(session, "join_conversations") ? "why.joinFirst" : "why.notYours");
    return role === "READER" ? no("why.reader") : yes;
  },
  transfer: canSteer,
  close: canSteer,
  returnToQueue(c: Conversation, session: Session): Allowed {
    const steer = canSteer(c, session);
    if (!steer.ok) return steer;
    return assignedAgent(c) === null ? no("why.inQueue") : yes;
  },
  join(c: Conversation, session: Session): Allowed {
    if (!c.open) return no("why.closed");
    if (myRole(c, session) !== null) return no("why.alreadyIn");
    return may(session, "join_conversations") ? yes : no("why.noJoin");
  },
  leave(c: Conversation, session: Session): Allowed {
    if (!c.open) return no("why.closed");
    const role = myRole(c, session);
    if (role === null) return no("why.notIn");
    return role === "ASSIGNED_AGENT" ? no("why.assigned") : yes;
  },
} as const;
