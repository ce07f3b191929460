/** The texts of the chosen language. English is always here; another one is loaded when it is wanted. */
import { direction, type Language } from "../../shared/language";
import { texts as english, type Texts } from "./en";

export type { Texts };

const CATALOGUES: Record<Exclude<Language, "en">, () => Promise<{ texts: Texts }>> = {
  ar: () => import("./ar"),
  de: () => import("./de"),
  es: () => import("./es"),
  fr: () => import("./fr"),
  he: () => import("./he"),
  it: () => import("./it"),
  ja: () => import("./ja"),
  nl: () => import("./nl"),
  pl: () => import("./pl"),
  pt: () => import("./pt"),
  tr: () => import("./tr"),
};

export interface Words {
  language: Language;
  /** For dates and numbers: the reader's own form of the language. */
  tag: string;
  direction: "ltr" | "rtl";
  t: (key: keyof Texts, values?: Record<string, string>) => string;
}

function words(language: Language, texts: Texts): Words {
  const own = typeof navigator === "undefined" ? "" : navigator.language;
  return {
    language,
    tag: own.toLowerCase().startsWith(language) ? own : language === "en" ? "en-GB" : language,
    direction: direction(language),
    t: (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole),
  };
}

export const ENGLISH = words("en", english);

/** The words of a language; English when its texts can't be loaded. */
export async function wordsOf(language: Language): Promise<Words> {
  if (language === "en") return ENGLISH;
  try {
    return words(language, (await CATALOGUES[language]()).texts);
  } catch {
    return ENGLISH;
  }
}
