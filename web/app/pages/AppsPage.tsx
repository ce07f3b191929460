/** Outside programs that bring their own consumers, and where they are told what happens. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { InstalledApp } from "@/api/types";
import { endpointsOf } from "@/api/webhookTypes";
import { AdminPage } from "@/components/AdminPage";
import { AppDialog } from "@/forms/app-edit";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";
import { useNames } from "@/stores/hooks";
import { may } from "@/stores/identity";
import { Button } from "@/ui/Button";
import { Pill } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

/** In the place of an id, which holds no colon. */
const NEW = "new:";

/** The hosts that an app's notifications go to, each once. */
function hostsOf(app: InstalledApp): string[] {
  const hosts = Object.values(endpointsOf(app.settings)).flatMap((endpoint) => (URL.canParse(endpoint) ? [new URL(endpoint).host] : []));
  return [...new Set(hosts)];
}

export function AppsPage(): ReactNode {
  const { queries, session } = useDesk();
  const names = useNames();
  const apps = useQuery(queries.apps);
  const [open, setOpen] = useState<string | null>(null);
  const rows = apps.data?.items ?? [];
  return (
    <>
      <AdminPage title={t("apps.title")} lead={t("apps.lead")} needs="manage_sources" query={apps} empty={rows.length === 0} action={<Button look="primary" icon="plus" onClick={() => setOpen(NEW)}>{t("apps.new")}</Button>}>
      <Table<InstalledApp>
        caption={t("apps.title")}
        rows={rows}
        rowKey={(a) => a.id}
        onOpen={(a) => setOpen(a.id)}
        openLabel={(a) => t("admin.edit", { name: a.name })}
        columns={[
          {
            key: "name",
            title: t("admin.name"),
            cell: (a) => (
              <span className="block">
                <bdi className="block">{a.name}</bdi>
                <code dir="ltr" className="block font-mono text-xs font-normal break-all text-text-3">{a.client_id}</code>
              </span>
            ),
          },
          { key: "skill", title: t("sources.skill"), minor: true, cell: (a) => <bdi>{a.skill_id ? names.skill(a.skill_id) : t("sources.skillDefault")}</bdi> },
          { key: "webhooks", title: t("apps.webhooks"), cell: (a) => (hostsOf(a).length > 0 ? <span dir="ltr" className="break-all">{hostsOf(a).join(", ")}</span> : <span className="text-text-3">{t("apps.noWebhooks")}</span>) },
          {
            key: "told",
            title: t("appLog.title"),
            card: "bare",
            cell: (a) =>
              may(session, "view_channel_log") && (
                <Link to="/admin/apps/$app" params={{ app: a.id }} aria-label={t("appLog.of", { name: a.name })} className="relative z-10 text-xs font-medium text-accent-text underline underline-offset-2">
                  {t("appLog.title")}
                </Link>
              ),
          },
          { key: "state", title: t("admin.state"), card: "corner", cell: (a) => (a.enabled ? <Pill tone="ok">{t("admin.enabled")}</Pill> : <Pill>{t("admin.disabled")}</Pill>) },
        ]}
      />
      </AdminPage>
      {open && <AppDialog id={open === NEW ? null : open} onClose={() => setOpen(null)} />}
    </>
  );
}
