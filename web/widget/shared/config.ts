/** What the server tells of a source's widget. Looks and words only: nothing in it is secret. */

export type Theme = "auto" | "light" | "dark";
/** The texts that an administrator may word. */
export type OwnText = "title" | "welcome" | "launcher_text";

/** What visitors may send: the server holds every upload to the same. */
export interface Attachments {
  max_bytes: number;
  /** Media type → what the wire calls it. */
  types: Record<string, string>;
}

export interface Config {
  account: string;
  source: string;
  allowed_origins: string[];
  title: string;
  welcome: string | null;
  launcher_text: string | null;
  /** By language. */
  texts: Record<string, Partial<Record<OwnText, string>>>;
  color: string;
  theme: Theme;
  position: "left" | "right";
  /** A language of the widget, or `auto`. */
  language: string;
  logo_url: string | null;
  sign_in: "optional" | "required";
  /** Null when visitors send none. */
  attachments: Attachments | null;
}

/** A text as the administrator worded it for this language; null when they did not. */
export function ownText(config: Config, language: string, name: OwnText): string | null {
  return config.texts[language]?.[name] ?? config[name];
}

export const configPath = (account: string, source: string): string => `/widget/config/${encodeURIComponent(account)}/${encodeURIComponent(source)}`;
export const framePath = (account: string, source: string): string => `/widget/frame/${encodeURIComponent(account)}/${encodeURIComponent(source)}`;
