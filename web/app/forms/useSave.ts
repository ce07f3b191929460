/** What every form of an administrator does when it is saved: send, say so, read the list again, close. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/http";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { toast } from "@/stores/toasts";

export function useSave<T>({ save, keys, created, onDone }: { save: () => Promise<T>; keys: readonly string[]; created: boolean; onDone: () => void }) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: save,
    onSuccess: () => {
      for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
      toast(t(created ? "admin.created" : "admin.saved"));
      onDone();
    },
  });
}

/** The problem for the foot of a form: nothing when one of its fields shows it already. */
export function formProblem(error: unknown, fields: readonly string[]): string | null {
  if (!error) return null;
  if (error instanceof ApiError && error.status === 412) return t("admin.stale");
  if (error instanceof ApiError && error.field !== null && fields.includes(error.field)) return null;
  return error instanceof ApiError && error.field ? `${error.field}: ${problemOf(error)}` : problemOf(error);
}
