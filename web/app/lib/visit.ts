/**
 * What a consumer's page or program told, as rows that people read. Whatever it is, it is bounded and stays text: anybody can
 * put anything into it.
 */

/** One thing that was told: an attribute, a campaign, a place. */
export interface Told {
  /** The type as it was told, for a title. */
  type: string;
  rows: readonly Row[];
  /** How many more rows there were. */
  more: number;
}

export interface Row {
  name: string;
  value: string;
}

const MOST_TOLD = 20;
const MOST_ROWS = 12;
const MOST_TEXT = 300;
/** How deep is looked; what lies deeper is left out. */
const DEEPEST = 5;
/** Members that only wrap what is meant. */
const WRAPPERS = ["info", "personal", "lead", "service", "error"];

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** `numItems` as people write it. */
const words = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/_/g, " ").toLowerCase();

/** A simple value as text. */
const plain = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "");

const short = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text);

/** A product in a list reads better on one line. */
function productRow(value: Json): Row | null {
  const { product, quantity } = value;
  if (!isObject(product) || typeof product.name !== "string") return null;
  const price = plain(product.price);
  const count = typeof quantity === "number" ? `${quantity} ×` : "";
  return { name: short(product.name), value: short([count, price].filter(Boolean).join(" ") || (plain(product.sku) || "–")) };
}

function collect(value: unknown, path: string, depth: number, into: Row[]): void {
  if (value === null || value === undefined || value === "" || depth > DEEPEST) return;
  if (Array.isArray(value)) {
    const simple = value.map(plain).filter(Boolean);
    if (simple.length > 0) into.push({ name: path, value: short(simple.join(", ")) });
    for (const one of value) if (typeof one === "object") collect(one, path, depth + 1, into);
  } else if (isObject(value)) {
    const product = productRow(value);
    if (product) {
      into.push(product);
      return;
    }
    for (const [name, inner] of Object.entries(value)) if (name !== "type") collect(inner, path === "" || WRAPPERS.includes(name) ? words(name) : `${path}, ${words(name)}`, depth + 1, into);
  } else {
    into.push({ name: short(path), value: short(plain(value)) });
  }
}

/** One thing that was told; null when there is nothing in it. */
export function toldOf(value: unknown, type: string): Told | null {
  if (!isObject(value)) return null;
  // What is meant may stand in a member of its own, which then says nothing by its name.
  const inner = [value[type], ...WRAPPERS.map((name) => value[name])].find(isObject);
  const all: Row[] = [];
  collect(inner ?? value, "", 0, all);
  return all.length > 0 ? { type: short(type), rows: all.slice(0, MOST_ROWS), more: Math.max(0, all.length - MOST_ROWS) } : null;
}

/** Engagement attributes, each by its type. */
export function attributesOf(list: unknown): Told[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST_TOLD).flatMap((one) => {
    const told = isObject(one) && typeof one.type === "string" ? toldOf(one, one.type) : null;
    return told ? [told] : [];
  });
}
