/** One notification with the call that tells it, secrets masked. */
import { useQuery } from "@tanstack/react-query";
import type { AppNotification } from "@/api/types";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { fullTime } from "@/lib/time";
import { sentence } from "@/lib/text";
import { useDesk } from "@/stores/context";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { Raw } from "./Raw";

export function NotificationDialog({ app, notification, onClose }: { app: string; notification: AppNotification; onClose: () => void }) {
  const { queries } = useDesk();
  const call = useQuery(queries.appNotification(app, notification.id));
  const request = call.data?.request ?? null;
  return (
    <Dialog title={t("admin.details")} closeLabel={t("admin.close")} onClose={onClose} wide>
      <div className="flex flex-col gap-4">
        <p className="text-sm text-text-2">{fullTime(notification.at)}</p>
        {notification.error && <ErrorNote>{sentence(notification.error)}</ErrorNote>}
        {call.isPending && <RowsSkeleton rows={2} label={t("app.loading")} />}
        {call.isError && <ErrorNote>{problemOf(call.error)}</ErrorNote>}
        {call.data && !request && <p className="text-sm text-text-2">{t("appLog.notTold")}</p>}
        {request && (
          <>
            <code dir="ltr" className="font-mono text-xs break-all">
              {request.method} {request.url}
            </code>
            <Raw title={t("appLog.headers")} value={request.headers.map((h) => `${h.name}: ${h.value}`).join("\n")} empty={t("log.nothing")} />
            <Raw title={t("dead.body")} value={request.body} empty={t("log.nothing")} />
          </>
        )}
      </div>
    </Dialog>
  );
}
