/** The order of a live list: who waits longest first, then the newest activity. Pure. */
import type { Conversation } from "@/api/wire";
import { assignedAgent } from "./actions";

const activity = (c: Conversation): number => c.last?.at ?? c.startedAt;

export function byUrgency(a: Conversation, b: Conversation): number {
  if (a.waitingSince !== null && b.waitingSince !== null) return a.waitingSince - b.waitingSince || (a.id < b.id ? -1 : 1);
  if (a.waitingSince !== null) return -1;
  if (b.waitingSince !== null) return 1;
  return activity(b) - activity(a) || (a.id < b.id ? -1 : 1);
}

export function listed(
  conversations: Readonly<Record<string, Conversation>>,
  members: ReadonlySet<string>,
  filter?: "queue" | "waiting",
): Conversation[] {
  const rows: Conversation[] = [];
  for (const id of members) {
    const c = conversations[id];
    if (!c) continue;
    if (filter === "queue" && assignedAgent(c) !== null) continue;
    if (filter === "waiting" && c.waitingSince === null) continue;
    rows.push(c);
  }
  return rows.sort(byUrgency);
}
