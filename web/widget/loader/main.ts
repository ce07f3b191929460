/**
 * `/widget.js`: puts the widget on the page whose script tag names an account and a source, and offers it to the page's scripts as
 * `window.antiphonWidget`. What they asked for before this script came is done now.
 */
import { Widget, type Options } from "./widget";

type Call = readonly [name: string, ...args: unknown[]];

interface Api {
  push(call: Call): unknown;
  [name: string]: unknown;
}

declare global {
  interface Window {
    antiphonWidget?: Api | Call[];
  }
}

const CALLS = ["open", "close", "toggle", "identify", "setAttributes", "setCampaign", "setLanguage", "setTheme", "setColor", "on", "destroy"] as const;

function offer(server: string): void {
  const asked = Array.isArray(window.antiphonWidget) ? window.antiphonWidget : [];
  let widget: Widget | null = null;
  /** Asked for before there is a widget: done when there is one. */
  const early: Call[] = [...asked];
  const call = (name: string, args: unknown[]): unknown => {
    if (name === "start") return start(args[0] as Options);
    if (!(CALLS as readonly string[]).includes(name)) return console.error(`[antiphon widget] there is no call ${name}; there are start, ${CALLS.join(", ")}`);
    if (!widget) return void early.push([name, ...args]);
    const done: unknown = (widget[name as (typeof CALLS)[number]] as (...args: unknown[]) => unknown).apply(widget, args);
    if (name === "destroy") widget = null;
    return done;
  };
  const start = (options: Options): void => {
    if (widget) return console.error("[antiphon widget] there is one on this page already; destroy it first");
    if (!options?.account || !options.source) return console.error("[antiphon widget] the script needs data-account and data-source");
    widget = new Widget(server, options);
    for (const [name, ...args] of early.splice(0)) call(name, args);
  };
  const api: Api = { push: ([name, ...args]) => call(name, args) };
  for (const name of ["start", ...CALLS]) api[name] = (...args: unknown[]) => call(name, args);
  window.antiphonWidget = api;
  // A start that was asked for before stands in for the script's own attributes.
  const at = early.findIndex(([name]) => name === "start");
  if (at >= 0) start(early.splice(at, 1)[0]?.[1] as Options);
}

const script = document.currentScript as HTMLScriptElement | null;
if (script && (!window.antiphonWidget || Array.isArray(window.antiphonWidget))) {
  offer(new URL(script.src).origin);
  const { account, source, language, theme, color, position, button, open } = script.dataset;
  // Without an account the page starts it by itself, when it likes.
  if (account !== undefined || source !== undefined) {
    (window.antiphonWidget as unknown as { start: (options: Partial<Options>) => void }).start({ account, source, language, theme, color, position, button, open: open !== undefined });
  }
}
