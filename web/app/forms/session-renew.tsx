/** The session has ended while the user was at work: sign in again, on top of everything, and go on. */
import { useQueryClient } from "@tanstack/react-query";
import type { Session } from "@/api/types";
import { t } from "@/i18n";
import { useDesk } from "@/stores/context";
import { replaceSession } from "@/stores/session";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SessionCreateForm } from "./session-create";

export function SessionEndedDialog({ session }: { session: Session }) {
  const client = useQueryClient();
  const { attachments } = useDesk();
  const other = async () => {
    await attachments.clearAll();
    replaceSession(client, null);
  };
  return (
    <Dialog title={t("signIn.again")} closeLabel={t("admin.close")} curtain>
      <p className="mb-4 text-sm text-text-2">{t("signIn.againLead")}</p>
      <p className="mb-4 text-sm font-medium">
        <bdi>{session.user.full_name || session.user.login}</bdi>
      </p>
      <SessionCreateForm
        fixed={{ account: session.account.id, login: session.user.login }}
        onDone={(renewed) => replaceSession(client, renewed)}
      />
      <Button look="quiet" className="mt-2 w-full" onClick={() => void other()}>
        {t("signIn.other")}
      </Button>
    </Dialog>
  );
}
