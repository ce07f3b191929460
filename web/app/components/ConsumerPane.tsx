/** The consumer beside the transcript: who they are, facts of this conversation, and earlier ones to read along. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Conversation } from "@/api/wire";
import { ConsentForm } from "@/forms/consent-record";
import { t } from "@/i18n";
import { addressOf, consumerName } from "@/lib/consumer";
import { problemOf } from "@/lib/problem";
import { dateAndTime, fullTime, shortDate } from "@/lib/time";
import type { ListSearch, ListTab } from "@/routes/search";
import { assignedAgent } from "@/stores/actions";
import { useDesk, useWorkspace } from "@/stores/context";
import { useNames } from "@/stores/hooks";
import { may } from "@/stores/identity";
import { toast } from "@/stores/toasts";
import { Avatar, ChannelBadge } from "@/ui/Avatar";
import { Button, IconButton } from "@/ui/Button";
import { ErrorNote, Pill, RowsSkeleton, Skeleton } from "@/ui/Feedback";
import { Icon } from "@/ui/Icon";
import { Block, Fact, Facts } from "./Facts";
import { Transcript } from "./Transcript";
import { VisitBlocks } from "./VisitBlocks";

function Beside({ id, tab }: { id: string; tab: ListTab }) {
  const { workspace, queries } = useDesk();
  const navigate = useNavigate();
  const conversation = useWorkspace((s) => s.inbox.conversations[id]);
  const error = useWorkspace((s) => s.loadErrors[id]);
  const changes = useQuery(queries.changes(id));
  useEffect(() => {
    void workspace.readBeside(id);
  }, [id, workspace]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center gap-1 border-b border-line px-2 py-1.5">
        <Button small look="quiet" onClick={() => void navigate({ to: ".", search: (s: ListSearch) => ({ ...s, beside: undefined }) })}>
          <Icon name="back" size={14} className="flip" />
          {t("consumer.backToConsumer")}
        </Button>
        <span className="flex-1" />
        <Link to="/conversations/$list/$id" params={{ list: tab, id }} search={{}} className="rounded-lg px-2 py-1 text-xs font-medium whitespace-nowrap text-accent-text hover:bg-hover">
          {t("consumer.openEarlier")}
        </Link>
      </div>
      {conversation ? <Transcript conversation={conversation} changes={changes.data ?? []} /> : error ? <div className="p-4"><ErrorNote>{t("conv.loadError")}</ErrorNote></div> : <RowsSkeleton rows={4} label={t("app.loading")} />}
    </div>
  );
}

export function ConsumerPane({ id, tab, beside, onClose, closable }: { id: string; tab: ListTab; beside: string | undefined; onClose: () => void; closable: boolean }) {
  const conversation = useWorkspace((s) => s.inbox.conversations[id]);
  return (
    <section aria-label={t("consumer.title")} className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex h-15 shrink-0 items-center gap-2 px-4">
        {closable && <IconButton icon="back" flip label={t("conv.hideDetails")} onClick={onClose} className="-ms-1.5" />}
        {closable ? <h1 className="text-base font-semibold tracking-tight">{t("consumer.title")}</h1> : <h2 className="text-base font-semibold tracking-tight">{t("consumer.title")}</h2>}
      </header>
      {beside && beside !== id ? <Beside key={beside} id={beside} tab={tab} /> : conversation ? <Details conversation={conversation} /> : <RowsSkeleton rows={3} label={t("app.loading")} />}
    </section>
  );
}

function Details({ conversation: c }: { conversation: Conversation }) {
  const { session, queries } = useDesk();
  const names = useNames();
  const consumer = useQuery(queries.consumer(c.consumer.id));
  const earlier = useQuery(queries.earlier(c.consumer.id));
  const name = consumerName(c.consumer);
  const address = addressOf(c.consumer);
  const agent = assignedAgent(c);
  const others = earlier.data?.items.filter((x) => x.id !== c.id) ?? [];
  const optedOut = c.consumer.optedOut || consumer.data?.opted_out === true;
  const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => toast(t("action.copied")), () => toast(t("error.generic"), "danger"));

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard.
    <div className="min-h-0 flex-1 overflow-y-auto -outline-offset-2" tabIndex={0} role="group" aria-label={t("consumer.title")}>
      <div className="flex flex-col items-center px-4 pb-5 text-center">
        <Avatar id={c.consumer.id} name={name} size={64} badge={<ChannelBadge id={c.channel} name={names.channel(c.channel)} size={22} />} />
        <p className="mt-3 max-w-full text-lg font-semibold tracking-tight break-words">
          <bdi>{name}</bdi>
        </p>
        {address && c.consumer.name && (
          <p className="mt-0.5 flex max-w-full items-center gap-1 text-sm text-text-2">
            <bdi className="truncate">{address}</bdi>
            <IconButton icon="copy" size={13} className="size-6" label={`${t("action.copy")}: ${address}`} onClick={() => copy(address)} />
          </p>
        )}
        {optedOut && (
          <p className="mt-2 flex flex-col items-center gap-1 text-xs text-text-2">
            <Pill tone="danger" icon="ban">{t("consumer.optedOut")}</Pill>
            {t("consumer.optedOutHint")}
          </p>
        )}
      </div>
      <Block title={t("admin.details")}>
        {consumer.isError ? (
          <ErrorNote remedy={problemOf(consumer.error)}>{t("consumer.error")}</ErrorNote>
        ) : (
          <Facts>
            <Fact name={t("consumer.channel")}>{names.channel(c.channel)}</Fact>
            {names.source(c.sourceId) && <Fact name={t("consumer.source")}><bdi>{names.source(c.sourceId)}</bdi></Fact>}
            <Fact name={t("consumer.since")}>{consumer.data ? shortDate(consumer.data.created_at) : <Skeleton className="ms-auto h-3.5 w-20" />}</Fact>
            <Fact name={t("consumer.conversations")}>{consumer.data ? consumer.data.conversations : <Skeleton className="ms-auto h-3.5 w-6" />}</Fact>
          </Facts>
        )}
      </Block>
      <Block title={t("consumer.this")}>
        <Facts>
          <Fact name={t("consumer.skill")}>
            <bdi>{names.skill(c.skillId)}</bdi>
          </Fact>
          <Fact name={t("consumer.agent")}>
            <bdi>{agent === null ? t("consumer.nobody") : names.agent(agent)}</bdi>
          </Fact>
          <Fact name={t("consumer.started")}>
            <time dateTime={new Date(c.startedAt).toISOString()} title={fullTime(c.startedAt)}>
              {dateAndTime(c.startedAt)}
            </time>
          </Fact>
          {c.endedAt !== null && <Fact name={t("consumer.ended")}>{dateAndTime(c.endedAt)}</Fact>}
          <Fact name={t("consumer.id")}>
            <span className="inline-flex max-w-full items-center gap-1">
              <code className="truncate font-mono text-xs text-text-2" dir="ltr">{c.id}</code>
              <IconButton icon="copy" size={13} className="size-6" label={`${t("action.copy")}: ${t("consumer.id")}`} onClick={() => copy(c.id)} />
            </span>
          </Fact>
        </Facts>
      </Block>
      <VisitBlocks id={c.id} />
      {may(session, "manage_consents") && <Block title={t("consumer.consent")}><ConsentForm consumerId={c.consumer.id} optedOut={optedOut} /></Block>}
      <Block title={t("consumer.earlier")}>
        {earlier.isPending ? (
          <Skeleton className="h-10 w-full" />
        ) : earlier.isError ? (
          <ErrorNote>{problemOf(earlier.error)}</ErrorNote>
        ) : others.length === 0 ? (
          <p className="text-sm text-text-3">{t("consumer.noEarlier")}</p>
        ) : (
          <ul className="-mx-2 flex flex-col">
            {others.map((x) => (
              <li key={x.id}>
                <Link
                  to="."
                  search={(s: ListSearch) => ({ ...s, beside: x.id })}
                  className="block rounded-lg px-2 py-2 hover:bg-hover"
                >
                  <span className="flex items-center gap-2 text-xs text-text-3">
                    <time dateTime={new Date(x.started_at).toISOString()}>{dateAndTime(x.started_at)}</time>
                    {x.state === "open" && <Pill tone="ok">{t("conv.open")}</Pill>}
                    <Icon name="forward" size={13} className="flip ms-auto" />
                  </span>
                  <span dir="auto" className="mt-0.5 line-clamp-2 text-sm break-words">
                    {x.last_message?.text || t("list.noMessage")}
                  </span>
                  <span className="sr-only">{t("consumer.readEarlier", { date: dateAndTime(x.started_at) })}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Block>
    </div>
  );
}
