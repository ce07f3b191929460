/** The connected pages and numbers, and whether they work. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { HealthState, Source } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { SourceDialog } from "@/forms/source-edit";
import { t } from "@/i18n";
import { dateAndTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { useNames } from "@/stores/hooks";
import { ChannelBadge } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { Pill, type Tone } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

const TONE: Record<HealthState, Tone> = { ok: "ok", needs_reauthorisation: "danger", failing: "danger", unknown: "neutral" };

export function SourcesPage(): ReactNode {
  const { queries } = useDesk();
  const names = useNames();
  const sources = useQuery(queries.sources);
  const [open, setOpen] = useState<string | null>(null);
  const rows = sources.data?.items ?? [];
  return (
    <AdminPage title={t("sources.title")} lead={t("sources.lead")} needs="manage_sources" query={sources} empty={false} action={<Button look="primary" icon="plus" onClick={() => setOpen("new")}>{t("sources.new")}</Button>}>
      {rows.length > 0 && (
        <Table<Source>
          caption={t("sources.title")}
          rows={rows}
          rowKey={(s) => s.id}
          onOpen={(s) => setOpen(s.id)}
          openLabel={(s) => t("admin.edit", { name: s.name })}
          columns={[
            {
              key: "name",
              title: t("admin.name"),
              cell: (s) => (
                <span className="flex items-center gap-2.5">
                  <ChannelBadge id={s.channel} name={names.channel(s.channel)} size={24} />
                  <span>
                    <bdi className="block">{s.name}</bdi>
                    <span className="block text-xs font-normal text-text-3">{names.channel(s.channel)}</span>
                  </span>
                </span>
              ),
            },
            { key: "address", title: t("sources.address"), minor: true, cell: (s) => <bdi className="tabular-nums">{s.address}</bdi> },
            { key: "skill", title: t("sources.skill"), minor: true, cell: (s) => <bdi>{s.skill_id ? names.skill(s.skill_id) : t("sources.skillDefault")}</bdi> },
            {
              key: "health",
              title: t("sources.health"),
              cell: (s) => (
                <span className="flex flex-col items-start gap-0.5">
                  <Pill tone={TONE[s.health.state]}>{t(`sources.health.${s.health.state}`)}</Pill>
                  {s.health.since !== null && s.health.state !== "ok" && <span className="text-xs text-text-3">{t("sources.since", { time: dateAndTime(s.health.since) })}</span>}
                </span>
              ),
            },
            { key: "state", title: t("admin.state"), card: "corner", cell: (s) => (s.enabled ? <Pill tone="ok">{t("admin.enabled")}</Pill> : <Pill>{t("admin.disabled")}</Pill>) },
          ]}
        />
      )}
      {open && <SourceDialog id={open === "new" ? null : open} onClose={() => setOpen(null)} />}
    </AdminPage>
  );
}
