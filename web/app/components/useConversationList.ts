/** The rows of the list that is shown, whether the socket keeps them or the admin API found them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo } from "react";
import type { Conversation } from "@/api/wire";
import type { ListTab } from "@/routes/search";
import { useDesk, useWorkspace } from "@/stores/context";
import { conversationOfSummary } from "@/stores/summary";
import { listed } from "@/stores/listed";

export interface ListRow {
  conversation: Conversation;
  unread: number;
}

export interface ConversationList {
  rows: readonly ListRow[];
  loading: boolean;
  error: unknown;
  retry: () => void;
  more: (() => void) | null;
  loadingMore: boolean;
}

export function useConversationList(tab: ListTab, q: string, filter: "queue" | "waiting" | undefined): ConversationList {
  const { me, queries, workspace } = useDesk();
  const query = useDeferredValue(q.trim());
  const fromServer = query !== "" || tab === "closed";
  const conversations = useWorkspace((s) => s.inbox.conversations);
  const lists = useWorkspace((s) => s.inbox.lists);
  const loaded = useWorkspace((s) => s.inbox.loaded);

  useEffect(() => {
    if (tab === "all" && !fromServer) workspace.watchAll();
  }, [tab, fromServer, workspace]);

  const found = useInfiniteQuery({ ...queries.conversations(query !== "" ? { q: query } : { state: "closed" }), enabled: fromServer });

  const rows = useMemo((): ListRow[] => {
    if (fromServer) {
      const items = found.data?.pages.flatMap((p) => p.items) ?? [];
      return items.map((summary) => {
        // What the socket keeps up to date is truer than what a search found a while ago.
        const live = conversations[summary.id];
        const read = conversationOfSummary(summary, me.accountId);
        const conversation = live && live.updatedAt >= read.updatedAt ? live : read;
        return { conversation, unread: live ? (live.unread[me.oldId] ?? 0) : summary.unread };
      });
    }
    const name = tab === "all" ? "all" : "mine";
    return listed(conversations, lists[name], filter).map((conversation) => ({ conversation, unread: conversation.unread[me.oldId] ?? 0 }));
  }, [fromServer, found.data, conversations, lists, tab, filter, me]);

  return {
    rows,
    loading: fromServer ? found.isPending : !loaded[tab === "all" ? "all" : "mine"],
    error: fromServer && rows.length === 0 ? found.error : null,
    retry: () => void found.refetch(),
    more: fromServer && found.hasNextPage ? () => void found.fetchNextPage() : null,
    loadingMore: found.isFetchingNextPage,
  };
}
