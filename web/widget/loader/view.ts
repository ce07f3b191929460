/** The button on the page and the place of the window. It knows nothing of conversations. */
import { accentOf, GROUNDS } from "../shared/color";
import { ownText, type Config, type Theme } from "../shared/config";
import { direction, type Language } from "../shared/language";
import { STYLE } from "./style";
import { TEXTS } from "./texts";

const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M20 11.5a7.8 7.8 0 0 1-8.2 7.5 9 9 0 0 1-3.1-.55L4.5 19.500l1.1-3.300A7 7 0 0 1 3.6 11.5 7.8 7.8 0 0 1 11.8 4 7.8 7.8 0 0 1 20 11.500z";
const DOWN = "M6 9.5l6 6 6-6";

export class View {
  private readonly host = document.createElement("div");
  private readonly root = document.createElement("div");
  private readonly button = document.createElement("button");
  private readonly words = document.createElement("span");
  private readonly badge = document.createElement("span");
  private readonly drawing = document.createElementNS(SVG, "path");
  private readonly window = document.createElement("div");
  private overflow: string | null = null;
  private unread = 0;
  private shown = false;
  private language: Language = "en";

  constructor(
    private readonly config: Config,
    options: { button: boolean; onToggle: () => void },
  ) {
    // Closed, so that no script of the page takes hold of the frame by way of it.
    const shadow = this.host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.drawing);
    this.words.className = "words";
    this.badge.className = "badge";
    this.badge.setAttribute("aria-hidden", "true");
    this.button.className = "launcher";
    this.button.type = "button";
    this.button.append(svg, this.words, this.badge);
    this.button.addEventListener("click", options.onToggle);
    this.window.className = "window away";
    this.root.append(this.window);
    if (options.button) this.root.append(this.button);
    else this.root.classList.add("bare");
    shadow.append(this.root);
    document.body.append(this.host);
  }

  /** Puts the frame into the window. */
  hold(frame: HTMLIFrameElement): void {
    this.window.replaceChildren(frame);
  }

  look(language: Language, theme: Theme, color: string, position: "left" | "right"): void {
    this.language = language;
    const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    const accent = accentOf(color, dark ? "dark" : "light");
    this.root.classList.remove("left", "right");
    this.root.classList.add(position);
    this.root.dir = direction(language);
    this.root.lang = language;
    const set = (name: string, value: string) => this.root.style.setProperty(name, value);
    set("--fill", accent.fill);
    set("--on-fill", accent.onFill);
    set("--ground", GROUNDS[dark ? "dark" : "light"].surface);
    this.name();
  }

  show(open: boolean): void {
    this.shown = open;
    this.root.classList.toggle("open", open);
    this.window.classList.toggle("away", !open);
    // Over a whole phone the page behind it must not scroll along.
    const whole = open && matchMedia("(max-width:520px),(max-height:420px)").matches;
    const page = document.documentElement.style;
    if (whole && this.overflow === null) {
      this.overflow = page.overflow;
      page.overflow = "hidden";
    } else if (!whole && this.overflow !== null) {
      page.overflow = this.overflow;
      this.overflow = null;
    }
    this.name();
  }

  count(unread: number): void {
    this.unread = unread;
    this.name();
  }

  focusButton(): void {
    this.button.focus();
  }

  remove(): void {
    this.show(false);
    this.host.remove();
  }

  private name(): void {
    const texts = TEXTS[this.language];
    const { unread, shown } = this;
    const own = ownText(this.config, this.language, "launcher_text");
    this.drawing.setAttribute("d", shown ? DOWN : BUBBLE);
    this.words.textContent = own;
    this.words.hidden = own === null;
    this.badge.hidden = unread === 0 || shown;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    const name = shown ? texts.close : own === null ? texts.open : `${own} – ${texts.open}`;
    this.button.setAttribute("aria-label", unread > 0 && !shown ? `${name}, ${texts.unread.replace("{n}", String(unread))}` : name);
    this.button.setAttribute("aria-expanded", String(shown));
  }
}
