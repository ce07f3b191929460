/** One message: text, file or card; whose it is; how far it got; and what to do when it did not arrive. Never markup from outside. */
import { useMutation } from "@tanstack/react-query";
import type { DeliveryStatus, MessageDelivery } from "@/api/types";
import type { Conversation, DialogEvent } from "@/api/wire";
import { readEvent } from "@/api/wire";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { isOnlyEmoji, linkify } from "@/lib/text";
import { clock, fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import type { Names } from "@/stores/hooks";
import { isMe } from "@/stores/identity";
import { eventOf, type PendingMessage } from "@/stores/outbox";
import { toast } from "@/stores/toasts";
import type { Row } from "@/stores/transcript";
import { Avatar } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { Icon, type IconName } from "@/ui/Icon";
import { HostedFileView } from "./HostedFileView";

export function TextWithLinks({ text }: { text: string }) {
  return (
    <>
      {linkify(text).map((piece, i) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer" className="text-accent-text underline underline-offset-2">
            {piece.text}
          </a>
        ),
      )}
    </>
  );
}

const STATUS_ICON: Record<DeliveryStatus | "waiting" | "sending" | "refused", IconName> = {
  waiting: "clock",
  sending: "clock",
  queued: "clock",
  sent: "check",
  delivered: "checks",
  read: "checks",
  failed: "alert",
  unknown: "alert",
  cancelled: "ban",
  refused: "alert",
};

function Status({ status }: { status: keyof typeof STATUS_ICON }) {
  const tone = status === "read" ? "text-accent-text" : status === "failed" || status === "refused" ? "text-danger" : status === "unknown" ? "text-warn" : "";
  return (
    <span className={`inline-flex items-center gap-1 ${tone}`} data-status={status}>
      <Icon name={STATUS_ICON[status]} size={13} />
      {t(`msg.status.${status}`)}
    </span>
  );
}

function Body({ event, conversationId, from, muted }: { event: DialogEvent; conversationId: string; from: string; muted?: boolean }) {
  switch (event.type) {
    case "text":
      if (isOnlyEmoji(event.text)) return <p className="px-1 py-1 text-4xl leading-tight">{event.text}</p>;
      return (
        <>
          <p dir="auto" className={`message-text ${muted ? "opacity-80" : ""}`}>
            <TextWithLinks text={event.text} />
          </p>
          {event.quickReplies.length > 0 && (
            <ul aria-label={t("msg.quickReplies")} className="mt-2 flex flex-wrap gap-1.5">
              {event.quickReplies.map((title, i) => (
                <li key={i} dir="auto" className="rounded-full border border-line-strong/60 px-2.5 py-0.5 text-xs">
                  {title}
                </li>
              ))}
            </ul>
          )}
        </>
      );
    case "file":
      return <HostedFileView file={event.file} conversationId={conversationId} from={from} />;
    case "rich":
      return (
        <div className="flex flex-col gap-1">
          {event.summary.length === 0 && <p>{t("list.rich")}</p>}
          {event.summary.map((line, i) => (
            <p key={i} dir="auto" className={`message-text ${i === 0 ? "font-semibold" : ""}`}>
              {line}
            </p>
          ))}
        </div>
      );
    default:
      return <p className="text-text-2 italic">{t("msg.other", { name: event.type === "other" ? event.name : "" })}</p>;
  }
}

function Trouble({ delivery }: { delivery: MessageDelivery }) {
  const { workspace } = useDesk();
  const retry = useMutation({
    mutationFn: () => workspace.retryDelivery(delivery.id),
    onError: (e) => toast(t("action.failed", { reason: problemOf(e) }), "danger"),
  });
  const unknown = delivery.status === "unknown";
  return (
    <div className={`mt-1.5 flex max-w-full flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg px-3 py-2 text-start text-xs ${unknown ? "bg-warn-soft text-warn" : "bg-danger-soft text-danger"}`}>
      <div className="min-w-40 flex-1 max-sm:basis-full">
        <p className="font-semibold">{delivery.message || t(unknown ? "msg.unknown" : "msg.failed")}</p>
        {delivery.remedy && <p className="mt-0.5">{delivery.remedy}</p>}
        {(delivery.vendor_code || delivery.code) && <p className="mt-0.5 opacity-90">{t("msg.code", { code: delivery.vendor_code ?? delivery.code ?? "" })}</p>}
      </div>
      {delivery.status !== "cancelled" && (
        <Button small icon="refresh" busy={retry.isPending} onClick={() => retry.mutate()}>
          {t("msg.retry")}
        </Button>
      )}
    </div>
  );
}

const TROUBLED: readonly DeliveryStatus[] = ["failed", "unknown", "cancelled"];

export function MessageView({ conversation: c, row, consumerName, names }: {
  conversation: Conversation;
  row: Extract<Row, { kind: "message" }>;
  consumerName: string;
  names: Names;
}) {
  const { me } = useDesk();
  const { message: m, first, last, status } = row;
  const theirs = m.role === "CONSUMER";
  const note = m.audience === "AGENTS_AND_MANAGERS";
  const mine = isMe(me, m.originatorId);
  const from = theirs ? consumerName : mine ? t("msg.you") : m.originatorId === c.sourceId ? names.source(c.sourceId) || t("msg.source") : m.originatorId === "system" || m.role === "CONTROLLER" ? t("msg.system") : names.agent(m.originatorId);
  const bare = m.event.type === "text" && isOnlyEmoji(m.event.text) && !note;
  const bubble = note
    ? "border border-dashed border-warn-line bg-warn-soft"
    : bare
      ? ""
      : theirs
        ? "bg-theirs"
        : "bg-mine";
  return (
    <div data-sequence={m.sequence} className={`flex gap-2.5 px-4 md:px-5 ${first ? "pt-2.5" : "pt-0.5"} ${theirs ? "" : "flex-row-reverse"}`}>
      {theirs && <span className="w-7 shrink-0">{first && <Avatar id={c.consumer.id} name={consumerName} size={28} />}</span>}
      <div className={`flex max-w-[min(36rem,86%)] min-w-0 flex-col ${theirs ? "items-start" : "items-end"}`}>
        {first && (
          <p className="mb-0.5 flex items-center gap-1.5 px-1 text-xs text-text-2">
            {note && (
              <span className="inline-flex items-center gap-1 font-semibold text-warn">
                <Icon name="lock" size={12} />
                {t("msg.private")}
              </span>
            )}
            <bdi className={theirs || !mine || note ? "font-medium" : "sr-only"}>{from}</bdi>
          </p>
        )}
        <div
          title={fullTime(m.at)}
          className={`max-w-full rounded-2xl ${bare ? "" : "px-3.5 py-2"} ${theirs ? "rounded-ss-md" : "rounded-se-md"} ${bubble} ${m.event.type === "file" && !m.event.file.caption ? "!p-1.5" : ""}`}
        >
          <span className="sr-only">{t("msg.from", { name: from, time: clock(m.at) })}: </span>
          <Body event={m.event} conversationId={c.id} from={from} />
        </div>
        {m.delivery && TROUBLED.includes(m.delivery.status) && status !== "read" && status !== "delivered" && <Trouble delivery={m.delivery} />}
        {(last || (status !== null && TROUBLED.includes(status))) && (
          <p className="mt-0.5 flex items-center gap-1.5 px-1 text-2xs text-text-3 tabular-nums">
            <time dateTime={new Date(m.at).toISOString()}>{clock(m.at)}</time>
            {status && <Status status={status} />}
            {m.delivery && m.delivery.parts > 1 && <span>· {t("msg.parts", { n: m.delivery.parts })}</span>}
          </p>
        )}
      </div>
    </div>
  );
}

/** A message on its way: it looks like what it will be, and says where it stands. */
export function PendingView({ pending: p }: { pending: PendingMessage }) {
  const { workspace } = useDesk();
  const note = p.audience === "AGENTS_AND_MANAGERS";
  const refused = p.state === "refused";
  const status = refused ? "refused" : p.state === "waiting" ? "waiting" : "sending";
  return (
    <div data-pending={p.clientId} className="flex flex-row-reverse px-4 pt-1 md:px-5">
      <div className="flex max-w-[min(36rem,86%)] min-w-0 flex-col items-end">
        <div className={`max-w-full rounded-2xl rounded-se-md px-3.5 py-2 ${note ? "border border-dashed border-warn-line bg-warn-soft" : "bg-mine"} ${refused ? "ring-1 ring-danger" : ""}`}>
          <Body event={readEvent(eventOf(p))} conversationId={p.conversationId} from={t("msg.you")} />
        </div>
        {refused && (
          <div className="mt-1.5 flex flex-wrap items-center gap-2 rounded-lg bg-danger-soft px-3 py-2 text-xs text-danger">
            <p className="min-w-40 flex-1 font-semibold">{p.reason || t(p.reason === null ? "msg.sendAgainHeld" : "msg.refused")}</p>
            <Button small icon="refresh" onClick={() => workspace.retryPending(p.clientId)}>
              {t("msg.retry")}
            </Button>
            <Button small look="quiet" onClick={() => workspace.discardPending(p.clientId)}>
              {t("msg.discard")}
            </Button>
          </div>
        )}
        <p className="mt-0.5 px-1 text-2xs text-text-3">
          <Status status={status} />
        </p>
      </div>
    </div>
  );
}
