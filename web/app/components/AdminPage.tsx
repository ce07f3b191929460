/** The frame of an administrator's page: title, what it is for, its one action, and its content or why there is none. */
import type { ReactNode } from "react";
import type { Privilege } from "@/api/types";
import { t } from "@/i18n";
import { problemOf, remedyOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { may } from "@/stores/identity";
import { Button } from "@/ui/Button";
import { EmptyState, ErrorNote, RowsSkeleton } from "@/ui/Feedback";

interface Props {
  title: string;
  lead: string;
  needs: Privilege;
  action?: ReactNode;
  filters?: ReactNode;
  query: { isPending: boolean; error: unknown; refetch: () => unknown; hasNextPage?: boolean; isFetchingNextPage?: boolean; fetchNextPage?: () => unknown };
  empty: boolean;
  children: ReactNode;
}

export function AdminPage({ title, lead, needs, action, filters, query, empty, children }: Props) {
  const { session } = useDesk();
  return (
    <main id="main" tabIndex={-1} className="relative h-full overflow-y-auto outline-none">
      <div className="mx-auto flex max-w-6xl flex-col gap-5 px-4 py-6 md:px-8 md:py-8">
        <header className="flex flex-wrap items-end justify-between gap-3">
          <div>
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            <p className="mt-0.5 text-text-2">{lead}</p>
          </div>
          {may(session, needs) && action}
        </header>
        {!may(session, needs) ? (
          <EmptyState icon="lock" title={t("admin.noAccess")} />
        ) : (
          <>
            {filters}
            {query.error ? (
              <ErrorNote remedy={remedyOf(query.error)} action={<Button small onClick={() => void query.refetch()}>{t("conv.retry")}</Button>}>
                {t("admin.error")} {problemOf(query.error)}
              </ErrorNote>
            ) : query.isPending ? (
              <RowsSkeleton label={t("app.loading")} />
            ) : empty ? (
              <EmptyState icon="inbox" title={t("admin.empty")} />
            ) : (
              children
            )}
            {query.hasNextPage && (
              <div className="text-center">
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage?.()}>
                  {t("admin.more")}
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </main>
  );
}
