/** One widget on a page: its button, its frame, and what the page's own scripts may do with it. */
import type { Attribute, Campaign, ConversationState, Look, ToFrame, ToPage } from "../shared/bridge";
import { configPath, type Config, type Theme } from "../shared/config";
import { chooseLanguage, isLanguage, LANGUAGES, type Language } from "../shared/language";
import { Frame } from "./frame";
import { TEXTS } from "./texts";
import { View } from "./view";

export interface Options {
  account: string;
  source: string;
  language?: string | null;
  theme?: string | null;
  color?: string | null;
  position?: string | null;
  /** `off`: the page has a button of its own. */
  button?: string | null;
  /** Opens at once. */
  open?: boolean;
}

export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

export interface Events {
  ready: undefined;
  open: undefined;
  close: undefined;
  unread: { count: number };
  message: undefined;
  conversation: { state: ConversationState };
  action: { name: "custom" | "addToCart"; data: unknown };
  error: { code: string; message: string };
}

/** Most bytes of all attributes, as the server takes them. */
const MOST_ATTRIBUTES = 14_000;
const CAMPAIGN_ID = /^[\w-]{1,64}$/;

export class Widget {
  private readonly listeners = new Map<string, Set<(detail: never) => void>>();
  private config: Config | null = null;
  private view: View | null = null;
  private frame: Frame | null = null;
  /** As it is wanted; `shown` is as it stands, once there is something to show. */
  private opened = false;
  private shown = false;
  private tokens: TokenSource | null = null;
  private attributes: Attribute[] = [];
  private campaign: Campaign | null = null;
  private look: Look;
  private gone = false;

  constructor(
    private readonly server: string,
    private readonly options: Options,
  ) {
    this.look = { language: options.language ?? null, theme: themeOf(options.theme), color: options.color ?? null, pageLanguage: document.documentElement.lang || null };
    void this.start();
  }

  // What the page's scripts may do.

  open(): void {
    this.show(true);
  }

  close(): void {
    this.show(false);
  }

  toggle(): void {
    this.show(!this.opened);
  }

  /** Who the visitor is: a function that gives the brand's signed token each time one is needed; null when nobody is signed in. */
  identify(tokens: TokenSource | null): void {
    if (tokens !== null && typeof tokens !== "function") return this.fail("usage", "identify takes a function that gives a token, or null");
    const before = this.tokens;
    this.tokens = tokens;
    if (before !== null || tokens !== null) this.frame?.tell({ type: "identity", identified: tokens !== null });
  }

  /** What agents may know of the visitor and the page: typed objects, each in the place of the former one of its type. */
  setAttributes(attributes: readonly Attribute[]): void {
    const merged = new Map(this.attributes.map((one) => [one.type, one]));
    for (const one of attributes) if (one && typeof one.type === "string") merged.set(one.type, one);
    const all = [...merged.values()];
    if (JSON.stringify(all).length > MOST_ATTRIBUTES) return this.fail("usage", `attributes take at most ${MOST_ATTRIBUTES} characters as JSON; the new ones were left out`);
    this.attributes = all;
    this.frame?.tell({ type: "attributes", attributes: all });
  }

  /** Which campaign and engagement brought the visitor here; conversations that they open bear it. */
  setCampaign(campaign: { campaignId: string | number; engagementId: string | number } | null): void {
    const ids = campaign && { campaignId: String(campaign.campaignId), engagementId: String(campaign.engagementId) };
    if (ids && !(CAMPAIGN_ID.test(ids.campaignId) && CAMPAIGN_ID.test(ids.engagementId))) return this.fail("usage", "setCampaign takes { campaignId, engagementId }, or null");
    this.campaign = ids;
    this.frame?.tell({ type: "campaign", campaign: ids });
  }

  setLanguage(language: string | null): void {
    this.restyle({ language });
  }

  setTheme(theme: Theme | null): void {
    this.restyle({ theme: themeOf(theme) });
  }

  setColor(color: string | null): void {
    this.restyle({ color });
  }

  on<K extends keyof Events>(event: K, listener: (detail: Events[K]) => void): () => void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all);
    all.add(listener);
    return () => all.delete(listener);
  }

  /** Takes everything off the page. Conversations stay as they are. */
  destroy(): void {
    this.gone = true;
    this.frame?.remove();
    this.view?.remove();
    this.frame = null;
    this.view = null;
    this.listeners.clear();
  }

  // How it works.

  private async start(): Promise<void> {
    const config = await this.fetchConfig();
    if (!config || this.gone) return;
    if (document.readyState === "loading") await new Promise((ready) => addEventListener("DOMContentLoaded", ready, { once: true }));
    if (this.gone) return;
    this.config = config;
    this.view = new View(config, { button: this.options.button !== "off", onToggle: () => this.toggle() });
    this.restyle({});
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle({}));
    const hint = this.readHint();
    // Nothing is loaded for visitors who only look; those with an open conversation hear of new messages.
    if (this.opened || hint.open || this.options.open) this.show(true);
    else if (hint.conversation) this.load();
    this.emit("ready", undefined);
  }

  private async fetchConfig(): Promise<Config | null> {
    for (let wait = 2_000; wait < 60_000; wait *= 2) {
      let response: Response;
      try {
        response = await fetch(this.server + configPath(this.options.account, this.options.source), { credentials: "omit" });
      } catch {
        await new Promise((done) => setTimeout(done, wait));
        continue;
      }
      if (response.ok) return (await response.json()) as Config;
      const refusal = (await response.json().catch(() => null)) as { code?: string; message?: string; remedy?: string } | null;
      this.fail(refusal?.code ?? "unavailable", [refusal?.message ?? `the server answered with ${response.status}`, refusal?.remedy].filter(Boolean).join("; "));
      return null;
    }
    this.fail("unreachable", `${this.server} can't be reached; check the address, and that the page's Content-Security-Policy lets it in (connect-src)`);
    return null;
  }

  private load(): Frame | null {
    if (this.frame || !this.view || !this.config) return this.frame;
    const { account, source } = this.options;
    this.frame = new Frame(this.server, { account, source, title: TEXTS[this.language()].window }, {
      ready: (): ToFrame => ({ type: "setup", look: this.look, identified: this.tokens !== null, attributes: this.attributes, campaign: this.campaign, open: this.opened }),
      message: (message) => this.heard(message),
    });
    this.view.hold(this.frame.element);
    return this.frame;
  }

  private show(open: boolean): void {
    this.opened = open;
    if (!this.view || this.shown === open) return;
    this.shown = open;
    if (open) this.load();
    this.view.show(open);
    this.frame?.tell({ type: "shown", open });
    this.keepHint({ open });
    if (open) this.frame?.element.focus();
    this.emit(open ? "open" : "close", undefined);
  }

  private heard(message: ToPage): void {
    switch (message.type) {
      case "close":
        this.show(false);
        this.view?.focusButton();
        return;
      case "unread":
        this.view?.count(message.count);
        return this.emit("unread", { count: message.count });
      case "askToken":
        return void this.giveToken(message.id);
      case "conversation":
        this.keepHint({ conversation: message.state === "open" });
        return this.emit("conversation", { state: message.state });
      case "message":
        return this.emit("message", undefined);
      case "action":
        return this.emit("action", { name: message.name, data: message.data });
      case "error":
        return this.fail(message.code, message.message);
    }
  }

  private async giveToken(id: number): Promise<void> {
    const tell = (token: string | null, error?: string) => this.frame?.tell({ type: "token", id, token, ...(error === undefined ? {} : { error }) });
    try {
      const token = await this.tokens?.();
      if (typeof token === "string" && token !== "") tell(token);
      else tell(null, "the function given to identify gave no token");
    } catch (error) {
      tell(null, `the function given to identify failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private language(): Language {
    return chooseLanguage([this.look.language, this.config?.language, this.look.pageLanguage, ...navigator.languages]);
  }

  private restyle(look: Look): void {
    if (look.language && !isLanguage(look.language)) {
      this.fail("usage", `there is no language ${look.language}; there are ${LANGUAGES.join(", ")}`);
      return;
    }
    this.look = { ...this.look, ...look };
    const { config, view } = this;
    if (!config || !view) return;
    const position = this.options.position === "left" || this.options.position === "right" ? this.options.position : config.position;
    view.look(this.language(), this.look.theme ?? config.theme, this.look.color ?? config.color, position);
    if (Object.keys(look).length > 0) this.frame?.tell({ type: "look", look });
  }

  private emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        (listener as (detail: Events[K]) => void)(detail);
      } catch (error) {
        // One listener's mistake is its own.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }

  private fail(code: string, message: string): void {
    console.error(`[antiphon widget] ${message}`);
    this.emit("error", { code, message });
  }

  // What the page remembers: whether the window was open, and whether a conversation was. Nothing about anybody.

  private get hintKey(): string {
    return `antiphon.widget.${this.options.account}.${this.options.source}`;
  }

  private readHint(): { open: boolean; conversation: boolean } {
    try {
      const hint = JSON.parse(localStorage.getItem(this.hintKey) ?? "{}") as Record<string, unknown>;
      const open = sessionStorage.getItem(this.hintKey) === "open";
      return { open, conversation: hint.conversation === true };
    } catch {
      return { open: false, conversation: false };
    }
  }

  private keepHint(hint: { open?: boolean; conversation?: boolean }): void {
    try {
      if (hint.open !== undefined) sessionStorage.setItem(this.hintKey, hint.open ? "open" : "closed");
      if (hint.conversation !== undefined) localStorage.setItem(this.hintKey, JSON.stringify({ conversation: hint.conversation }));
    } catch {
      // Then the next page loads nothing until it is opened.
    }
  }
}

const themeOf = (theme: string | null | undefined): Theme | null => (theme === "light" || theme === "dark" || theme === "auto" ? theme : null);
