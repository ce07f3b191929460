/** The list pane: the agent's state, offers, the choice of lists, search, and the rows, drawn only where seen. */
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import type { ListSearch, ListTab } from "@/routes/search";
import { useDesk, useWorkspace } from "@/stores/context";
import { useNames, useNow } from "@/stores/hooks";
import { may } from "@/stores/identity";
import { Button, IconButton } from "@/ui/Button";
import { EmptyState, ErrorNote, Kbd, RowsSkeleton } from "@/ui/Feedback";
import { Icon } from "@/ui/Icon";
import { Tabs } from "@/ui/Tabs";
import { ConnectionMark } from "./ConnectionBar";
import { ConversationRow } from "./ConversationRow";
import { RingCards } from "./RingCards";
import { StateSwitch } from "./StateSwitch";
import type { ConversationList } from "./useConversationList";
import { SHORTCUTS, useShortcut } from "./useShortcuts";

/** Height of a row before it is measured, in pixels. */
const ROW = 86;
const SEARCH_PAUSE_MS = 250;

function SearchField({ tab, search }: { tab: ListTab; search: ListSearch }) {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(search.q ?? "");
  useShortcut("find", () => {
    input.current?.focus();
    input.current?.select();
  });
  useEffect(() => {
    if (text.trim() === (search.q ?? "")) return;
    const timer = setTimeout(() => {
      const q = text.trim();
      void navigate({ to: ".", search: (s: ListSearch) => ({ ...s, q: q || undefined }), replace: true });
    }, SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, search.q, navigate]);
  return (
    <div role="search" className="relative">
      <Icon name="search" size={15} className="pointer-events-none absolute start-2.5 top-1/2 -translate-y-1/2 text-text-3" />
      <input
        ref={input}
        type="search"
        aria-label={t("list.search")}
        placeholder={t("list.search")}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape") setText("");
          if (e.key === "ArrowDown") {
            e.preventDefault();
            document.querySelector<HTMLElement>("[data-conversation]")?.focus();
          }
        }}
        className="h-9 w-full rounded-lg border border-line bg-sunken ps-8 pe-16 [unicode-bidi:plaintext] text-sm placeholder:text-text-3 focus:bg-surface [&::-webkit-search-cancel-button]:hidden"
        data-tab={tab}
      />
      <span className="absolute end-1.5 top-1/2 flex -translate-y-1/2 items-center">
        {text ? <IconButton icon="x" label={t("list.searchClear")} size={14} className="size-6" onClick={() => { setText(""); input.current?.focus(); }} /> : <span aria-hidden="true" className="flex gap-0.5 max-md:hidden">{SHORTCUTS.find.keys.map((k) => <Kbd key={k}>{k}</Kbd>)}</span>}
      </span>
    </div>
  );
}

/** Arrow keys walk the rows; the browser scrolls them into view. */
function walk(e: React.KeyboardEvent<HTMLElement>): void {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  const rows = [...e.currentTarget.querySelectorAll<HTMLElement>("[data-conversation]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  e.preventDefault();
  rows[at + (e.key === "ArrowDown" ? 1 : -1)]?.focus();
}

export function ConversationListPane({ tab, search, selected, list }: { tab: ListTab; search: ListSearch; selected: string | undefined; list: ConversationList }) {
  const { session, workspace } = useDesk();
  const navigate = useNavigate();
  const names = useNames();
  const now = useNow(10_000);
  const scroller = useRef<HTMLDivElement>(null);
  const mine = useWorkspace((s) => s.inbox.lists.mine.size);
  const all = useWorkspace((s) => (s.inbox.loaded.all ? s.inbox.lists.all.size : null));
  const availability = useWorkspace((s) => s.inbox.availability);
  const live = useWorkspace((s) => s.connection === "live");
  const { rows } = list;
  // eslint-disable-next-line react-hooks/incompatible-library -- the list is drawn again on purpose whenever it scrolls.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (i) => rows[i]?.conversation.id ?? i,
    overscan: 8,
  });
  const seesAll = may(session, "view_all_conversations");
  const go = (to: ListTab) => void navigate({ to: selected ? "/conversations/$list/$id" : "/conversations/$list", params: { list: to, id: selected ?? "" }, search: {} });
  const empty = search.q ? "search" : tab;

  return (
    <section aria-label={t("list.title")} className="flex h-full min-h-0 flex-col bg-surface">
      {selected ? <h2 className="sr-only">{t("list.title")}</h2> : <h1 className="sr-only">{t("list.title")}</h1>}
      <div className="flex shrink-0 items-center justify-between gap-2 px-3 pt-3 pb-2">
        <StateSwitch />
        <ConnectionMark />
      </div>
      {live && (availability === "OFFLINE" || availability === "AWAY") && (
        <div className="mx-3 mb-2 flex items-center gap-2 rounded-lg bg-warn-soft py-1.5 ps-3 pe-1.5 text-xs text-warn">
          <span className="flex-1">{t("state.offlineCallout", { state: t(`state.${availability}`).toLocaleLowerCase() })}</span>
          <Button small look="primary" onClick={() => void workspace.setAvailability("ONLINE").catch(() => undefined)}>
            {t("state.goOnline")}
          </Button>
        </div>
      )}
      <RingCards />
      <div className="flex shrink-0 flex-col gap-2 px-3 pb-2">
        <Tabs
          label={t("list.tabs")}
          value={tab}
          onChange={go}
          options={[
            { value: "mine" as const, label: t("list.mine"), count: mine },
            ...(seesAll ? [{ value: "all" as const, label: t("list.all"), count: all }] : []),
            { value: "closed" as const, label: t("list.closed") },
          ]}
        />
        <SearchField key={tab} tab={tab} search={search} />
        {tab === "all" && !search.q && (
          <Tabs
            label={t("list.filter")}
            value={search.filter ?? "everyone"}
            onChange={(f) => void navigate({ to: ".", search: (s: ListSearch) => ({ ...s, filter: f === "everyone" ? undefined : f }) })}
            options={[
              { value: "everyone" as const, label: t("list.everyone") },
              { value: "queue" as const, label: t("list.unassigned") },
              { value: "waiting" as const, label: t("list.waitingOnly") },
            ]}
          />
        )}
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto pb-2" tabIndex={rows.length === 0 ? undefined : -1}>
        {list.error ? (
          <div className="p-3">
            <ErrorNote remedy={problemOf(list.error)} action={<Button small onClick={list.retry}>{t("conv.retry")}</Button>}>
              {t("list.error")}
            </ErrorNote>
          </div>
        ) : list.loading ? (
          <RowsSkeleton label={t("app.loading")} />
        ) : rows.length === 0 ? (
          <EmptyState icon={search.q ? "search" : "inbox"} title={t(`list.empty.${empty}`)} hint={t(`list.empty.${empty}Hint`)} />
        ) : (
          // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the rows are links; the arrows are a shorter way between them.
          <div role="list" onKeyDown={walk} className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <div key={item.key} role="presentation" ref={virtual.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
                  <ConversationRow {...row} names={names} now={now} tab={tab} selected={row.conversation.id === selected} position={item.index} count={rows.length} />
                </div>
              );
            })}
          </div>
        )}
        {list.more && !list.loading && (
          <div className="p-3 text-center">
            <Button small busy={list.loadingMore} onClick={list.more}>
              {t("list.more")}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}
