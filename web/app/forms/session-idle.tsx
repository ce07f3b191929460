/** Nothing was done here for a while: a last minute in which one can stay signed in. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { signOut } from "@/api/endpoints";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { replaceSession } from "@/stores/session";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";

export function IdleWarning() {
  const { idle } = useDesk();
  const { warnedUntil } = useSyncExternalStore(idle.subscribe, idle.get);
  return warnedUntil === null ? null : <IdleDialog until={warnedUntil} />;
}

function IdleDialog({ until }: { until: number }) {
  const { idle, attachments } = useDesk();
  const client = useQueryClient();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const stay = useMutation({ mutationFn: () => idle.stay() });
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await attachments.clearAll();
      replaceSession(client, null);
    },
  });
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <Dialog
      title={t("idle.title")}
      closeLabel={t("admin.close")}
      onClose={() => stay.mutate()}
      footer={
        <>
          <Button busy={leave.isPending} onClick={() => leave.mutate()}>
            {t("nav.signOut")}
          </Button>
          {/* Whoever is there answers with one key. */}
          <Button look="primary" data-autofocus busy={stay.isPending} onClick={() => stay.mutate()}>
            {t("idle.stay")}
          </Button>
        </>
      }
    >
      <p className="text-text-2">
        {/* Read aloud once, not each second. */}
        <span role="timer" aria-live="off" className="tabular-nums">
          {t("idle.lead", { n: seconds })}
        </span>{" "}
        {t("idle.kept")}
      </p>
      {leave.isError && (
        <div className="mt-3">
          <ErrorNote>{problemOf(leave.error)}</ErrorNote>
        </div>
      )}
    </Dialog>
  );
}
