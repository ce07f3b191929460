/** Every exchange with a channel, as it was, secrets masked. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { ChannelLogEntry } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { Raw } from "@/components/Raw";
import { t } from "@/i18n";
import { fullTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { may } from "@/stores/identity";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Pill } from "@/ui/Feedback";
import { Select } from "@/ui/Field";
import { Table } from "@/ui/Table";

const statusTone = (e: ChannelLogEntry) => (e.status !== null && e.status < 400 ? "ok" : "danger");

export function ChannelLogPage(): ReactNode {
  const { queries, session } = useDesk();
  const [source, setSource] = useState("");
  const [direction, setDirection] = useState("");
  const [open, setOpen] = useState<ChannelLogEntry | null>(null);
  const log = useInfiniteQuery(queries.channelLog({ ...(source && { source }), ...(direction && { direction }) }));
  const sources = useQuery({ ...queries.sources, enabled: may(session, "manage_sources") }).data?.items ?? [];
  const rows = log.data?.pages.flatMap((p) => p.items) ?? [];
  const sourceName = (id: string | null) => sources.find((s) => s.id === id)?.name ?? id ?? "";
  return (
    <AdminPage
      title={t("log.title")}
      lead={t("log.lead")}
      needs="view_channel_log"
      query={log}
      empty={rows.length === 0}
      filters={
        <div className="flex flex-wrap gap-3">
          {sources.length > 0 && (
            <div className="max-w-xs">
              <Select label={t("log.source")} value={source} onChange={(e) => setSource(e.target.value)} options={[{ value: "", label: t("log.allSources") }, ...sources.map((s) => ({ value: s.id, label: s.name }))]} />
            </div>
          )}
          <div className="max-w-xs">
            <Select label={t("log.direction")} value={direction} onChange={(e) => setDirection(e.target.value)} options={[{ value: "", label: t("log.bothDirections") }, { value: "in", label: t("log.in") }, { value: "out", label: t("log.out") }]} />
          </div>
        </div>
      }
    >
      <Table<ChannelLogEntry>
        caption={t("log.title")}
        rows={rows}
        rowKey={(e) => e.id}
        onOpen={setOpen}
        openLabel={(e) => `${t("admin.details")}: ${fullTime(e.at)}`}
        columns={[
          { key: "at", title: t("admin.time"), cell: (e) => <time className="whitespace-nowrap tabular-nums">{fullTime(e.at)}</time> },
          { key: "direction", title: t("log.direction"), cell: (e) => <Pill tone={e.direction === "in" ? "accent" : "neutral"}>{t(`log.${e.direction}`)}</Pill> },
          { key: "target", title: t("log.target"), cell: (e) => <code dir="ltr" className="block max-w-md font-mono text-xs max-md:line-clamp-2 max-md:break-all md:truncate">{e.method} {e.url}</code> },
          { key: "source", title: t("log.source"), minor: true, cell: (e) => <bdi>{sourceName(e.source_id)}</bdi> },
          { key: "status", title: t("log.status"), card: "corner", cell: (e) => <Pill tone={statusTone(e)}>{e.status === null ? t("log.noAnswer") : String(e.status)}</Pill> },
          { key: "duration", title: t("log.duration"), minor: true, end: true, cell: (e) => t("log.ms", { n: e.duration_ms }) },
        ]}
      />
      {open && (
        <Dialog title={t("admin.details")} closeLabel={t("admin.close")} onClose={() => setOpen(null)} wide>
          <div className="flex flex-col gap-4">
            <p className="text-sm text-text-2">
              {fullTime(open.at)} · <bdi>{sourceName(open.source_id)}</bdi>
            </p>
            <code dir="ltr" className="font-mono text-xs break-all">
              {open.method} {open.url}
            </code>
            {open.error && <ErrorNote>{open.error}</ErrorNote>}
            <Raw title={t("log.request")} value={open.request} empty={t("log.nothing")} />
            <Raw title={`${t("log.response")}${open.status === null ? "" : ` (${open.status})`}`} value={open.response} empty={t("log.nothing")} />
          </div>
        </Dialog>
      )}
    </AdminPage>
  );
}
