/** The signed-in workspace as screens reach it. Everything here lives as long as one user is signed in. */
import { createContext, use, useCallback, useSyncExternalStore } from "react";
import type { Api } from "@/api/endpoints";
import type { queries } from "@/api/queries";
import type { Session } from "@/api/types";
import type { Attachments } from "./attachments";
import type { Drafts, Draft } from "./drafts";
import type { Me } from "./identity";
import type { IdleWatch } from "./idle";
import { preferences, type Preferences } from "./preferences";
import type { Snapshot, Workspace } from "./workspace";

export interface Desk {
  session: Session;
  me: Me;
  api: Api;
  queries: ReturnType<typeof queries>;
  workspace: Workspace;
  drafts: Drafts;
  attachments: Attachments;
  idle: IdleWatch;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (!desk) throw new Error("useDesk is used outside of the signed-in workspace");
  return desk;
}

/** A part of the living state. `select` must give the same object for the same state. */
export function useWorkspace<T>(select: (snapshot: Snapshot) => T): T {
  const { workspace } = useDesk();
  return useSyncExternalStore(workspace.subscribe, () => select(workspace.getSnapshot()));
}

export function useDraft(conversationId: string): [Draft, (draft: Draft) => void] {
  const { drafts } = useDesk();
  const draft = useSyncExternalStore(drafts.subscribe, () => drafts.get(conversationId));
  const set = useCallback((next: Draft) => drafts.set(conversationId, next), [drafts, conversationId]);
  return [draft, set];
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(preferences.subscribe, preferences.get);
}
