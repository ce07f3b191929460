/** What an administrator may change about the whole account. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AdminPage } from "@/components/AdminPage";
import { SettingsForm } from "@/forms/settings-edit";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";

export function SettingsPage(): ReactNode {
  const { queries } = useDesk();
  const settings = useQuery(queries.settings);
  return (
    <AdminPage title={t("settings.title")} lead={t("settings.lead")} needs="manage_settings" query={settings} empty={false}>
      {settings.data && <SettingsForm key={settings.data.etag} settings={settings.data.data} etag={settings.data.etag} />}
    </AdminPage>
  );
}
