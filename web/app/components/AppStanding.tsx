/** Whether an app takes what it is told, and how each of its endpoints fares. */
import { useQuery } from "@tanstack/react-query";
import type { AppState } from "@/api/types";
import { kindOfType } from "@/api/webhookTypes";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { dateAndTime } from "@/lib/time";
import { sentence } from "@/lib/text";
import { useDesk } from "@/stores/context";
import { ErrorNote, Pill, RowsSkeleton, type Tone } from "@/ui/Feedback";

const TONE: Record<NonNullable<AppState["state"]>, Tone> = { up: "ok", failed: "danger", in_transition: "warn", recovered: "accent" };

export function AppStanding({ id }: { id: string }) {
  const { queries } = useDesk();
  const state = useQuery(queries.appState(id));
  if (state.error) return <ErrorNote>{problemOf(state.error)}</ErrorNote>;
  if (!state.data) return <RowsSkeleton rows={1} label={t("app.loading")} />;
  const { data } = state;
  return (
    <section aria-label={t("appLog.standing")} className="flex flex-col gap-3 rounded-xl border border-line bg-surface p-4 shadow-sm">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        {data.state === null ? <Pill>{t("appLog.silent")}</Pill> : <Pill tone={TONE[data.state]}>{t(`appLog.standing.${data.state}`)}</Pill>}
        {data.since !== null && <span className="text-text-2">{t("sources.since", { time: dateAndTime(data.since) })}</span>}
        <span className="text-text-2">{t(data.more_waiting ? "appLog.moreWait" : "appLog.wait", { n: data.waiting })}</span>
        {data.paused_until !== null && <span className="text-danger">{t("appLog.pausedUntil", { time: dateAndTime(data.paused_until) })}</span>}
      </p>
      {data.endpoints.length > 0 && (
        <ul className="flex flex-col gap-2 border-t border-line pt-3 text-sm">
          {data.endpoints.map((e) => {
            const kind = kindOfType(e.event_type);
            const fails = e.failing_conversations > 0;
            return (
              <li key={e.event_type} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
                <span className="font-medium">{kind ? t(`apps.kind.${kind}`) : e.event_type}</span>
                <code dir="ltr" className="min-w-0 font-mono text-xs break-all text-text-2">{e.endpoint}</code>
                <span className={fails ? "text-danger" : "text-text-3"}>
                  {fails ? t("appLog.failing", { n: e.failing_conversations }) : e.last_success_at === null ? t("appLog.unused") : t("appLog.worked", { time: dateAndTime(e.last_success_at) })}
                </span>
                {e.paused_until !== null && <span className="text-danger">{t("appLog.pausedUntil", { time: dateAndTime(e.paused_until) })}</span>}
                {e.slow_since !== null && <span className="text-warn">{t("appLog.slowSince", { time: dateAndTime(e.slow_since) })}</span>}
                {fails && e.last_error !== null && <span className="basis-full text-text-2">{sentence(e.last_error)}</span>}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
