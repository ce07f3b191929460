/** What a channel sent, signed, that could not be used: why, what to do, and a second try. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { DeadLetter } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { Raw } from "@/components/Raw";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { dateAndTime, fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { useNames } from "@/stores/hooks";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Pill, RowsSkeleton } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

export function DeadLettersPage(): ReactNode {
  const { queries } = useDesk();
  const names = useNames();
  const letters = useInfiniteQuery(queries.deadLetters);
  const [open, setOpen] = useState<string | null>(null);
  const rows = letters.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <AdminPage title={t("dead.title")} lead={t("dead.lead")} needs="view_channel_log" query={letters} empty={rows.length === 0}>
      <Table<DeadLetter>
        caption={t("dead.title")}
        rows={rows}
        rowKey={(d) => d.id}
        onOpen={(d) => setOpen(d.id)}
        openLabel={(d) => `${t("dead.show")}: ${d.reason}`}
        columns={[
          { key: "at", title: t("dead.received"), cell: (d) => <time title={fullTime(d.received_at)} className="whitespace-nowrap tabular-nums">{dateAndTime(d.received_at)}</time> },
          { key: "channel", title: t("sources.channel"), minor: true, cell: (d) => names.channel(d.channel) },
          {
            key: "reason",
            title: t("dead.reason"),
            cell: (d) => (
              <span className="block md:min-w-48">
                <span className="block">{d.reason}</span>
                {d.remedy && <span className="block text-xs text-text-2">{d.remedy}</span>}
              </span>
            ),
          },
          { key: "state", title: t("admin.state"), card: "corner", cell: (d) => (d.redriven_at === null ? <Pill tone="warn">{t("dead.open")}</Pill> : <span title={t("dead.redrivenAt", { time: dateAndTime(d.redriven_at) })}><Pill tone="ok">{t("dead.done")}</Pill></span>) },
        ]}
      />
      {open && <DeadLetterDialog id={open} onClose={() => setOpen(null)} />}
    </AdminPage>
  );
}

function DeadLetterDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { queries, api } = useDesk();
  const client = useQueryClient();
  const letter = useQuery(queries.deadLetter(id));
  const redrive = useMutation({
    mutationFn: () => api.redrive(id),
    onSuccess: () => {
      toast(t("dead.redriven"));
      void client.invalidateQueries({ queryKey: ["dead-letters"] });
      onClose();
    },
  });
  return (
    <Dialog
      title={t("dead.reason")}
      closeLabel={t("admin.close")}
      onClose={onClose}
      wide
      footer={
        <Button look="primary" icon="refresh" busy={redrive.isPending} onClick={() => redrive.mutate()}>
          {t("dead.redrive")}
        </Button>
      }
    >
      {letter.isPending && <RowsSkeleton rows={2} label={t("app.loading")} />}
      {letter.isError && <ErrorNote>{problemOf(letter.error)}</ErrorNote>}
      {letter.data && (
        <div className="flex flex-col gap-4">
          <ErrorNote remedy={letter.data.remedy}>{letter.data.reason}</ErrorNote>
          <Raw title={t("dead.body")} value={letter.data.body} empty={t("log.nothing")} />
          {redrive.isError && <ErrorNote>{problemOf(redrive.error)}</ErrorNote>}
        </div>
      )}
    </Dialog>
  );
}
