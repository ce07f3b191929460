/** Where conversations go. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Skill } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { SkillDialog } from "@/forms/skill-edit";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Pill } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

export function SkillsPage(): ReactNode {
  const { queries } = useDesk();
  const skills = useQuery(queries.skills);
  const [open, setOpen] = useState<string | null>(null);
  const rows = skills.data?.items ?? [];
  return (
    <AdminPage title={t("skills.title")} lead={t("skills.lead")} needs="manage_skills" query={skills} empty={false} action={<Button look="primary" icon="plus" onClick={() => setOpen("new")}>{t("skills.new")}</Button>}>
      {rows.length > 0 && (
        <Table<Skill>
          caption={t("skills.title")}
          rows={rows}
          rowKey={(s) => s.id}
          onOpen={(s) => setOpen(s.id)}
          openLabel={(s) => t("admin.edit", { name: s.name })}
          columns={[
            { key: "name", title: t("admin.name"), cell: (s) => <bdi>{s.name}</bdi> },
            { key: "description", title: t("skills.description"), minor: true, cell: (s) => <span dir="auto" className="line-clamp-2 text-text-2">{s.description}</span> },
            { key: "waiting", title: t("skills.waiting"), end: true, cell: (s) => s.waiting },
            { key: "state", title: t("admin.state"), card: "corner", cell: (s) => (s.enabled ? <Pill tone="ok">{t("admin.enabled")}</Pill> : <Pill>{t("admin.disabled")}</Pill>) },
          ]}
        />
      )}
      {open && <SkillDialog id={open === "new" ? null : open} onClose={() => setOpen(null)} />}
    </AdminPage>
  );
}
