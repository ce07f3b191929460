/** One line of the conversation list. */
import { Link } from "@tanstack/react-router";
import type { Conversation } from "@/api/wire";
import { t } from "@/i18n";
import { consumerName } from "@/lib/consumer";
import { fullTime, listTime, span } from "@/lib/time";
import type { ListSearch, ListTab } from "@/routes/search";
import { assignedAgent } from "@/stores/actions";
import { useDraft, useDesk } from "@/stores/context";
import type { Names } from "@/stores/hooks";
import { isMe } from "@/stores/identity";
import { Avatar, ChannelBadge } from "@/ui/Avatar";
import { Pill } from "@/ui/Feedback";
import { Icon } from "@/ui/Icon";

/** A consumer waiting longer than this is shown as urgent. */
const URGENT_MS = 5 * 60_000;

interface Props {
  conversation: Conversation;
  unread: number;
  names: Names;
  now: number;
  tab: ListTab;
  selected: boolean;
  position: number;
  count: number;
}

export function ConversationRow({ conversation: c, unread, names, now, tab, selected, position, count }: Props) {
  const { me } = useDesk();
  const [draft] = useDraft(c.id);
  const name = consumerName(c.consumer);
  const { last } = c;
  const what = last === null ? t("list.noMessage") : last.text || (last.kind === "file" ? t("list.file") : last.kind === "rich" ? t("list.rich") : "");
  const preview = last && last.role !== "CONSUMER" && isMe(me, last.originatorId) ? t("list.you", { text: what }) : what;
  const waited = c.open && c.waitingSince !== null ? now - c.waitingSince : null;
  const agent = assignedAgent(c);
  const at = last?.at ?? c.startedAt;
  return (
    <div role="listitem" aria-setsize={count} aria-posinset={position + 1} className="px-2">
      <Link
        to="/conversations/$list/$id"
        params={{ list: tab, id: c.id }}
        search={(s: ListSearch) => ({ ...(s.q ? { q: s.q } : {}), ...(s.filter ? { filter: s.filter } : {}) })}
        aria-current={selected ? "true" : undefined}
        data-conversation={c.id}
        className="relative flex gap-3 rounded-xl px-2.5 py-2.5 -outline-offset-2 transition-colors hover:bg-hover aria-[current=true]:bg-accent-soft"
      >
        <Avatar id={c.consumer.id} name={name} size={38} badge={<ChannelBadge id={c.channel} name={names.channel(c.channel)} />} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className={`flex min-w-0 flex-1 ${unread > 0 ? "font-bold" : "font-semibold"}`}>
              {/* Cut off at the end of its own direction, not of the page's. */}
              <bdi className="truncate">{name}</bdi>
            </span>
            <span className="sr-only">{names.channel(c.channel)}</span>
            <time dateTime={new Date(at).toISOString()} title={fullTime(at)} className="shrink-0 text-2xs text-text-3 tabular-nums">
              {listTime(at, now)}
            </time>
          </span>
          <span className="mt-0.5 flex items-center gap-2">
            <span dir="auto" className={`min-w-0 flex-1 truncate text-start text-sm ${unread > 0 ? "text-text" : "text-text-2"}`}>
              {draft.text && !selected ? <span className="text-danger italic">{t("list.draft", { text: draft.text })}</span> : (
                <>
                  {last?.kind === "file" && <Icon name="clip" size={12} className="me-1 inline-block align-[-1px]" />}
                  {preview}
                </>
              )}
            </span>
            {unread > 0 && (
              <span className="flex h-[18px] min-w-[18px] shrink-0 items-center justify-center rounded-full bg-accent px-1.5 text-2xs leading-none font-bold text-on-accent">
                <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
                <span className="sr-only">{t("list.unread", { n: unread })}</span>
              </span>
            )}
          </span>
          <span className="mt-1.5 flex items-center gap-1.5">
            {c.skillId && (
              <Pill>
                <bdi>{names.skill(c.skillId)}</bdi>
              </Pill>
            )}
            {!c.open && <Pill icon="closeDone">{t("conv.closed")}</Pill>}
            {c.open && tab !== "mine" && (agent === null ? <Pill tone="accent">{t("list.inQueue")}</Pill> : <Pill icon="user">{names.agent(agent)}</Pill>)}
            {c.consumer.optedOut && <Pill tone="danger" icon="ban">{t("consumer.optedOut")}</Pill>}
            {waited !== null && (
              <span className="ms-auto" title={t("list.waitingFor", { time: span(waited) })}>
                <Pill tone={waited > URGENT_MS ? "danger" : "warn"} icon="clock">
                  <span className="sr-only">{t("list.waitingFor", { time: "" })}</span>
                  <span className="tabular-nums">{span(waited)}</span>
                </Pill>
              </span>
            )}
          </span>
        </span>
      </Link>
    </div>
  );
}
