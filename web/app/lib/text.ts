/** Pure helpers around message text: links, lengths, segments, initials, stable colours. */

export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`]{1,2000}/gi;

/** Closing punctuation that belongs to the sentence and not to the address. */
function trimTail(url: string): string {
  let end = url.length;
  for (;;) {
    const c = url[end - 1];
    if (c === undefined) break;
    if (".,;:!?…»”’*_~".includes(c)) end -= 1;
    else if (c === ")" && url.slice(0, end).split("(").length < url.slice(0, end).split(")").length) end -= 1;
    else if (c === "]" && !url.slice(0, end).includes("[")) end -= 1;
    else break;
  }
  return url.slice(0, end);
}

/** Cuts a text into plain pieces and links. Only http and https become links; nothing is ever markup. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const raw = trimTail(match[0]);
    let url: URL;
    try {
      url = new URL(raw);
    } catch {
      continue;
    }
    if (url.protocol !== "http:" && url.protocol !== "https:") continue;
    // An address that hides its host behind a user name is a trick: it stays text.
    if (url.username || url.password) continue;
    if (match.index > from) pieces.push({ kind: "text", text: text.slice(from, match.index) });
    pieces.push({ kind: "link", text: raw, href: url.href });
    from = match.index + raw.length;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

const GSM7 = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const GSM7_TWO = new Set("^{}\\[~]|€\f");

export interface Segments {
  encoding: "GSM-7" | "UCS-2";
  segments: number;
  /** Units still free in the last segment. */
  left: number;
}

/** Counts the segments of a short message. A character is never cut in two by the end of a segment. */
export function countSegments(text: string): Segments {
  const characters = [...text];
  const gsm = characters.every((c) => GSM7.has(c) || GSM7_TWO.has(c));
  const width = gsm ? (c: string) => (GSM7_TWO.has(c) ? 2 : 1) : (c: string) => c.length;
  const [single, joined] = gsm ? [160, 153] : [70, 67];
  const total = characters.reduce((sum, c) => sum + width(c), 0);
  const encoding = gsm ? "GSM-7" : "UCS-2";
  if (total <= single) return { encoding, segments: total === 0 ? 0 : 1, left: single - total };
  let segments = 1;
  let used = 0;
  for (const c of characters) {
    const w = width(c);
    if (used + w > joined) {
      segments += 1;
      used = 0;
    }
    used += w;
  }
  return { encoding, segments, left: joined - used };
}

/** Length of a text in a channel's own unit. */
export function measure(text: string, unit: string): number {
  switch (unit) {
    case "utf8":
      return new TextEncoder().encode(text).length;
    case "utf16":
      return text.length;
    case "gsm": {
      // Places of a short message: one or two for each character, or UTF-16 units as soon as one does not fit.
      const characters = [...text];
      if (!characters.every((c) => GSM7.has(c) || GSM7_TWO.has(c))) return text.length;
      return characters.reduce((sum, c) => sum + (GSM7_TWO.has(c) ? 2 : 1), 0);
    }
    default:
      return [...text].length;
  }
}

/** Up to two letters that stand for a name; a number shows its last two digits. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const letters = words.map((w) => [...w].find((c) => /\p{L}/u.test(c)) ?? "").filter(Boolean);
  if (letters.length > 0) return (letters[0] + (letters.length > 1 ? (letters.at(-1) ?? "") : "")).toLocaleUpperCase();
  const digits = name.replace(/\D/g, "");
  return digits.slice(-2) || "?";
}

/** A number that is the same for the same text, everywhere and always. */
export function stableHash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i += 1) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 16777619);
  }
  // Stirred once more: ids that differ little must not share their colour.
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** One of the twelve avatar tints of the style sheet. */
export const tintOf = (text: string): number => stableHash(text) % 12;

/** "sms_gateway" → "Sms gateway", for a channel whose catalogue entry is not there (yet). */
export function humanise(id: string): string {
  const words = id.replace(/[_-]+/g, " ").trim();
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : id;
}

/** The server's sentences begin small, as clauses do in a log; on a screen they stand alone. */
export const sentence = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** Reads a size in bytes the way people say it. */
export function fileSize(bytes: number, locale: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale, { style: "unit", unit: units[unit], unitDisplay: "short", maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value);
}

/** Whether a text is nothing but a few emoji, which are then shown large. */
export function isOnlyEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > 24) return false;
  return /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}\uFE0F?|[\u{1F3FB}-\u{1F3FF}])*|\p{Regional_Indicator}{2}|\s)+$/u.test(trimmed);
}
