/** The session has ended while the user was at work: sign in again, on top of everything, and go on. */
import { useQueryClient } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";
import { sessionGone } from "@/stores/sessionGone";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SessionCreateForm } from "./session-create";

export function SessionEndedDialog({ session, onOther }: { session: Session; onOther: () => void }) {
  const client = useQueryClient();
  const { workspace } = useDesk();
  return (
    <Dialog title={t("signIn.again")} closeLabel={t("admin.close")}>
      <p className="mb-4 text-sm text-text-2">{t("signIn.againLead")}</p>
      <p className="mb-4 text-sm font-medium">
        <bdi>{session.user.full_name || session.user.login}</bdi>
      </p>
      <SessionCreateForm
        fixed={{ account: session.account.id, login: session.user.login }}
        onDone={(renewed) => {
          client.setQueryData(sessionQuery.queryKey, renewed);
          sessionGone.set(false);
          workspace.start();
          workspace.reconnect();
          // What failed for want of a session is read again; what is there stays.
          void client.refetchQueries({ type: "active", predicate: (q) => q.state.status === "error" });
        }}
      />
      <Button look="quiet" className="mt-2 w-full" onClick={onOther}>
        {t("signIn.other")}
      </Button>
    </Dialog>
  );
}
