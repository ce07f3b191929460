/** Turns whatever was thrown into one sentence a person can act on. */
import { ApiError } from "@/api/http";
import { SocketError } from "@/api/socket";
import { t } from "@/i18n";
import { sentence } from "./text";

export function problemOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t("error.unreachable");
    const text = error.message.startsWith("HTTP ") ? t("error.http", { status: error.status }) : sentence(error.message);
    return error.status >= 500 && error.requestId ? `${text} ${t("error.request", { id: error.requestId })}` : text;
  }
  if (error instanceof SocketError) return error.unanswered ? t("why.offline") : sentence(error.message) || t("error.generic");
  return t("error.generic");
}

export const remedyOf = (error: unknown): string | null => (error instanceof ApiError && error.remedy ? sentence(error.remedy) : null);

/** The problem of one field of a form, when the server named that field. */
export const fieldProblem = (error: unknown, field: string): string | null =>
  error instanceof ApiError && error.field === field ? sentence(error.message) : null;
