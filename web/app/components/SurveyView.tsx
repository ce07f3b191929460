/** A survey as it went: what was asked, and what the consumer answered. Read anew when the conversation's dialogs change. */
import { useQuery } from "@tanstack/react-query";
import type { Conversation } from "@/api/wire";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import type { Names } from "@/stores/hooks";
import { rowsOf } from "@/stores/transcript";
import { ErrorNote, Skeleton } from "@/ui/Feedback";
import { MessageView } from "./MessageView";

export function SurveyView({ conversation: c, dialogId, consumerName, names }: { conversation: Conversation; dialogId: string; consumerName: string; names: Names }) {
  const { queries } = useDesk();
  const { data, isError, error } = useQuery(queries.dialog(c.id, dialogId));
  const rows = data ? rowsOf({ messages: data, changes: [], pending: [], firstUnread: null }) : [];
  return (
    <section aria-label={t("survey.label")} className="mx-4 my-2 rounded-xl border border-line bg-surface py-2 md:mx-5">
      <h2 className="px-4 text-xs font-semibold text-text-2">{t("survey.label")}</h2>
      {isError ? (
        <div className="px-4 pt-2">
          <ErrorNote remedy={problemOf(error)}>{t("survey.loadError")}</ErrorNote>
        </div>
      ) : !data ? (
        <Skeleton className="mx-4 mt-2 h-8" />
      ) : rows.length === 0 ? (
        <p className="px-4 pt-1 text-sm text-text-3">{t("survey.empty")}</p>
      ) : (
        rows.map((row) => row.kind === "message" && <MessageView key={row.key} conversation={c} row={row} consumerName={consumerName} names={names} />)
      )}
    </section>
  );
}
