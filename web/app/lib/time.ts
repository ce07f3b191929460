/** Times as people read them. The moment is always an argument. */
import { localeTag, t } from "@/i18n";

const cache = new Map<string, Intl.DateTimeFormat>();
function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = localeTag() + JSON.stringify(options);
  let f = cache.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat(localeTag(), options);
    cache.set(key, f);
  }
  return f;
}

/** A day as one comparable text, in the reader's zone. */
export const dayKey = (at: number): string => {
  const d = new Date(at);
  return `${d.getFullYear()}-${d.getMonth()}-${d.getDate()}`;
};

export const clock = (at: number): string => formatter({ hour: "2-digit", minute: "2-digit" }).format(at);
export const fullTime = (at: number): string => formatter({ dateStyle: "medium", timeStyle: "medium" }).format(at);
export const shortDate = (at: number): string => formatter({ day: "numeric", month: "short", year: "numeric" }).format(at);
export const dateAndTime = (at: number): string =>
  formatter({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(at);

/** A moment's day as a date field has it: the day that the moment ends, in the reader's zone. */
export function dayField(ends: number | null): string {
  if (ends === null) return "";
  const d = new Date(ends - 1);
  return `${String(d.getFullYear()).padStart(4, "0")}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
}

/** A moment as a field for day and minute has it, in the reader's zone. */
export function minuteField(at: number): string {
  const d = new Date(at);
  return new Date(at - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** When the day of a date field ends, in the reader's zone. */
export function endOfDay(field: string): number | null {
  if (field === "") return null;
  const d = new Date(`${field}T00:00`);
  d.setDate(d.getDate() + 1);
  return d.getTime();
}

/** The heading of a day in a transcript. */
export function dayName(at: number, now: number): string {
  if (dayKey(at) === dayKey(now)) return t("conv.today");
  if (dayKey(at) === dayKey(now - 86_400_000)) return t("conv.yesterday");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return formatter({ weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(at);
}

/** The time in a list: the clock today, the day within a week, else the date. */
export function listTime(at: number, now: number): string {
  if (dayKey(at) === dayKey(now)) return clock(at);
  if (now - at < 6 * 86_400_000) return formatter({ weekday: "short" }).format(at);
  return formatter({ day: "numeric", month: "short" }).format(at);
}

/** A span in its largest whole unit. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("time.s", { n: s });
  if (s < 3600) return t("time.m", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("time.h", { n: Math.floor(s / 3600) });
  return t("time.d", { n: Math.floor(s / 86_400) });
}
