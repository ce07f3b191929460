/**
 * Structured content as a small tree that the workspace and the widget draw. What is not known, not allowed or too much becomes text or is left out:
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
  | { kind: "sections"; look: "tabs" | "accordion"; sections: { title: string; node: Node }[] }
  | { kind: "facts"; pairs: [string, string][] }
  | { kind: "place"; title: string; href: string; metadata: object[] }
  | { kind: "preview"; title: string; href: string }
  | Checklist
  | Slots
  | Day
  | Button;

/** Something that can be ticked. */
export interface Box {
  title: string;
  says: string;
  metadata: object[];
}

export interface Checklist {
  kind: "checklist";
  title: string;
  sections: { title: string | null; boxes: Box[] }[];
  submit: { title: string; metadata: object[] };
  /** A button beside it that ignores the ticks. */
  other: Button | null;
}

/** Times to choose from; `start` in milliseconds since 1970. */
export interface Slots {
  kind: "slots";
  title: string;
  slots: { id: string; start: number; title: string | null; description: string | null }[];
  metadata: object[];
}

/** A question for a day or a span of days; bounds as `2026-12-24`. */
export interface Day {
  kind: "day";
  title: string;
  range: boolean;
  earliest: string | null;
  latest: string | null;
  format: string | null;
  metadata: object[];
}

/** What a filled-in checklist says: the ticked texts in the order in which they stand, and what comes back with them. */
export function ticked(list: Checklist, chosen: ReadonlySet<Box>): { text: string; metadata: object[] } | null {
  const boxes = list.sections.flatMap((section) => section.boxes).filter((box) => chosen.has(box));
  if (boxes.length === 0) return null;
  return { text: boxes.map((box) => box.says).join(", "), metadata: [...boxes.flatMap((box) => box.metadata), ...list.submit.metadata] };
}

/** A day as the author wants it written; without a wish as `2026-12-24`. */
export function writeDay(day: string, format: string | null): string {
  const [year = "", month = "", date = ""] = day.split("-");
  if (format === null) return day;
  return format.replaceAll(/YYYY|yyyy/g, year).replaceAll(/YY|yy/g, year.slice(2)).replaceAll("MM", month).replaceAll(/DD|dd/g, date);
}

/** Most elements of one message that are drawn. */
const MOST_ELEMENTS = 50;
const DEEPEST = 12;
const MOST_REPLIES = 24;
const MOST_BOXES = 256;
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
  return new Reader(showMap).root(body);
}

/** The quick replies of a message. */
export function readReplies(value: Json | null): Button[] {
  const reader = new Reader("");
  return list(value?.replies).slice(0, MOST_REPLIES).flatMap((reply) => (isJson(reply) ? (reader.button(reply) ?? []) : []));
}

/** A button that stands for the cards of a selection elsewhere. */
interface Chooser {
  name: string;
  button: Button;
}

class Reader {
  private left = MOST_ELEMENTS;
  private choosers: Chooser[] = [];

  constructor(private readonly showMap: string) {}

  /** The whole. Buttons that answer for a selection are put on each of its cards. */
  root(value: Json): Node | null {
    const names = new Set<string>();
    const walk = (one: unknown, depth: number): void => {
      if (!isJson(one) || depth > DEEPEST) return;
      const name = text(isJson(one.selectMode) ? one.selectMode.name : null);
      if (name !== null) names.add(name);
      const ref = text(isJson(one.ref) ? one.ref.name : null);
      const button = ref !== null && one.type === "button" ? this.button(one) : null;
      if (ref !== null && button) this.choosers.push({ name: ref, button });
      list(one.elements).forEach((child) => walk(child, depth + 1));
    };
    walk(value, 0);
    this.choosers = this.choosers.filter((one) => names.has(one.name));
    return this.node(value, 0);
  }

  node(value: unknown, depth: number): Node | null {
    if (!isJson(value) || depth > DEEPEST || this.left <= 0) return null;
    this.left -= 1;
    switch (value.type) {
      case "text":
        return text(value.text) === null ? null : this.text(value);
      case "button": {
        const ref = text(isJson(value.ref) ? value.ref.name : null);
        if (ref !== null && this.choosers.some((one) => one.name === ref)) return null;
        return this.asking(value) ?? this.button(value) ?? this.plain(value);
      }
      case "image":
        return this.image(value);
      case "map":
        return this.map(value);
      case "linkPreview": {
        const href = safeLink(value.url);
        return href === null ? this.plain(value) : { kind: "preview", title: text(value.title) ?? href, href };
      }
      case "keyValuePairList": {
        const pairs = list(value.elements).flatMap((pair): [string, string][] => {
          const key = isJson(pair) ? text(pair.key) : null;
          return key === null || !isJson(pair) ? [] : [[key, text(pair.value) ?? ""]];
        });
        return pairs.length === 0 ? null : { kind: "facts", pairs };
      }
      case "template":
        return this.legacy(value);
      case "list":
        return this.checklist(value) ?? this.plain(value);
      case "tabs":
      case "accordionSelect":
        return this.sections(value, depth);
      case "vertical":
      case "horizontal": {
        const children = this.children(value, depth);
        const shares = list(value.percentages).filter((share): share is number => typeof share === "number" && share > 0);
        const border = value.border !== "borderLess" && depth === 0;
        return children.length === 0 ? null : { kind: "box", direction: value.type, border, shares, children: roles(children) };
      }
      case "carousel":
      case "carouselSelect": {
        const children = this.cards(value, depth);
        return children.length === 0 ? null : { kind: "carousel", children };
      }
      default:
        return this.plain(value);
    }
  }

  private children(value: Json, depth: number): Node[] {
    return list(value.elements).flatMap((one) => this.node(one, depth + 1) ?? []);
  }

  /** The cards of a container; those of a selection with its button on each. */
  private cards(value: Json, depth: number): Node[] {
    const name = text(isJson(value.selectMode) ? value.selectMode.name : null);
    const chooser = this.choosers.find((one) => one.name === name)?.button;
    return list(value.elements).flatMap((one) => {
      const node = this.node(one, depth + 1);
      if (!node || !chooser) return node ?? [];
      const own = isJson(one) ? list(one.metadata).filter(isJson) : [];
      const button = { ...chooser, metadata: [...chooser.metadata, ...own] };
      const children = node.kind === "box" ? node.children : [node];
      return { kind: "box" as const, direction: "vertical" as const, border: false, shares: [], children: [...children, button] };
    });
  }

  private sections(value: Json, depth: number): Node | null {
    const names = list(value.titles).map((one) => (isJson(one) ? text(one.name) : null));
    const cards = this.cards(value, depth);
    const sections = cards.map((node, at) => ({ title: names[at] ?? firstText(node) ?? String(at + 1), node }));
    return sections.length === 0 ? null : { kind: "sections", look: value.type === "tabs" ? "tabs" : "accordion", sections };
  }

  /** The older form of quick replies: a text with a button for each. */
  private legacy(value: Json): Node | null {
    const title = text(value.title);
    const replies = list(value.resp).slice(0, 32).flatMap((one) => (text(one) === null ? [] : [button(String(one), null, [{ type: "publishText", text: String(one) }])]));
    const children = [...(title === null ? [] : [plain(title)]), ...replies];
    return children.length === 0 ? null : { kind: "box", direction: "vertical", border: false, shares: [], children };
  }

  private checklist(value: Json): Checklist | null {
    const [title, sections, buttons] = list(value.elements);
    if (!isJson(title) || !isJson(sections) || !isJson(buttons)) return null;
    const box = (one: unknown): Box[] => {
      const words = isJson(one) ? text(one.text) : null;
      if (words === null || !isJson(one)) return [];
      const click = isJson(one.click) ? one.click : {};
      const says = list(click.actions).flatMap((action) => (isJson(action) && action.type === "checked" ? (text(action.publishText) ?? []) : []))[0];
      return [{ title: words, says: says ?? words, metadata: list(click.metadata).filter(isJson).slice(0, 32) }];
    };
    const read = list(sections.elements).flatMap((section) => {
      const parts = isJson(section) ? list(section.elements).filter(isJson) : [];
      const boxes = parts.flatMap((part) => (part.type === "checklist" ? list(part.elements).flatMap(box) : []));
      const heading = parts.find((part) => part.type === "text");
      return boxes.length === 0 ? [] : [{ title: heading ? text(heading.text) : null, boxes }];
    });
    const [submit, other] = list(buttons.elements);
    const words = isJson(submit) ? text(submit.title) : null;
    if (read.length === 0 || words === null || !isJson(submit)) return null;
    return {
      kind: "checklist",
      title: text(title.text) ?? "",
      sections: read.map((section) => ({ ...section, boxes: section.boxes.slice(0, MOST_BOXES) })),
      submit: { title: words, metadata: clickOf(submit).metadata },
      other: isJson(other) ? this.button(other) : null,
    };
  }

  /** A button that asks for a time or a day. */
  private asking(value: Json): Slots | Day | null {
    const title = text(value.title);
    const click = isJson(value.click) ? value.click : {};
    const metadata = clickOf(value).metadata;
    const seconds = (one: unknown): number | null => (typeof one === "number" && Number.isFinite(one) && Math.abs(one) < 1e11 ? one * 1000 : null);
    const day = (one: unknown): string | null => {
      const at = seconds(one);
      return at === null ? null : new Date(at).toISOString().slice(0, 10);
    };
    for (const action of list(click.actions).filter(isJson)) {
      const asks = text(action.title) ?? title;
      if (asks === null) return null;
      if (action.type === "scheduleSlotList") {
        const slots = list(action.slots).slice(0, MOST_BOXES).flatMap((slot) => {
          const start = isJson(slot) ? seconds(slot.start) : null;
          return start === null || !isJson(slot) ? [] : [{ id: text(slot.id) ?? "", start, title: text(slot.title), description: text(slot.description) }];
        });
        return slots.length === 0 ? null : { kind: "slots", title: asks, slots, metadata };
      }
      if (action.type === "datePicker") {
        return { kind: "day", title: asks, range: action.class === "range", earliest: day(action.minDate), latest: day(action.maxDate), format: text(action.dateFormat), metadata };
      }
    }
    return null;
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
    return { kind: "place", title: title ?? this.showMap, href, metadata: clickOf(value).metadata };
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

/** What a node is called: its first text. */
function firstText(node: Node): string | null {
  if (node.kind === "text") return node.text;
  if (node.kind !== "box") return null;
  for (const child of node.children) {
    const found = firstText(child);
    if (found !== null) return found;
  }
  return null;
}

/** A node in words: for notifications, and for lists. */
export function plainWords(node: Node | null): string {
  if (!node) return "";
  switch (node.kind) {
    case "text":
      return node.text;
    case "image":
      return node.alt;
    case "box":
    case "carousel":
      return node.children.map(plainWords).filter(Boolean).join(", ");
    case "sections":
      return node.sections.map((section) => section.title).join(", ");
    case "facts":
      return node.pairs.map(([key, value]) => `${key}: ${value}`).join(", ");
    default:
      return node.title;
  }
}

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
