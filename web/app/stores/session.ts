/** The session of this browser as its tabs share it: who takes it over, and what is forgotten with the one before. */
import type { QueryClient } from "@tanstack/react-query";
import { readSession } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import { sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { sessionGone } from "./sessionGone";
import { tabs } from "./tabs";

const sameUser = (a: Session, b: Session): boolean => a.account.id === b.account.id && a.user.id === b.user.id;

/** Puts a session in the place of the one before; `null`: nobody is signed in. */
function adopt(client: QueryClient, session: Session | null): void {
  const before = client.getQueryData(sessionQuery.queryKey) ?? null;
  // What one user has read is not for another's eyes.
  if (!before || !session || !sameUser(before, session)) client.removeQueries({ predicate: (q) => q.queryKey[0] !== "session" });
  client.setQueryData(sessionQuery.queryKey, session);
  sessionGone.set(false);
  // What failed for want of a session is read again; what is there stays.
  if (session) void client.refetchQueries({ type: "active", predicate: (q) => q.state.status === "error" });
}

/** This tab signed in or out: the others follow. */
export function replaceSession(client: QueryClient, session: Session | null): void {
  adopt(client, session);
  tabs.tell({ kind: "session" });
}

/** Reads who is signed in, and takes that over. Answers the session; `null` when there is none; throws when nobody could say. */
async function reread(client: QueryClient): Promise<Session | null> {
  try {
    const session = await readSession();
    adopt(client, session);
    return session;
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) return null;
    throw e;
  }
}

/** Whether the session still stands. One that ended leaves the page as it is, under a sign-in dialog. */
export async function checkSession(client: QueryClient): Promise<Session | null> {
  const session = await reread(client);
  if (session === null) sessionGone.set(true);
  return session;
}

/** Follows the other tabs: signed in there is signed in here, and signed out likewise. */
export function followTabs(client: QueryClient): () => void {
  return tabs.listen((word) => {
    if (word.kind !== "session") return;
    reread(client).then(
      (session) => {
        if (session === null) adopt(client, null);
      },
      // Not reached: the socket will find out.
      () => undefined,
    );
  });
}
