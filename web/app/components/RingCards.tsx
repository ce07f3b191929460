/** Offers that wait for an answer, each with the time that is left. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Ring } from "@/api/wire";
import { t } from "@/i18n";
import { consumerName } from "@/lib/consumer";
import { problemOf } from "@/lib/problem";
import { useDesk, useWorkspace } from "@/stores/context";
import { useNames, useNow } from "@/stores/hooks";
import { toast } from "@/stores/toasts";
import { Avatar, ChannelBadge } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { useShortcut } from "./useShortcuts";

function Countdown({ left, whole }: { left: number; whole: number }) {
  const part = Math.max(0, Math.min(1, left / whole));
  const around = 2 * Math.PI * 15;
  const seconds = Math.ceil(left / 1000);
  return (
    <span className="relative inline-flex size-9 shrink-0 items-center justify-center" role="timer" aria-label={t("ring.left", { n: seconds })}>
      <svg aria-hidden="true" viewBox="0 0 36 36" className="absolute inset-0 -rotate-90">
        <circle cx="18" cy="18" r="15" fill="none" strokeWidth="3" className="stroke-line" />
        <circle cx="18" cy="18" r="15" fill="none" strokeWidth="3" strokeLinecap="round" strokeDasharray={around} strokeDashoffset={around * (1 - part)} className={seconds <= 10 ? "stroke-danger" : "stroke-accent"} />
      </svg>
      <span aria-hidden="true" className="text-xs font-semibold tabular-nums">
        {seconds}
      </span>
    </span>
  );
}

function RingCard({ ring, onAccept, accepting }: { ring: Ring; onAccept: () => void; accepting: boolean }) {
  const { workspace, queries } = useDesk();
  const names = useNames();
  const now = useNow(500);
  const summary = useQuery(queries.summary(ring.conversationId)).data;
  const reject = useMutation({
    mutationFn: () => workspace.answerRing(ring.id, false),
    onError: (e) => toast(t("action.failed", { reason: problemOf(e) }), "danger"),
  });
  const left = ring.expiresAt - now;
  if (left <= 0) return null;
  const name = summary ? consumerName(summary.consumer) : t("conv.unknown");
  return (
    <article aria-label={t("ring.from", { name })} className="arrive rounded-xl border border-accent/50 bg-surface p-3 shadow-lg">
      <div className="flex items-center gap-2.5">
        <Avatar id={ring.consumerId} name={name} size={36} badge={summary && <ChannelBadge id={summary.channel} name={names.channel(summary.channel)} />} />
        <div className="min-w-0 flex-1">
          <p className="flex font-semibold">
            <bdi className="truncate">{name}</bdi>
          </p>
          <p className="truncate text-xs text-text-2">
            {summary ? names.channel(summary.channel) : t("ring.title")}
            {ring.skillId && <> · <bdi>{names.skill(ring.skillId)}</bdi></>}
          </p>
        </div>
        <Countdown left={left} whole={ring.lasts} />
      </div>
      {summary?.last_message && (
        <p dir="auto" className="mt-2 line-clamp-2 text-sm break-words text-text-2">
          {summary.last_message.text}
        </p>
      )}
      <div className="mt-3 flex gap-2">
        <Button look="primary" small className="h-8 flex-1" icon="check" busy={accepting} onClick={onAccept}>
          {t("ring.accept")}
        </Button>
        <Button small className="h-8" busy={reject.isPending} onClick={() => reject.mutate()}>
          {t("ring.reject")}
        </Button>
      </div>
    </article>
  );
}

export function RingCards() {
  const { workspace } = useDesk();
  const rings = useWorkspace((s) => s.inbox.rings);
  const navigate = useNavigate();
  const accept = useMutation({
    mutationFn: (ring: Ring) => workspace.answerRing(ring.id, true),
    onSuccess: (_done, ring) => navigate({ to: "/conversations/$list/$id", params: { list: "mine", id: ring.conversationId } }),
    onError: (e) => toast(t("action.failed", { reason: problemOf(e) || t("ring.gone") }), "danger"),
  });
  const open = Object.values(rings).sort((a, b) => a.expiresAt - b.expiresAt);
  useShortcut("accept", () => {
    const first = open[0];
    if (first && !accept.isPending) accept.mutate(first);
  });
  return (
    <section aria-label={t("ring.region", { n: open.length })} aria-live="polite" className={open.length ? "flex max-h-[45%] shrink-0 flex-col gap-2 overflow-y-auto px-3 pt-1 pb-3" : "contents"}>
      {open.map((ring) => (
        <RingCard key={ring.id} ring={ring} accepting={accept.isPending && accept.variables.id === ring.id} onAccept={() => accept.mutate(ring)} />
      ))}
    </section>
  );
}
