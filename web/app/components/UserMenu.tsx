/** The user's own menu: appearance, sounds, notifications, password, signing out; on narrow screens also the pages. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { signOut } from "@/api/endpoints";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { allowNotifications } from "@/stores/alerts";
import { useDesk, usePreferences } from "@/stores/context";
import { preferences } from "@/stores/preferences";
import { replaceSession } from "@/stores/session";
import { toast } from "@/stores/toasts";
import { Avatar } from "@/ui/Avatar";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuRule, MenuToggle } from "@/ui/Menu";
import type { AdminPageEntry } from "./adminPages";
import { useShortcut } from "./useShortcuts";

interface Props {
  adminPages: readonly AdminPageEntry[];
  onPassword: () => void;
  onShortcuts: () => void;
}

export function UserMenu({ adminPages, onPassword, onShortcuts }: Props) {
  const { session, me, attachments } = useDesk();
  const prefs = usePreferences();
  const navigate = useNavigate();
  const client = useQueryClient();

  const leave = async () => {
    try {
      await signOut();
    } catch (e) {
      toast(problemOf(e), "danger");
      return;
    }
    await attachments.clearAll();
    replaceSession(client, null);
  };
  useShortcut("signOut", () => void leave());

  const toggleNotifications = async (on: boolean) => {
    if (on && !(await allowNotifications())) {
      toast(t("nav.notificationsBlocked"), "danger");
      return;
    }
    preferences.set({ notifications: on });
  };

  return (
    <Menu
      align="start"
      trigger={
        <button type="button" aria-label={t("nav.account")} title={session.user.nickname} className="rounded-full">
          <Avatar id={me.oldId} name={session.user.nickname} size={36} />
        </button>
      }
    >
      <div className="px-2.5 pt-1.5 pb-2">
        <p className="font-semibold">
          <bdi>{session.user.full_name || session.user.nickname}</bdi>
        </p>
        <p className="text-xs text-text-3">
          <bdi>{session.user.login}</bdi> · <bdi>{session.account.name}</bdi>
          {session.demo && ` · ${t("app.demo")}`}
        </p>
      </div>
      <div className="md:hidden">
        {adminPages.length > 0 && <MenuLabel>{t("nav.administration")}</MenuLabel>}
        {adminPages.map((p) => (
          <MenuItem key={p.to} icon={p.icon} onSelect={() => void navigate({ to: p.to })}>
            {t(p.label)}
          </MenuItem>
        ))}
      </div>
      <MenuRule />
      <MenuLabel>{t("nav.theme")}</MenuLabel>
      <MenuChoice
        label={t("nav.theme")}
        value={prefs.theme}
        onChange={(theme) => preferences.set({ theme })}
        options={[
          { value: "auto", label: t("nav.themeAuto") },
          { value: "light", label: t("nav.themeLight") },
          { value: "dark", label: t("nav.themeDark") },
        ]}
      />
      <MenuRule />
      <MenuToggle icon={prefs.sound ? "sound" : "mute"} checked={prefs.sound} onChange={(sound) => preferences.set({ sound })}>
        {t("nav.sound")}
      </MenuToggle>
      <MenuToggle icon="bell" checked={prefs.notifications} onChange={(on) => void toggleNotifications(on)}>
        {t("nav.notifications")}
      </MenuToggle>
      <MenuRule />
      <MenuItem icon="keyboard" onSelect={onShortcuts}>
        {t("nav.shortcuts")}
      </MenuItem>
      <MenuItem icon="key" onSelect={onPassword}>
        {t("nav.changePassword")}
      </MenuItem>
      <MenuItem icon="leave" onSelect={() => void leave()}>
        {t("nav.signOut")}
      </MenuItem>
    </Menu>
  );
}
