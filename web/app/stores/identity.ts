/** Who is who: the forms in which a user's id occurs, and what one may do. Pure. */
import type { Privilege, Session } from "@/api/types";
import { en } from "@/i18n/en";
import { t } from "@/i18n";

/** The signed-in user, as the stores need to know it. */
export interface Me {
  readonly accountId: string;
  readonly userId: string;
  /** `<account>.<user>`: the form the socket uses. */
  readonly oldId: string;
  readonly pid: string;
}

export const meOf = (session: Session): Me => ({
  accountId: session.account.id,
  userId: session.user.id,
  oldId: `${session.account.id}.${session.user.id}`,
  pid: session.user.pid,
});

/** The socket writes `<account>.<user>`, the admin API the bare number, some clients the PId. */
export const isMe = (me: Me, id: string): boolean => id === me.oldId || id === me.userId || id === me.pid;

/** The bare user id of any of its forms. */
export const userIdOf = (accountId: string, id: string): string => (id.startsWith(`${accountId}.`) ? id.slice(accountId.length + 1) : id);

export const may = (session: Session, privilege: Privilege): boolean => session.privileges.includes(privilege);

/** The three profiles that every account has are named in the reader's language, others as they were named. */
export function nameOfProfile(name: string): string {
  const key = `profile.${name}`;
  return key in en ? t(key as keyof typeof en) : name;
}

/** Name under which drafts, unsent messages and preferences of this user are kept in the browser. */
export const ownerOf = (me: Me): string => `${me.accountId}.${me.userId}`;
