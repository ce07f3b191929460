/** The consumer's consents, and the way to record one with its proof. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/i18n";
import { fieldProblem, problemOf } from "@/lib/problem";
import { dateAndTime } from "@/lib/time";
import { useDesk } from "@/stores/context";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/Feedback";
import { TextArea } from "@/ui/Field";

export function ConsentForm({ consumerId, optedOut }: { consumerId: string; optedOut: boolean }) {
  const { api, queries } = useDesk();
  const client = useQueryClient();
  const consents = useQuery(queries.consents(consumerId));
  const [open, setOpen] = useState(false);
  const [proof, setProof] = useState("");
  const record = useMutation({
    mutationFn: () => api.recordConsent(consumerId, { kind: optedOut ? "opt_in" : "opt_out", proof }),
    onSuccess: () => {
      toast(t("consumer.consentSaved"));
      setOpen(false);
      setProof("");
      void client.invalidateQueries({ queryKey: ["consents", consumerId] });
      void client.invalidateQueries({ queryKey: ["consumer", consumerId] });
    },
  });
  return (
    <div className="flex flex-col gap-3">
      <ul className="flex flex-col gap-1.5 text-sm">
        {consents.data?.items.slice(0, 5).map((c) => (
          <li key={c.id} className="flex justify-between gap-3">
            <span title={c.proof ?? undefined}>
              {t(`consumer.${c.kind}`)} <span className="text-text-3">{t(`consumer.how.${c.how}`, { keyword: c.keyword ?? "" })}</span>
            </span>
            <time className="shrink-0 text-text-3" dateTime={new Date(c.at).toISOString()}>{dateAndTime(c.at)}</time>
          </li>
        ))}
      </ul>
      {open ? (
        <form
          className="flex flex-col gap-3"
          onSubmit={(e) => {
            e.preventDefault();
            record.mutate();
          }}
        >
          <TextArea label={t("consumer.proof")} hint={t("consumer.proofHint")} required value={proof} onChange={(e) => setProof(e.target.value)} problem={fieldProblem(record.error, "proof")} dir="auto" />
          {record.isError && <ErrorNote>{problemOf(record.error)}</ErrorNote>}
          <div className="flex gap-2">
            <Button type="submit" small look="primary" busy={record.isPending}>
              {t(optedOut ? "consumer.opt_in" : "consumer.opt_out")}
            </Button>
            <Button small look="quiet" onClick={() => setOpen(false)}>{t("action.cancel")}</Button>
          </div>
        </form>
      ) : (
        <Button small onClick={() => setOpen(true)}>{t("consumer.recordConsent")}</Button>
      )}
    </div>
  );
}
