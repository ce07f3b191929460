/** Asks before a conversation is closed. */
import { useMutation } from "@tanstack/react-query";
import type { Conversation } from "@/api/wire";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";

export function CloseConversationDialog({ conversation, name, onClose, onDone }: { conversation: Conversation; name: string; onClose: () => void; onDone: () => void }) {
  const { workspace } = useDesk();
  const mutation = useMutation({ mutationFn: () => workspace.close(conversation), onSuccess: onDone });
  return (
    <Dialog
      title={t("action.closeTitle")}
      closeLabel={t("action.cancel")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          {/* The question was asked on purpose: Enter answers it. */}
          <Button look="primary" data-autofocus busy={mutation.isPending} onClick={() => mutation.mutate()}>
            {t("action.close")}
          </Button>
        </>
      }
    >
      <p className="text-text-2">{t("action.closeHint", { name })}</p>
      {mutation.isError && (
        <div className="mt-3">
          <ErrorNote>{problemOf(mutation.error)}</ErrorNote>
        </div>
      )}
    </Dialog>
  );
}
