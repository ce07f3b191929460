/** Small hooks that several components share. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { channelsQuery } from "@/api/queries";
import { t } from "@/i18n";
import { humanise } from "@/lib/text";
import { useDesk } from "./context";
import { isMe, may, userIdOf } from "./identity";

/** The present moment, renewed at a pace. */
export function useNow(everyMs: number): number {
  const { workspace } = useDesk();
  const [now, setNow] = useState(() => workspace.serverNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(workspace.serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, workspace]);
  return now;
}

export function useMedia(query: string): boolean {
  const list = useMemo(() => window.matchMedia(query), [query]);
  return useSyncExternalStore(
    (changed) => {
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => list.matches,
  );
}

export interface Names {
  skill(id: string | null): string;
  agent(id: string): string;
  channel(id: string): string;
  source(id: string): string;
}

/** Names of what notifications only number. What the user may not list keeps a plain stand-in. */
export function useNames(): Names {
  const { session, me, queries } = useDesk();
  const skills = useQuery(queries.skills).data;
  const nameable = may(session, "handle_conversations") || may(session, "view_all_conversations");
  const colleagues = useQuery({ ...queries.colleagues, enabled: nameable, retry: false }).data;
  const channels = useQuery(channelsQuery).data;
  const sources = useQuery({ ...queries.sources, enabled: may(session, "manage_sources"), retry: false }).data;
  return useMemo(() => {
    const skillNames = new Map(skills?.items.map((s) => [s.id, s.name]));
    const agentNames = new Map(colleagues?.map((c) => [c.user_id, c.nickname]));
    const channelNames = new Map(channels?.items.map((c) => [c.id, c.name]));
    const sourceNames = new Map(sources?.items.map((s) => [s.id, s.name]));
    return {
      skill: (id) => (id === null ? "" : (skillNames.get(id) ?? id)),
      agent: (id) => {
        if (isMe(me, id)) return session.user.nickname;
        return agentNames.get(userIdOf(me.accountId, id)) ?? t("sys.someone");
      },
      channel: (id) => channelNames.get(id) ?? humanise(id),
      source: (id) => sourceNames.get(id) ?? "",
    };
  }, [skills, colleagues, channels, sources, session, me]);
}
