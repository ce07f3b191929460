/** Chooses the skill a conversation goes to. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Skill } from "@/api/types";
import type { Conversation } from "@/api/wire";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { Icon } from "@/ui/Icon";

/** From this many skills on, a filter helps. */
const FILTER_FROM = 7;

export function TransferDialog({ conversation, onClose, onDone }: { conversation: Conversation; onClose: () => void; onDone: (skill: string) => void }) {
  const { workspace, queries } = useDesk();
  const skills = useQuery(queries.skills);
  const [find, setFind] = useState("");
  const mutation = useMutation({ mutationFn: (s: Skill) => workspace.transfer(conversation, s.id), onSuccess: (_d, s) => onDone(s.name) });
  const open = skills.data?.items.filter((s) => s.enabled && s.id !== conversation.skillId) ?? [];
  const shown = open.filter((s) => s.name.toLocaleLowerCase().includes(find.trim().toLocaleLowerCase()));
  return (
    <Dialog title={t("action.transferTitle")} closeLabel={t("action.cancel")} onClose={onClose}>
      {open.length >= FILTER_FROM && (
        <input className="field mb-3" aria-label={t("action.transferFind")} placeholder={t("action.transferFind")} value={find} onChange={(e) => setFind(e.target.value)} dir="auto" />
      )}
      {skills.isPending && <RowsSkeleton rows={3} label={t("app.loading")} />}
      {skills.isError && <ErrorNote action={<Button small onClick={() => void skills.refetch()}>{t("conv.retry")}</Button>}>{problemOf(skills.error)}</ErrorNote>}
      {skills.data && shown.length === 0 && <p className="py-3 text-text-2">{t("action.transferNone")}</p>}
      <ul className="flex flex-col gap-1">
        {shown.map((s, i) => (
          <li key={s.id}>
            <button
              type="button"
              data-autofocus={(i === 0 && open.length < FILTER_FROM) || undefined}
              disabled={mutation.isPending}
              onClick={() => mutation.mutate(s)}
              className="flex w-full items-center gap-3 rounded-xl border border-line px-3 py-2.5 text-start transition-colors hover:border-accent hover:bg-accent-soft"
            >
              <Icon name="tag" size={16} className="text-text-3" />
              <span className="min-w-0 flex-1">
                <bdi className="block truncate font-medium">{s.name}</bdi>
                {s.description && <span dir="auto" className="block truncate text-xs text-text-2">{s.description}</span>}
              </span>
              {s.waiting > 0 && <span className="text-xs text-text-2 tabular-nums">{t("action.waiting", { n: s.waiting })}</span>}
              <Icon name="forward" size={16} className="flip text-text-3" />
            </button>
          </li>
        ))}
      </ul>
      {mutation.isError && (
        <div className="mt-3">
          <ErrorNote>{problemOf(mutation.error)}</ErrorNote>
        </div>
      )}
    </Dialog>
  );
}
