/** Brings up everything a signed-in user needs and takes it down again: socket, inbox, drafts, alerts. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { api as apiOf, reportActivity } from "@/api/endpoints";
import { queries } from "@/api/queries";
import { AgentSocket, browserWorld } from "@/api/socket";
import type { Availability, Session } from "@/api/types";
import type { DialogMessage, Ring } from "@/api/wire";
import { t } from "@/i18n";
import { beep, notify, once } from "@/stores/alerts";
import { Attachments } from "@/stores/attachments";
import { applyToCaches } from "@/stores/caches";
import { DeskContext, type Desk } from "@/stores/context";
import { Drafts } from "@/stores/drafts";
import { ownerOf, type Me } from "@/stores/identity";
import { IdleWatch } from "@/stores/idle";
import type { Effects } from "@/stores/inbox";
import { outboxStorage } from "@/stores/outbox";
import { checkSession } from "@/stores/session";
import { sessionGone } from "@/stores/sessionGone";
import { browserShelf } from "@/stores/shelf";
import { tabs } from "@/stores/tabs";
import { toast } from "@/stores/toasts";
import { Workspace } from "@/stores/workspace";
import { useIdleWatch } from "./useIdleWatch";

const AVAILABILITIES: readonly string[] = ["ONLINE", "OCCUPIED", "BACK_SOON", "AWAY", "OFFLINE"];

function desiredState(owner: string) {
  const key = `antiphon.state.${owner}`;
  return {
    get(): Availability | null {
      const value = localStorage.getItem(key);
      return value !== null && AVAILABILITIES.includes(value) ? (value as Availability) : null;
    },
    set(value: Availability): void {
      try {
        localStorage.setItem(key, value);
      } catch {
        // Then it is not restored after a cut; the server's word holds.
      }
    },
  };
}

/** Everything that lives as long as one user is signed in, whatever session carries it. */
function makeCore(me: Me, client: QueryClient) {
  const api = apiOf(me.accountId);
  const reads = queries(api);
  const owner = ownerOf(me);
  const workspace = new Workspace({
    me,
    // What an offer has read of its conversation is not read again when it is accepted.
    api: { ...api, conversation: (id) => client.fetchQuery(reads.summary(id)) },
    makeSocket: (events) => new AgentSocket(browserWorld(me.accountId), events),
    storage: outboxStorage(localStorage, owner),
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
    later: (run, ms) => void setTimeout(run, ms),
    desiredState: desiredState(owner),
    sessionExists: () => checkSession(client).then((session) => session !== null, () => true),
    onProblem: (message) => toast(message || t("error.generic"), "danger"),
  });
  const attachments = new Attachments({
    newId: () => crypto.randomUUID(),
    now: () => Date.now(),
    shelf: browserShelf(owner, () => Date.now()),
    share: (conversationId) => tabs.tell({ kind: "files", owner, conversationId }),
  });
  const idle = new IdleWatch({
    now: () => Date.now(),
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
    report: async () => (await reportActivity()).idle,
    ask: async () => (await checkSession(client))?.idle ?? null,
    share: (endsAt) => tabs.tell({ kind: "awake", owner, endsAt }),
  });
  return { me, owner, api, queries: reads, workspace, drafts: new Drafts(localStorage, owner), attachments, idle };
}

export function DeskProvider({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const navigate = useNavigate();

  const show = useEffectEvent((conversationId: string) => {
    void navigate({ to: "/conversations/$list/$id", params: { list: "mine", id: conversationId } });
  });
  const alert = useEffectEvent((desk: ReturnType<typeof makeCore>, effects: Effects) => {
    // What is offered is not in the inbox yet: its card reads the same summary.
    const nameOf = async (id: string) => {
      const known = desk.workspace.getSnapshot().inbox.conversations[id];
      const { consumer } = known ?? (await client.fetchQuery(desk.queries.summary(id)).catch(() => null)) ?? {};
      return consumer?.name || consumer?.address || t("conv.unknown");
    };
    const rang: Ring | undefined = effects.rang[0];
    const came = rang?.conversationId ?? effects.assigned[0]?.id;
    if (came !== undefined) {
      void once(`ring-${rang?.id ?? came}`, () => {
        beep("ring");
        void nameOf(came).then((name) => notify(t("notify.ring", { name }), t("notify.ringBody"), `ring-${came}`, () => show(came)));
      });
    }
    const arrived: DialogMessage | undefined = effects.arrived[0];
    if (arrived) {
      const { conversationId, dialogId, sequence, event } = arrived;
      const body = event.type === "text" ? event.text : event.type === "file" ? t("list.file") : t("list.rich");
      void once(`message-${dialogId}-${sequence}`, () => {
        if (came === undefined) beep("message");
        void nameOf(conversationId).then((name) => notify(t("notify.message", { name }), body, `conversation-${conversationId}`, () => show(conversationId)));
      });
    }
  });

  // The user's identity decides, not the session object, which is renewed by signing in again.
  const accountId = session.account.id;
  const userId = session.user.id;
  const { pid } = session.user;
  const core = useMemo(() => makeCore({ accountId, userId, pid, oldId: `${accountId}.${userId}` }, client), [accountId, userId, pid, client]);
  const desk: Desk = useMemo(() => ({ ...core, session }), [core, session]);

  useEffect(() => {
    const { workspace, drafts, attachments, owner } = core;
    const quiet = workspace.listen((effects, notice) => {
      applyToCaches(client, notice, effects);
      alert(core, effects);
    });
    void attachments.restore();
    const deaf = tabs.listen((word) => {
      if (word.kind === "files" && word.owner === owner) void attachments.restore(word.conversationId);
    });
    const online = () => workspace.reconnect();
    const offline = () => workspace.networkLost();
    const visible = () => document.visibilityState === "visible" && workspace.reconnect();
    const storage = (e: StorageEvent) => drafts.fromOtherTab(e.key, e.newValue);
    window.addEventListener("online", online);
    window.addEventListener("offline", offline);
    window.addEventListener("storage", storage);
    document.addEventListener("visibilitychange", visible);
    return () => {
      quiet();
      deaf();
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
      window.removeEventListener("storage", storage);
      document.removeEventListener("visibilitychange", visible);
    };
  }, [core, client]);

  // An ended session takes the line along; what is on the page stays until somebody signs in again.
  const gone = useSyncExternalStore(sessionGone.subscribe, sessionGone.get);
  useEffect(() => {
    if (gone) return;
    core.workspace.start();
    return () => core.workspace.stop();
  }, [core, gone]);
  useIdleWatch(core.idle, core.owner, session.idle, !gone);

  return <DeskContext value={desk}>{children}</DeskContext>;
}
