/** The frame around every page: navigation, the user's menu, the state of the line, dialogs that are everywhere. */
import { Link, useLocation, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ChangePasswordDialog } from "@/forms/password-change";
import { t } from "@/i18n";
import { useDesk, useWorkspace } from "@/stores/context";
import { may } from "@/stores/identity";
import { Icon } from "@/ui/Icon";
import { ADMIN_PAGES } from "./adminPages";
import { ConnectionBar } from "./ConnectionBar";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { UserMenu } from "./UserMenu";
import { useShortcut } from "./useShortcuts";

const RAIL_ITEM =
  "relative flex size-11 items-center justify-center rounded-xl text-text-2 transition-colors hover:bg-hover hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent-text";

export function Shell({ children }: { children: ReactNode }) {
  const { session, me } = useDesk();
  const { id } = useParams({ strict: false });
  const inConversations = useLocation({ select: (l) => l.pathname.startsWith("/conversations") });
  const [dialog, setDialog] = useState<"password" | "shortcuts" | null>(null);
  const unread = useWorkspace((s) => {
    let n = 0;
    for (const c of s.inbox.lists.mine) if ((s.inbox.conversations[c]?.unread[me.oldId] ?? 0) > 0) n += 1;
    return n;
  });
  useShortcut("help", () => setDialog("shortcuts"));

  const adminPages = ADMIN_PAGES.filter((p) => may(session, p.needs));
  const badge = unread > 0 && (
    <span aria-hidden="true" className="absolute end-1 top-1 flex h-4 min-w-4 items-center justify-center rounded-full bg-accent px-1 text-[0.625rem] leading-none font-bold text-on-accent">
      {unread > 99 ? "99+" : unread}
    </span>
  );
  const conversationsLabel = unread > 0 ? `${t("nav.conversations")} (${t("list.unread", { n: unread })})` : t("nav.conversations");

  return (
    <div className="flex h-full flex-col">
      <a href="#main" className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:start-3 focus:top-3">
        {t("app.skip")}
      </a>
      <ConnectionBar />
      <div className="flex min-h-0 flex-1 max-md:flex-col-reverse">
        <nav
          aria-label={t("nav.main")}
          className={`flex shrink-0 items-center border-line bg-surface md:w-16 md:flex-col md:gap-1 md:border-e md:py-3 max-md:justify-around max-md:border-t max-md:px-2 max-md:py-1.5 max-md:pb-[max(0.375rem,env(safe-area-inset-bottom))] ${
            id ? "max-md:hidden" : ""
          }`}
        >
          <img src="/icon.svg" alt="" width={32} height={32} className="mb-3 rounded-[9px] max-md:hidden" />
          <Link to="/conversations/$list" params={{ list: "mine" }} className={RAIL_ITEM} title={conversationsLabel} aria-current={inConversations ? "page" : undefined}>
            <Icon name="chat" size={21} />
            <span className="sr-only">{conversationsLabel}</span>
            {badge}
          </Link>
          {adminPages.length > 0 && <span aria-hidden="true" className="my-1.5 h-px w-7 bg-line max-md:hidden" />}
          {adminPages.map((p) => (
            <Link key={p.to} to={p.to} className={`${RAIL_ITEM} max-md:hidden`} aria-label={t(p.label)} title={t(p.label)} activeProps={{ "aria-current": "page" }}>
              <Icon name={p.icon} size={20} />
            </Link>
          ))}
          <span className="flex-1 max-md:hidden" />
          <UserMenu adminPages={adminPages} onPassword={() => setDialog("password")} onShortcuts={() => setDialog("shortcuts")} />
        </nav>
        <div className="min-h-0 min-w-0 flex-1">{children}</div>
      </div>
      {dialog === "password" && <ChangePasswordDialog onClose={() => setDialog(null)} />}
      {dialog === "shortcuts" && <ShortcutsDialog onClose={() => setDialog(null)} />}
    </div>
  );
}
