/** Sends an app's notifications of a range of time again. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/i18n";
import { fieldProblem } from "@/lib/problem";
import { minuteField } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { toast } from "@/stores/toasts";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, TextField } from "@/ui/Field";
import { FormFoot } from "./EntityDialog";

const DAY_MS = 86_400_000;
/** Most parts of a long range that are asked for in a row: 50,000 notifications each. */
const MOST_PARTS = 20;

export function AppRedriveDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { api, workspace } = useDesk();
  const [from, setFrom] = useState(() => minuteField(workspace.serverNow() - DAY_MS));
  const [to, setTo] = useState("");
  const [onlyDropped, setOnlyDropped] = useState(true);
  const redrive = useMutation({
    mutationFn: async () => {
      const range = { from: new Date(from).getTime(), ...(to ? { to: new Date(to).getTime() } : {}), only_dropped: onlyDropped };
      let queued = 0;
      let after: string | null = null;
      for (let part = 0; part < MOST_PARTS; part += 1) {
        const done: { queued: number; next: string | null } = await api.redriveApp(id, { ...range, ...(after === null ? {} : { after }) });
        queued += done.queued;
        after = done.next;
        if (after === null) break;
      }
      return queued;
    },
    onSuccess: (n) => {
      toast(t("appLog.redriven", { n }));
      onClose();
    },
  });
  const { error } = redrive;
  return (
    <Dialog title={t("appLog.redrive")} closeLabel={t("admin.close")} onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          redrive.mutate();
        }}
      >
        <p className="text-text-2">{t("appLog.redriveLead")}</p>
        <TextField label={t("appLog.from")} type="datetime-local" required value={from} onChange={(e) => setFrom(e.target.value)} problem={fieldProblem(error, "from")} />
        <TextField label={t("appLog.to")} hint={t("appLog.toHint")} type="datetime-local" value={to} onChange={(e) => setTo(e.target.value)} problem={fieldProblem(error, "to")} />
        <Checkbox label={t("appLog.onlyDropped")} hint={t("appLog.onlyDroppedHint")} checked={onlyDropped} onChange={(e) => setOnlyDropped(e.target.checked)} />
        <FormFoot error={error} fields={["from", "to"]} submit={t("appLog.redriveNow")} busy={redrive.isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
