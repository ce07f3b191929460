/** Sends a made-up notification to each endpoint of an app, and tells what came back. */
import { useMutation } from "@tanstack/react-query";
import { kindOfType } from "@/api/webhookTypes";
import { t } from "@/i18n";
import { problemOf, remedyOf } from "@/lib/problem";
import { sentence } from "@/lib/text";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Pill } from "@/ui/Feedback";

export function AppTestDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { api } = useDesk();
  const test = useMutation({ mutationFn: () => api.testApp(id) });
  const calls = test.data?.calls ?? [];
  return (
    <Dialog
      title={t("appLog.test")}
      closeLabel={t("admin.close")}
      onClose={onClose}
      wide
      footer={
        <Button look="primary" icon="send" busy={test.isPending} onClick={() => test.mutate()} data-autofocus>
          {t("appLog.testNow")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <p className="text-text-2">{t("appLog.testLead")}</p>
        {test.isError && <ErrorNote remedy={remedyOf(test.error)}>{problemOf(test.error)}</ErrorNote>}
        {test.data && calls.length === 0 && <p className="text-sm text-text-2">{t("appLog.testNothing")}</p>}
        <ul aria-live="polite" className="flex flex-col gap-3">
          {calls.map((c) => {
            const kind = kindOfType(c.event_type);
            return (
              <li key={c.event_type} className="flex flex-col gap-1 text-sm">
                <span className="flex flex-wrap items-center gap-2">
                  <span className="font-medium">{kind ? t(`apps.kind.${kind}`) : c.event_type}</span>
                  <Pill tone={c.delivered ? "ok" : "danger"}>{c.status === null ? t("log.noAnswer") : String(c.status)}</Pill>
                  <span className="text-text-3">{t("log.ms", { n: c.duration_ms })}</span>
                </span>
                <code dir="ltr" className="font-mono text-xs break-all text-text-2">{c.endpoint}</code>
                {c.error !== null && <span className="text-danger">{sentence(c.error)}</span>}
              </li>
            );
          })}
        </ul>
      </div>
    </Dialog>
  );
}
