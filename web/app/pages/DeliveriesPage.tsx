/** What became of each message to a channel, and a second try for those that failed. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { Delivery, DeliveryStatus } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { dateAndTime, fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { Pill, type Tone } from "@/ui/Feedback";
import { Table } from "@/ui/Table";
import { Tabs } from "@/ui/Tabs";

const TONE: Record<DeliveryStatus, Tone> = { queued: "neutral", sent: "neutral", delivered: "ok", read: "ok", failed: "danger", unknown: "warn", cancelled: "neutral" };
const FILTERS = ["all", "queued", "failed", "unknown"] as const;

export function DeliveriesPage(): ReactNode {
  const { queries, api } = useDesk();
  const client = useQueryClient();
  const [state, setState] = useState<(typeof FILTERS)[number]>("all");
  const deliveries = useInfiniteQuery(queries.deliveries(state === "all" ? {} : { state }));
  const retry = useMutation({
    mutationFn: (d: Delivery) => api.retryDelivery(d.id),
    onSuccess: () => {
      toast(t("deliveries.retried"));
      void client.invalidateQueries({ queryKey: ["deliveries"] });
    },
    onError: (e) => toast(problemOf(e), "danger"),
  });
  const rows = deliveries.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <AdminPage
      title={t("deliveries.title")}
      lead={t("deliveries.lead")}
      needs="view_channel_log"
      query={deliveries}
      empty={rows.length === 0}
      filters={
        <div className="max-w-md">
          <Tabs label={t("admin.state")} value={state} onChange={setState} options={FILTERS.map((f) => ({ value: f, label: f === "all" ? t("deliveries.all") : t(`msg.status.${f}`) }))} />
        </div>
      }
    >
      <Table<Delivery>
        caption={t("deliveries.title")}
        rows={rows}
        rowKey={(d) => `${d.id}.${d.part}`}
        columns={[
          { key: "at", title: t("admin.time"), cell: (d) => <time title={fullTime(d.created_at)} className="whitespace-nowrap tabular-nums">{dateAndTime(d.created_at)}</time> },
          { key: "status", title: t("admin.state"), card: "corner", cell: (d) => <Pill tone={TONE[d.status]}>{t(`msg.status.${d.status}`)}</Pill> },
          {
            key: "problem",
            title: t("deliveries.problem"),
            cell: (d) =>
              d.message || d.remedy ? (
                <span className="block max-w-md md:min-w-40">
                  {d.message && <span className="block">{d.message}{d.vendor_code && <span className="text-text-3"> ({d.vendor_code})</span>}</span>}
                  {d.remedy && <span className="block text-xs text-text-2">{d.remedy}</span>}
                </span>
              ) : null,
          },
          { key: "part", title: t("deliveries.part"), minor: true, end: true, cell: (d) => `${d.part + 1}/${d.parts}` },
          { key: "attempts", title: t("deliveries.attempts"), minor: true, end: true, cell: (d) => d.attempts },
          { key: "next", title: t("deliveries.next"), minor: true, cell: (d) => (d.next_attempt_at === null ? "" : dateAndTime(d.next_attempt_at)) },
          {
            key: "actions",
            title: t("conv.actions"),
            end: true,
            card: "bare",
            cell: (d) => (
              <span className="inline-flex items-center gap-2">
                {(d.status === "failed" || d.status === "unknown") && (
                  <Button small icon="refresh" busy={retry.isPending && retry.variables.id === d.id} onClick={() => retry.mutate(d)}>
                    {t("deliveries.retry")}
                  </Button>
                )}
                <Link to="/conversations/$list/$id" params={{ list: "all", id: d.conversation_id }} className="text-xs font-medium text-accent-text underline underline-offset-2">
                  {t("deliveries.conversation")}
                </Link>
              </span>
            ),
          },
        ]}
      />
    </AdminPage>
  );
}
