/**
 * Texts by key, with values put in and the plural form chosen. The catalogue is chosen once, at the start.
 *
 * It returns plain text only: no markup ever comes from a catalogue.
 */
import { en } from "./en";

export type MessageKey = keyof typeof en;
type Entry = string | { one: string; other: string };
export type Catalogue = Record<MessageKey, Entry>;
type Values = Record<string, string | number>;

interface Locale {
  /** For plural rules, dates and numbers. */
  tag: string;
  direction: "ltr" | "rtl";
  catalogue: Catalogue;
}

const english: Locale = { tag: typeof navigator === "undefined" ? "en" : englishTag(navigator.language), direction: "ltr", catalogue: en };

/** The reader's own English for dates and numbers (day before month or after), English for all else. */
function englishTag(preferred: string): string {
  return preferred.toLowerCase().startsWith("en") ? preferred : "en-GB";
}

const ACCENTS: Record<string, string> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú" };

/** A stand-in for a right-to-left language: longer, accented, so that what is not in the catalogue shows. */
function pseudo(text: string): string {
  const accented = text.replace(/\{[^}]*\}|[aeiouAEIOU]/g, (m) => ACCENTS[m] ?? m);
  return `⟦${accented}⟧`;
}

export function pseudoLocale(): Locale {
  const entries = Object.entries(en).map(([key, entry]: [string, Entry]) => [
    key,
    typeof entry === "string" ? pseudo(entry) : { one: pseudo(entry.one), other: pseudo(entry.other) },
  ]);
  return { tag: "en", direction: "rtl", catalogue: Object.fromEntries(entries) as Catalogue };
}

let current: Locale = english;
let plurals = new Intl.PluralRules(current.tag);

export function chooseLocale(name: string | null): void {
  current = name === "pseudo" ? pseudoLocale() : english;
  plurals = new Intl.PluralRules(current.tag);
}

export const localeTag = (): string => current.tag;
export const direction = (): "ltr" | "rtl" => current.direction;

export function t(key: MessageKey, values: Values = {}): string {
  const entry: Entry = current.catalogue[key];
  const text = typeof entry === "string" ? entry : plurals.select(Number(values.n ?? 0)) === "one" ? entry.one : entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(current.tag).format(value) : value;
  });
}

/** The text of a key built at run time, or of the fallback when there is none. */
export function tOr(key: string, fallback: MessageKey, values: Values = {}): string {
  return key in current.catalogue ? t(key as MessageKey, values) : t(fallback, values);
}
