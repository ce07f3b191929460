/** What the forms of administrators have in common: a dialog that first reads what is changed, and the foot with problem and buttons. */
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { problemOf, remedyOf } from "@/lib/problem";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { formProblem } from "./useSave";

/** An object as it was read, with the tag that its change is sent with; nothing for a new one. */
export interface Read<T> {
  data: T | null;
  etag: string | null;
}

interface Props<T> {
  /** The title of a new one, or of the one that was read. */
  title: (data: T | null) => string;
  isNew: boolean;
  query: { isPending: boolean; error: unknown; data?: Read<T> };
  wide?: boolean;
  onClose: () => void;
  children: (read: Read<T>) => ReactNode;
}

export function EntityDialog<T>({ title, isNew, query, wide, onClose, children }: Props<T>) {
  const name = isNew ? title(null) : query.data ? title(query.data.data) : t("app.loading");
  return (
    <Dialog title={name} closeLabel={t("admin.close")} onClose={onClose} wide={wide}>
      {!isNew && query.isPending && <RowsSkeleton rows={wide ? 4 : 2} label={t("app.loading")} />}
      {query.error !== null && <ErrorNote remedy={remedyOf(query.error)}>{problemOf(query.error)}</ErrorNote>}
      {isNew ? children({ data: null, etag: null }) : query.data && children(query.data)}
    </Dialog>
  );
}

/** The foot of a form: what went wrong, unless one of `fields` shows it, and the two buttons. `submit` is in the place of save and create. */
export function FormFoot({ error, fields, isNew = false, submit, busy, onCancel }: { error: unknown; fields: readonly string[]; isNew?: boolean; submit?: string; busy: boolean; onCancel?: () => void }) {
  const problem = formProblem(error, fields);
  return (
    <>
      {problem && <ErrorNote remedy={remedyOf(error)}>{problem}</ErrorNote>}
      <div className="flex justify-end gap-2">
        {onCancel && <Button onClick={onCancel}>{t("admin.cancel")}</Button>}
        <Button type="submit" look="primary" busy={busy}>
          {submit ?? t(isNew ? "admin.create" : "admin.save")}
        </Button>
      </div>
    </>
  );
}
