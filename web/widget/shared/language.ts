/** The languages that the widget speaks, and which of them a visitor gets. */

export const LANGUAGES = ["ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "tr"] as const;
export type Language = (typeof LANGUAGES)[number];

export const direction = (language: Language): "ltr" | "rtl" => (language === "ar" || language === "he" ? "rtl" : "ltr");

/** The widget's language that a wish names, with or without a region, for example `de-AT`; undefined when it has none such. */
function languageOf(wish: string | null | undefined): Language | undefined {
  // Hebrew's old name is still in use.
  const language = wish?.toLowerCase().split(/[-_]/)[0]?.replace(/^iw$/, "he");
  return LANGUAGES.find((one) => one === language);
}

export const isLanguage = (wish: string): boolean => languageOf(wish) !== undefined;

/** The first wish that can be fulfilled. */
export const chooseLanguage = (wishes: readonly (string | null | undefined)[]): Language => wishes.map(languageOf).find((one) => one !== undefined) ?? "en";
