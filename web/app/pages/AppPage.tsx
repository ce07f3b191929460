/** One outside program: whether it takes what it is told, each notification with its fate, a test, and sending again. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { AppNotification, NotificationState } from "@/api/types";
import { kindOfType } from "@/api/webhookTypes";
import { AdminPage } from "@/components/AdminPage";
import { AppStanding } from "@/components/AppStanding";
import { NotificationDialog } from "@/components/NotificationDialog";
import { AppDialog } from "@/forms/app-edit";
import { AppRedriveDialog } from "@/forms/app-redrive";
import { AppTestDialog } from "@/forms/app-test";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { fullTime } from "@/lib/time";
import { sentence } from "@/lib/text";
import { useDesk } from "@/stores/context";
import { may } from "@/stores/identity";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { Pill, type Tone } from "@/ui/Feedback";
import { Table } from "@/ui/Table";
import { Tabs } from "@/ui/Tabs";

const TONE: Record<NotificationState, Tone> = { waiting: "warn", delivered: "ok", dropped: "danger" };
const FILTERS = ["all", "waiting", "dropped"] as const;

const nameOfType = (type: string): string => {
  const kind = kindOfType(type);
  return kind ? t(`apps.kind.${kind}`) : type;
};

export function AppPage(): ReactNode {
  const { app: id } = useParams({ from: "/admin/apps/$app" });
  const { queries, api, session } = useDesk();
  const client = useQueryClient();
  const [filter, setFilter] = useState<(typeof FILTERS)[number]>("all");
  const [open, setOpen] = useState<"edit" | "test" | "redrive" | null>(null);
  const [shown, setShown] = useState<AppNotification | null>(null);
  const manages = may(session, "manage_sources");
  const app = useQuery({ ...queries.app(id), enabled: manages }).data;
  const list = useInfiniteQuery(queries.appNotifications(id, filter === "all" ? {} : { state: filter }));
  const rows = list.data?.pages.flatMap((p) => p.items) ?? [];
  const again = () => {
    void client.invalidateQueries({ queryKey: ["app-notifications", id] });
    void client.invalidateQueries({ queryKey: ["app-state", id] });
  };
  const turn = useMutation({
    mutationFn: (enabled: boolean) => api.updateApp(id, { enabled }, app?.etag ?? null),
    onSuccess: () => {
      toast(t("admin.saved"));
      void client.invalidateQueries({ queryKey: ["apps"] });
      again();
    },
    onError: (e) => toast(problemOf(e), "danger"),
  });
  return (
    <>
      <AdminPage
        title={app?.data.name ?? id}
        lead={t("appLog.lead")}
        needs="view_channel_log"
        query={list}
        empty={rows.length === 0}
        action={
          <span className="flex flex-wrap gap-2">
            {manages && app && (
              <>
                <Button onClick={() => setOpen("edit")}>{t("appLog.edit")}</Button>
                <Button busy={turn.isPending} onClick={() => turn.mutate(!app.data.enabled)}>
                  {t(app.data.enabled ? "appLog.switchOff" : "appLog.switchOn")}
                </Button>
                <Button icon="send" onClick={() => setOpen("test")}>
                  {t("appLog.test")}
                </Button>
                <Button icon="refresh" onClick={() => setOpen("redrive")}>
                  {t("appLog.redrive")}
                </Button>
              </>
            )}
          </span>
        }
        filters={
          <>
            <AppStanding id={id} />
            <div className="flex flex-wrap items-center gap-3">
              <div className="w-full max-w-sm">
                <Tabs label={t("admin.state")} value={filter} onChange={setFilter} options={FILTERS.map((f) => ({ value: f, label: f === "all" ? t("deliveries.all") : t(`appLog.state.${f}`) }))} />
              </div>
              <Button small icon="refresh" busy={list.isFetching && !list.isPending} onClick={again}>
                {t("appLog.reload")}
              </Button>
            </div>
          </>
        }
      >
        <Table<AppNotification>
          caption={t("appLog.title")}
          rows={rows}
          rowKey={(n) => n.id}
          onOpen={setShown}
          openLabel={(n) => `${t("admin.details")}: ${fullTime(n.at)}`}
          columns={[
            { key: "at", title: t("admin.time"), cell: (n) => <time className="whitespace-nowrap tabular-nums">{fullTime(n.at)}</time> },
            { key: "kind", title: t("appLog.kind"), cell: (n) => nameOfType(n.event_type) },
            { key: "state", title: t("admin.state"), card: "corner", cell: (n) => <Pill tone={TONE[n.state]}>{t(`appLog.state.${n.state}`)}</Pill> },
            { key: "status", title: t("log.status"), minor: true, end: true, cell: (n) => n.status ?? "" },
            { key: "attempts", title: t("deliveries.attempts"), minor: true, end: true, cell: (n) => n.attempts },
            { key: "error", title: t("log.error"), cell: (n) => (n.error === null ? null : <span className="block max-w-md">{sentence(n.error)}</span>) },
            {
              key: "conversation",
              title: t("deliveries.conversation"),
              card: "bare",
              cell: (n) => (
                <Link to="/conversations/$list/$id" params={{ list: "all", id: n.conversation_id }} className="relative z-10 text-xs font-medium text-accent-text underline underline-offset-2">
                  {t("deliveries.conversation")}
                </Link>
              ),
            },
          ]}
        />
      </AdminPage>
      {open === "edit" && <AppDialog id={id} onClose={() => setOpen(null)} />}
      {open === "test" && <AppTestDialog id={id} onClose={() => setOpen(null)} />}
      {open === "redrive" && (
        <AppRedriveDialog
          id={id}
          onClose={() => {
            setOpen(null);
            again();
          }}
        />
      )}
      {shown && <NotificationDialog app={id} notification={shown} onClose={() => setShown(null)} />}
    </>
  );
}
