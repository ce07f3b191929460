/** Changing one's own password. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changePassword } from "@/api/endpoints";
import { ApiError } from "@/api/http";
import { t } from "@/i18n";
import { fieldProblem, problemOf, remedyOf } from "@/lib/problem";
import { toast } from "@/stores/toasts";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";
import { TextField } from "@/ui/Field";

export function ChangePasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [repeat, setRepeat] = useState("");
  const mismatch = repeat !== "" && next !== repeat;
  const mutation = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      toast(t("password.saved"));
      onClose();
    },
  });
  const { error } = mutation;
  const onField = error instanceof ApiError && (error.field === "current_password" || error.field === "new_password");
  return (
    <Dialog title={t("password.title")} closeLabel={t("admin.close")} onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (next === repeat) mutation.mutate({ current_password: current, new_password: next });
        }}
      >
        <TextField label={t("password.current")} type="password" autoComplete="current-password" required value={current} onChange={(e) => setCurrent(e.target.value)} problem={fieldProblem(error, "current_password")} dir="ltr" />
        <TextField label={t("password.new")} type="password" autoComplete="new-password" required value={next} onChange={(e) => setNext(e.target.value)} problem={fieldProblem(error, "new_password")} dir="ltr" />
        <TextField label={t("password.repeat")} type="password" autoComplete="new-password" required value={repeat} onChange={(e) => setRepeat(e.target.value)} problem={mismatch ? t("password.mismatch") : null} dir="ltr" />
        {error && !onField && <ErrorNote remedy={remedyOf(error)}>{problemOf(error)}</ErrorNote>}
        <Button type="submit" look="primary" busy={mutation.isPending}>
          {t("password.save")}
        </Button>
      </form>
    </Dialog>
  );
}
