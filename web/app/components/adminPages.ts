/** The pages of the administrator, in the order of the navigation, with what opens each. */
import type { Privilege } from "@/api/types";
import type { MessageKey } from "@/i18n";
import type { IconName } from "@/ui/Icon";

export const ADMIN_PAGES = [
  { to: "/admin/users", icon: "users", label: "nav.users", needs: "manage_users" },
  { to: "/admin/skills", icon: "tag", label: "nav.skills", needs: "manage_skills" },
  { to: "/admin/sources", icon: "plug", label: "nav.sources", needs: "manage_sources" },
  { to: "/admin/apps", icon: "blocks", label: "nav.apps", needs: "manage_sources" },
  { to: "/admin/api-keys", icon: "key", label: "nav.apiKeys", needs: "manage_api_keys" },
  { to: "/admin/settings", icon: "sliders", label: "nav.settings", needs: "manage_settings" },
  { to: "/admin/deliveries", icon: "send", label: "nav.deliveries", needs: "view_channel_log" },
  { to: "/admin/channel-log", icon: "list", label: "nav.channelLog", needs: "view_channel_log" },
  { to: "/admin/dead-letters", icon: "alert", label: "nav.deadLetters", needs: "view_channel_log" },
] as const satisfies readonly { to: string; icon: IconName; label: MessageKey; needs: Privilege }[];

export type AdminPageEntry = (typeof ADMIN_PAGES)[number];
