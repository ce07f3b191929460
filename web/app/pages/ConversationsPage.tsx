/** The agent's page: list, transcript, consumer. On a narrow screen each pane is a page of its own. */
import { getRouteApi, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import { ConsumerPane } from "@/components/ConsumerPane";
import { ConversationListPane } from "@/components/ConversationListPane";
import { ConversationPane } from "@/components/ConversationPane";
import { useConversationList } from "@/components/useConversationList";
import { SHORTCUTS, useShortcut } from "@/components/useShortcuts";
import { t } from "@/i18n";
import type { ListSearch } from "@/routes/search";
import { useDesk, usePreferences, useWorkspace } from "@/stores/context";
import { useMedia } from "@/stores/hooks";
import { preferences } from "@/stores/preferences";
import { EmptyState } from "@/ui/Feedback";

const route = getRouteApi("/conversations/$list");

export function ConversationsPage(): ReactNode {
  const { list: tab } = route.useParams();
  const search = route.useSearch();
  const { id } = useParams({ strict: false });
  const navigate = useNavigate();
  const { workspace } = useDesk();
  const prefs = usePreferences();
  const wide = useMedia("(min-width: 80rem)");
  const list = useConversationList(tab, search.q ?? "", search.filter);
  const consumerName = useWorkspace((s) => (id ? s.inbox.conversations[id]?.consumer : undefined));

  useEffect(() => {
    const name = consumerName?.name || consumerName?.address;
    document.title = name ? `${name} – ${t("app.name")}` : t("app.name");
  }, [consumerName]);

  const open = (to: string | undefined) => {
    if (to) void navigate({ to: "/conversations/$list/$id", params: { list: tab, id: to }, search: (s: ListSearch) => ({ q: s.q, filter: s.filter }) });
  };
  const step = (by: 1 | -1) => {
    const ids = list.rows.map((r) => r.conversation.id);
    const at = id ? ids.indexOf(id) : -1;
    if (by === 1 && at < 0) open(ids[0]);
    else open(ids[(at + by + ids.length) % ids.length]);
  };
  useShortcut("next", () => step(1));
  useShortcut("previous", () => step(-1));
  useShortcut("deselect", () => void navigate({ to: "/conversations/$list", params: { list: tab }, search: (s: ListSearch) => s }));

  useEffect(() => {
    if (!id) return;
    void workspace.openConversation(id);
    return () => workspace.leaveConversation(id);
  }, [id, workspace]);

  const details = wide ? prefs.details : search.pane === "consumer";
  const setDetails = (on: boolean) => {
    if (wide) preferences.set({ details: on });
    else void navigate({ to: ".", search: (s: ListSearch) => ({ ...s, pane: on ? ("consumer" as const) : undefined }) });
  };

  return (
    <main id="main" tabIndex={-1} className="relative grid outline-none h-full min-h-0 grid-cols-1 md:grid-cols-[minmax(17.5rem,21.5rem)_minmax(0,1fr)] xl:data-[details=true]:grid-cols-[21.5rem_minmax(0,1fr)_20rem]" data-details={Boolean(id) && details}>
      <div className={`min-h-0 border-line md:border-e ${id ? "max-md:hidden" : ""}`}>
        <ConversationListPane tab={tab} search={search} selected={id} list={list} />
      </div>
      <div className={`min-h-0 min-w-0 bg-surface ${id ? "" : "max-md:hidden"} ${details && !wide ? "max-md:hidden" : ""}`}>
        {id ? (
          <ConversationPane key={id} id={id} tab={tab} details={details} onDetails={setDetails} />
        ) : (
          <EmptyState icon="chat" title={t("conv.none")} hint={t("conv.noneHint", { key: SHORTCUTS.next.keys.join("+") })} />
        )}
      </div>
      {id && details && (
        <div className="min-h-0 border-line max-xl:absolute max-xl:inset-y-0 max-xl:end-0 max-xl:z-20 max-xl:w-80 max-xl:shadow-lg max-md:w-full xl:border-s">
          <ConsumerPane key={id} id={id} tab={tab} beside={search.beside} onClose={() => setDetails(false)} closable={!wide} />
        </div>
      )}
    </main>
  );
}
