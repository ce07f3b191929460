/** The outermost page: signed out, signed in, or signed in with a session that has ended. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { sessionQuery } from "@/api/queries";
import { DeskProvider } from "@/components/DeskProvider";
import { Shell } from "@/components/Shell";
import { IdleWarning } from "@/forms/session-idle";
import { SessionEndedDialog } from "@/forms/session-renew";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { SignInPage } from "@/pages/SignInPage";
import { followTabs } from "@/stores/session";
import { sessionGone } from "@/stores/sessionGone";
import { dismissToast, toastStore } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/Feedback";
import { Spinner } from "@/ui/Spinner";
import { Toasts } from "@/ui/Toasts";

export function RootPage(): ReactNode {
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const gone = useSyncExternalStore(sessionGone.subscribe, sessionGone.get);
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.get);
  useEffect(() => followTabs(client), [client]);
  const corner = <Toasts toasts={toasts} label={t("nav.notifications")} closeLabel={t("admin.close")} onClose={dismissToast} />;

  if (session.isPending) {
    return (
      <main className="flex h-full items-center justify-center gap-2 text-text-2" aria-busy="true">
        <Spinner />
        <span role="status">{t("app.loading")}</span>
      </main>
    );
  }
  if (session.data === undefined) {
    return (
      <main className="h-full">
        <EmptyState heading icon="alert" title={problemOf(session.error)}>
          <Button look="primary" busy={session.isFetching} onClick={() => void session.refetch()}>
            {t("conv.retry")}
          </Button>
        </EmptyState>
      </main>
    );
  }
  if (session.data === null) {
    return (
      <>
        <SignInPage />
        {corner}
      </>
    );
  }
  const { data } = session;
  return (
    <DeskProvider key={`${data.account.id}.${data.user.id}`} session={data}>
      <Shell>
        <Outlet />
      </Shell>
      {gone ? <SessionEndedDialog session={data} /> : <IdleWarning />}
      {corner}
    </DeskProvider>
  );
}
