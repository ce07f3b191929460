/** With what programs use the admin API: whose each key is, what it opens, and when it was last used. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { ApiKey } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { ApiKeyDialog } from "@/forms/api-key-edit";
import { t } from "@/i18n";
import { fullTime, listTime, shortDate } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { useNames, useNow } from "@/stores/hooks";
import { Button } from "@/ui/Button";
import { Pill } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

export function ApiKeysPage(): ReactNode {
  const { queries } = useDesk();
  const names = useNames();
  const now = useNow(60_000);
  const keys = useQuery(queries.apiKeys);
  const [open, setOpen] = useState<string | null>(null);
  const rows = keys.data?.items ?? [];
  return (
    <>
      <AdminPage title={t("apiKeys.title")} lead={t("apiKeys.lead")} needs="manage_api_keys" query={keys} empty={rows.length === 0} action={<Button look="primary" icon="plus" onClick={() => setOpen("new")}>{t("apiKeys.new")}</Button>}>
        <Table<ApiKey>
          caption={t("apiKeys.title")}
          rows={rows}
          rowKey={(k) => k.id}
          onOpen={(k) => setOpen(k.id)}
          openLabel={(k) => t("admin.edit", { name: k.name })}
          columns={[
            {
              key: "name",
              title: t("admin.name"),
              cell: (k) => (
                <span className="block">
                  <bdi className="block">{k.name}</bdi>
                  <code dir="ltr" className="block font-mono text-xs font-normal text-text-3">{k.beginning}…</code>
                </span>
              ),
            },
            { key: "user", title: t("apiKeys.user"), minor: true, cell: (k) => <bdi>{names.agent(k.user_id)}</bdi> },
            { key: "scopes", title: t("apiKeys.scopes"), cell: (k) => <span className="flex flex-wrap gap-1">{k.scopes.map((s) => <Pill key={s}><span dir="ltr">{s}</span></Pill>)}</span> },
            { key: "used", title: t("apiKeys.lastUsed"), cell: (k) => (k.last_used_at === null ? <span className="text-text-3">{t("apiKeys.never")}</span> : <time title={fullTime(k.last_used_at)}>{listTime(k.last_used_at, now)}</time>) },
            { key: "ends", title: t("apiKeys.ends"), minor: true, cell: (k) => (k.expires_at === null ? <span className="text-text-3">{t("apiKeys.never")}</span> : <time title={fullTime(k.expires_at)}>{shortDate(k.expires_at)}</time>) },
            { key: "state", title: t("admin.state"), card: "corner", cell: (k) => (k.expires_at !== null && k.expires_at <= now ? <Pill tone="danger">{t("apiKeys.ended")}</Pill> : <Pill tone="ok">{t("apiKeys.valid")}</Pill>) },
          ]}
        />
      </AdminPage>
      {open && <ApiKeyDialog id={open === "new" ? null : open} onClose={() => setOpen(null)} />}
    </>
  );
}
