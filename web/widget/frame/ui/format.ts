/** Times and sizes in the reader's own form. */
import type { Words } from "../i18n";

export const clock = (words: Words, at: number): string => new Intl.DateTimeFormat(words.tag, { hour: "numeric", minute: "2-digit" }).format(at);

/** Today, yesterday, or the day. */
export function dayName(words: Words, at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return words.t("today");
  if (at >= new Date(midnight).setDate(new Date(midnight).getDate() - 1)) return words.t("yesterday");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(words.tag, { weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(at);
}

export const fullTime = (words: Words, at: number): string => new Intl.DateTimeFormat(words.tag, { dateStyle: "full", timeStyle: "short" }).format(at);
