/** Colours from the brand's one: readable on whatever they stand on, by the contrast rules of WCAG. Pure. */

type Rgb = readonly [number, number, number];

/** What text must stand out by. */
const TEXT = 4.5;

export interface Accent {
  /** Of buttons and of the visitor's own messages. */
  fill: string;
  /** Of text on it. */
  onFill: string;
  /** Of links and labels on the window's surface and its bubbles. */
  text: string;
}

/** `#rrggbb` or `#rgb` as numbers; null for anything else. */
export function readColor(text: string): Rgb | null {
  const digits = /^#(?:([0-9a-f]{3})|([0-9a-f]{6}))$/i.exec(text.trim());
  if (!digits) return null;
  const six = digits[2] ?? [...(digits[1] ?? "")].map((c) => c + c).join("");
  return [0, 2, 4].map((at) => parseInt(six.slice(at, at + 2), 16)) as unknown as Rgb;
}

const write = (rgb: Rgb): string => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const mix = (from: Rgb, to: Rgb, share: number): Rgb => from.map((part, at) => part + ((to[at] ?? 0) - part) * share) as unknown as Rgb;

const BLACK: Rgb = [17, 20, 24];
const WHITE: Rgb = [255, 255, 255];

/** A colour moved towards another one until it stands out enough on a ground. */
function until(color: Rgb, towards: Rgb, ground: Rgb, least: number): Rgb {
  for (let step = 0; step <= 20; step += 1) {
    const moved = mix(color, towards, step / 20);
    if (contrast(moved, ground) >= least) return moved;
  }
  return towards;
}

/** What an accent stands on: the window, and the bubbles in it, which stand out from that a little. */
export const GROUNDS = {
  light: { surface: "#ffffff", bubble: "#edf0f4" },
  dark: { surface: "#16191d", bubble: "#262b32" },
} as const;

/** The accent for a brand's colour. */
export function accentOf(brand: string, theme: "light" | "dark"): Accent {
  const color = readColor(brand) ?? [11, 107, 116];
  const ground = readColor(GROUNDS[theme].surface) ?? WHITE;
  const bubble = readColor(GROUNDS[theme].bubble) ?? WHITE;
  const away = theme === "dark" ? WHITE : BLACK;
  // A button must be told from what it stands on, and its text from the button: mid-tones are moved away from the surface until both hold.
  let fill = until(color, away, ground, 3);
  let onFill = contrast(fill, WHITE) >= TEXT ? WHITE : BLACK;
  if (contrast(fill, onFill) < TEXT) {
    fill = until(fill, onFill === WHITE ? BLACK : WHITE, onFill, TEXT);
    onFill = contrast(fill, WHITE) >= contrast(fill, BLACK) ? WHITE : BLACK;
  }
  return { fill: write(fill), onFill: write(onFill), text: write(until(color, away, bubble, TEXT)) };
}
