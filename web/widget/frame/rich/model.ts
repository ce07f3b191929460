/**
 * Structured content as a small tree that can be drawn. What is not known, not allowed or too much becomes text or is left out:
 * nothing of it is ever markup, and no address is kept that could run anything.
 */

export type Action =
  | { type: "publishText"; text: string }
  | { type: "link"; href: string }
  | { type: "custom"; data: unknown }
  | { type: "addToCart"; data: unknown };

export interface Button {
  kind: "button";
  title: string;
  /** What it is called when read aloud, where that differs. */
  label: string | null;
  actions: Action[];
  metadata: object[];
}

export type Node =
  | { kind: "text"; text: string; role: "title" | "subtitle" | "plain"; bold: boolean; italic: boolean; large: boolean }
  | { kind: "image"; url: string; alt: string; caption: string | null; button: Button | null }
  | { kind: "box"; direction: "vertical" | "horizontal"; border: boolean; shares: number[]; children: Node[] }
  | { kind: "carousel"; children: Node[] }
  | Button;

/** Most elements of one message that are drawn. */
const MOST_ELEMENTS = 50;
const DEEPEST = 12;
const MOST_REPLIES = 24;
const LINKS = ["http:", "https:", "tel:", "mailto:", "sms:"];

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value : null);

/** An address that a tap may open; null for everything that could run, or that hides its host behind a user name. */
export function safeLink(uri: unknown): string | null {
  const url = parsed(uri);
  if (!url || !LINKS.includes(url.protocol) || url.username || url.password) return null;
  return url.href;
}

/** An address that a picture may come from. */
export function safeImage(uri: unknown): string | null {
  const url = parsed(uri);
  return url?.protocol === "https:" && !url.username ? url.href : null;
}

function parsed(uri: unknown): URL | null {
  try {
    return typeof uri === "string" && uri.length <= 2048 ? new URL(uri) : null;
  } catch {
    return null;
  }
}

const mapLink = (la: unknown, lo: unknown): string | null =>
  typeof la === "number" && typeof lo === "number" && Math.abs(la) <= 90 && Math.abs(lo) <= 180 ? `https://www.openstreetmap.org/?mlat=${la}&mlon=${lo}#map=16/${la}/${lo}` : null;

/** The tree of a message's structured content; null when there is nothing in it to draw. */
export function readRich(body: Json, showMap: string): Node | null {
  return new Reader(showMap).node(body, 0);
}

/** The quick replies of a message. */
export function readReplies(value: Json | null): Button[] {
  const reader = new Reader("");
  return list(value?.replies).slice(0, MOST_REPLIES).flatMap((reply) => (isJson(reply) ? (reader.button(reply) ?? []) : []));
}

class Reader {
  private left = MOST_ELEMENTS;

  constructor(private readonly showMap: string) {}

  node(value: unknown, depth: number): Node | null {
    if (!isJson(value) || depth > DEEPEST || this.left <= 0) return null;
    this.left -= 1;
    switch (value.type) {
      case "text":
        return text(value.text) === null ? null : this.text(value);
      case "button":
      case "submitButton":
        return this.button(value) ?? this.plain(value);
      case "image":
        return this.image(value);
      case "map":
        return this.map(value);
      case "linkPreview": {
        const href = safeLink(value.url);
        return href === null ? this.plain(value) : button(text(value.title) ?? href, null, [{ type: "link", href }]);
      }
      case "vertical":
      case "horizontal": {
        const children = this.children(value, depth);
        const shares = list(value.percentages).filter((share): share is number => typeof share === "number" && share > 0);
        const border = value.border !== "borderLess" && depth === 0;
        return children.length === 0 ? null : { kind: "box", direction: value.type, border, shares, children: roles(children) };
      }
      case "carousel":
      case "carouselSelect": {
        const children = this.children(value, depth);
        return children.length === 0 ? null : { kind: "carousel", children };
      }
      default:
        return this.plain(value);
    }
  }

  private children(value: Json, depth: number): Node[] {
    return list(value.elements).flatMap((one) => this.node(one, depth + 1) ?? []);
  }

  private text(value: Json): Node {
    const style = isJson(value.style) ? value.style : {};
    const tag = typeof value.tag === "string" ? value.tag.toLowerCase() : "";
    const role = tag === "title" || tag === "subtitle" ? tag : "plain";
    return { kind: "text", text: value.text as string, role, bold: style.bold === true, italic: style.italic === true, large: style.size === "large" };
  }

  private image(value: Json): Node | null {
    const url = safeImage(value.url);
    const alt = text(value.tooltip) ?? text(value.alt) ?? text(value.caption) ?? "";
    if (url === null) return alt ? plain(alt) : null;
    return { kind: "image", url, alt, caption: text(value.caption), button: this.tappable(value, alt || url) };
  }

  private map(value: Json): Node | null {
    const href = mapLink(value.la, value.lo);
    const title = text(value.tooltip) ?? text(value.alt);
    if (href === null) return title ? plain(title) : null;
    const shown = button(title ?? this.showMap, null, [{ type: "link", href }]);
    return { ...shown, metadata: clickOf(value).metadata };
  }

  private tappable(value: Json, title: string): Button | null {
    const click = clickOf(value);
    return click.actions.length > 0 ? { kind: "button", title, label: null, ...click } : null;
  }

  /** A button that does something here; null for one that does not. */
  button(value: Json): Button | null {
    const title = text(value.title);
    const click = clickOf(value);
    if (title === null) return null;
    // One without any action answers with its own words, as it would on a phone.
    const actions = click.actions.length === 0 && !isJson(value.click) ? [{ type: "publishText" as const, text: title }] : click.actions;
    if (actions.length === 0) return null;
    const tooltip = text(value.tooltip);
    return { kind: "button", title, label: tooltip === title ? null : tooltip, actions, metadata: click.metadata };
  }

  /** What can't be drawn, as the texts that are in it. */
  private plain(value: Json): Node | null {
    const lines: string[] = [];
    const collect = (one: unknown, depth: number): void => {
      if (depth > DEEPEST || lines.length > MOST_ELEMENTS) return;
      if (Array.isArray(one)) one.forEach((part) => collect(part, depth + 1));
      else if (isJson(one)) {
        const pair = text(one.key) && text(one.value) ? `${String(one.key)}: ${String(one.value)}` : null;
        const own = pair ?? text(one.text) ?? text(one.title) ?? text(one.tooltip) ?? text(one.alt);
        if (own !== null) lines.push(own);
        collect(one.elements, depth + 1);
      }
    };
    collect(value, 0);
    return lines.length > 0 ? plain(lines.join("\n")) : null;
  }
}

const plain = (words: string): Node => ({ kind: "text", text: words, role: "plain", bold: false, italic: false, large: false });
const button = (title: string, label: string | null, actions: Action[]): Button => ({ kind: "button", title, label, actions, metadata: [] });

/** In a card without tags the first text is the title, as long as more follows. */
function roles(children: Node[]): Node[] {
  const texts = children.filter((child) => child.kind === "text");
  const tagged = texts.some((child) => child.role !== "plain");
  if (tagged || texts.length < 2) return children;
  return children.map((child) => (child.kind === "text" && child === texts[0] ? { ...child, role: "title" } : child));
}

function clickOf(value: Json): { actions: Action[]; metadata: object[] } {
  const click = isJson(value.click) ? value.click : {};
  const metadata = list(click.metadata).filter(isJson).slice(0, 32);
  const actions = list(click.actions).slice(0, 4).flatMap((action) => {
    const read = isJson(action) ? readAction(action) : null;
    return read ? [read] : [];
  });
  return { actions, metadata };
}

function readAction(action: Json): Action | null {
  switch (action.type) {
    case "publishText":
      return text(action.text) === null ? null : { type: "publishText", text: action.text as string };
    case "link": {
      const web = isJson(action.web) ? action.web.uri : undefined;
      const href = safeLink(web ?? action.uri);
      return href === null ? null : { type: "link", href };
    }
    case "navigate": {
      const href = mapLink(action.la, action.lo);
      return href === null ? null : { type: "link", href };
    }
    case "custom":
      return { type: "custom", data: action.data ?? null };
    case "addToCart":
      return { type: "addToCart", data: action.items ?? null };
    default:
      return null;
  }
}
