/** Who may sign in. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { User } from "@/api/types";
import { AdminPage } from "@/components/AdminPage";
import { UserDialog } from "@/forms/user-edit";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";
import { nameOfProfile } from "@/stores/identity";
import { useNames } from "@/stores/hooks";
import { Avatar } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { Pill } from "@/ui/Feedback";
import { Table } from "@/ui/Table";

export function UsersPage(): ReactNode {
  const { queries, me } = useDesk();
  const names = useNames();
  const users = useQuery(queries.users);
  const profiles = useQuery(queries.profiles);
  const [open, setOpen] = useState<string | null>(null);
  const profileName = (id: string) => nameOfProfile(profiles.data?.items.find((p) => p.id === id)?.name ?? id);
  const rows = users.data?.items ?? [];
  return (
    <AdminPage title={t("users.title")} lead={t("users.lead")} needs="manage_users" query={users} empty={rows.length === 0} action={<Button look="primary" icon="plus" onClick={() => setOpen("new")}>{t("users.new")}</Button>}>
      <Table<User>
        caption={t("users.title")}
        rows={rows}
        rowKey={(u) => u.id}
        onOpen={(u) => setOpen(u.id)}
        openLabel={(u) => t("admin.edit", { name: u.nickname })}
        columns={[
          {
            key: "name",
            title: t("admin.name"),
            cell: (u) => (
              <span className="flex items-center gap-2.5">
                <Avatar id={`${me.accountId}.${u.id}`} name={u.nickname} size={30} />
                <span className="min-w-0">
                  <bdi className="block font-medium">{u.nickname}</bdi>
                  <bdi className="block text-xs font-normal text-text-3">{u.full_name}</bdi>
                </span>
              </span>
            ),
          },
          { key: "login", title: t("users.login"), minor: true, cell: (u) => <bdi className="text-text-2">{u.login}</bdi> },
          { key: "profile", title: t("users.profile"), cell: (u) => <span className="flex flex-wrap gap-1.5">{profileName(u.profile)}{u.kind === "bot" && <Pill tone="accent">{t("users.kind.bot")}</Pill>}</span> },
          { key: "skills", title: t("users.skills"), minor: true, cell: (u) => <span className="flex flex-wrap gap-1">{u.skill_ids.map((s) => <Pill key={s}><bdi>{names.skill(s)}</bdi></Pill>)}</span> },
          { key: "max", title: t("users.max"), minor: true, end: true, cell: (u) => u.max_conversations },
          {
            key: "state",
            title: t("admin.state"),
            card: "corner",
            cell: (u) => (!u.enabled ? <Pill>{t("admin.disabled")}</Pill> : u.locked_until ? <Pill tone="danger" icon="lock">{t("users.locked")}</Pill> : <Pill tone="ok">{t("admin.enabled")}</Pill>),
          },
        ]}
      />
      {open && <UserDialog id={open === "new" ? null : open} onClose={() => setOpen(null)} />}
    </AdminPage>
  );
}
