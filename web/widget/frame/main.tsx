/** Starts the frame: asks for the source's configuration, takes the page's port, then draws the window. */
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { HELLO, PORT, type Look, type ToFrame, type ToPage } from "../shared/bridge";
import { accentOf } from "../shared/color";
import { configPath, type Config } from "../shared/config";
import { chooseLanguage } from "../shared/language";
import { Downloads } from "./downloads";
import { wordsOf, type Words } from "./i18n";
import { isAllowed } from "./origin";
import { BrowserFiles } from "./state/files";
import { conversationsOf, latest } from "./state/model";
import { readRich, plainWords } from "../../rich/model";
import { App } from "./ui/App";
import { SharedContext } from "./ui/context";
import { chime } from "./ui/sound";
import { upload } from "./uploads";
import { Visit, type World } from "./visit";
import { Identities, NoIdentity } from "./wire/identity";
import type { Socket } from "./wire/line";
import "./styles.css";

/** How long the page may take to give a token, in milliseconds. */
const TOKEN = 20_000;

const [account = "", source = ""] = location.pathname.split("/").slice(3).map(decodeURIComponent);
const storage = storageOf(() => localStorage);
const session = storageOf(() => sessionStorage);

/** Some browsers lend nothing to frames: then a visit lasts as long as its page. */
function storageOf(get: () => Storage): Storage | null {
  try {
    return get();
  } catch {
    return null;
  }
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An id that is kept, made the first time. */
function kept(store: Storage | null, key: string): string {
  const id = store?.getItem(key) ?? randomId();
  try {
    store?.setItem(key, id);
  } catch {
    // Then the next page has another one.
  }
  return id;
}

async function fetchConfig(): Promise<Config> {
  for (let wait = 1_000; ; wait = Math.min(30_000, wait * 2)) {
    const response = await fetch(configPath(account, source), { credentials: "omit" }).catch(() => null);
    if (response?.ok) return (await response.json()) as Config;
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** The port of the page around us, if the page may have the widget. */
function portOf(config: Config): Promise<MessagePort> {
  return new Promise((resolve) => {
    addEventListener("message", (event: MessageEvent) => {
      const [port] = event.ports;
      if (event.source === parent && event.data === PORT && port && isAllowed(config.allowed_origins, event.origin)) resolve(port);
    });
    // It tells nothing, so it matters to nobody who reads it; who is answered is looked at above.
    parent.postMessage(HELLO, "*");
  });
}

function applyLook(config: Config, look: Look, words: Words): void {
  const root = document.documentElement;
  const wanted = look.theme ?? config.theme;
  const theme = wanted === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : wanted;
  const accent = accentOf(look.color ?? config.color, theme);
  root.dataset.theme = theme;
  root.lang = words.language;
  root.dir = words.direction;
  root.style.setProperty("--accent", accent.fill);
  root.style.setProperty("--on-accent", accent.onFill);
  root.style.setProperty("--accent-text", accent.text);
}

function openSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${location.host}/ws_api/account/${encodeURIComponent(account)}/messaging/consumer?v=3`) as unknown as Socket;
}

const LOCK = "antiphon.widget.tab.";

/** The tabs that live, as their locks say. */
async function tabs(): Promise<ReadonlySet<string> | null> {
  const held = await navigator.locks?.query().catch(() => null);
  return held?.held ? new Set(held.held.flatMap((lock) => (lock.name?.startsWith(LOCK) ? [lock.name.slice(LOCK.length)] : []))) : null;
}

/** The page's side of the bridge: questions for a token, and their answers. */
class Page {
  private readonly asked = new Map<number, (answer: { token: string | null; error?: string }) => void>();
  private next = 0;

  constructor(private readonly port: MessagePort) {}

  tell(message: ToPage): void {
    this.port.postMessage(message);
  }

  async token(): Promise<string> {
    const id = (this.next += 1);
    const answer = await new Promise<{ token: string | null; error?: string }>((resolve) => {
      this.asked.set(id, resolve);
      setTimeout(() => resolve({ token: null, error: "the page gave no token in time" }), TOKEN);
      this.tell({ type: "askToken", id });
    });
    this.asked.delete(id);
    if (answer.token === null) throw new NoIdentity("page", answer.error ?? "the page gave no token");
    return answer.token;
  }

  answered(message: Extract<ToFrame, { type: "token" }>): void {
    this.asked.get(message.id)?.(message);
  }
}

function worldOf(page: Page, words: () => Words): World {
  const identities = new Identities(account, source, storage);
  const name = `${account}.${source}`;
  return {
    name,
    storage,
    files: new BrowserFiles(),
    now: () => Date.now(),
    id: randomId,
    dice: () => Math.random(),
    online: () => navigator.onLine,
    openSocket,
    anonymous: () => identities.anonymous(),
    identified: async () => identities.identified(await page.token()),
    upload,
    tabs,
    context: () => ({
      type: "SharkContext",
      lang: words().tag,
      visitorId: kept(storage, `antiphon.widget.${name}.visit`),
      sessionId: kept(session, `antiphon.widget.${name}.session`),
      interactionContextId: "1",
    }),
  };
}

async function start(): Promise<void> {
  const config = await fetchConfig();
  const port = await portOf(config);
  const page = new Page(port);
  // What the page says before there is somebody to hear it waits; but the answer to a question is awaited already.
  const early: ToFrame[] = [];
  let receive = (message: ToFrame): void => void early.push(message);
  const setup = await new Promise<Extract<ToFrame, { type: "setup" }>>((resolve) => {
    port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
      if (data.type === "setup") resolve(data);
      else if (data.type === "token") page.answered(data);
      else receive(data);
    };
  });
  const languageOf = (look: Look) => chooseLanguage([look.language, config.language, look.pageLanguage, ...navigator.languages]);
  let look = setup.look;
  let words = await wordsOf(languageOf(look));
  applyLook(config, look, words);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyLook(config, look, words));

  let heard = (): void => undefined;
  const world = worldOf(page, () => words);
  const visit = new Visit(world, {
    message: () => heard(),
    refused: (why, message) => page.tell({ type: "error", code: why, message }),
  });
  navigator.locks?.request(LOCK + visit.tab, () => new Promise(() => undefined)).catch(() => undefined);
  const downloads = new Downloads(visit);

  let told = { unread: -1, conversation: "" };
  visit.subscribe(() => {
    const { unread, known, loaded } = visit.snapshot;
    const state = !loaded ? null : conversationsOf(known).length === 0 ? "none" : latest(known)?.open ? "open" : "closed";
    if (unread !== told.unread) page.tell({ type: "unread", count: unread });
    if (state !== null && state !== told.conversation) page.tell({ type: "conversation", state });
    told = { unread, conversation: state ?? told.conversation };
  });

  function Root() {
    const [open, setOpen] = useState(setup.open);
    const [spoken, setSpoken] = useState(words);
    const [sound, setSound] = useState(() => storage?.getItem("antiphon.widget.sound") === "on");
    const [announcement, setAnnouncement] = useState("");
    useEffect(() => {
      heard = () => {
        page.tell({ type: "message" });
        if (sound) chime();
        setAnnouncement(lastTheirs(visit, spoken));
      };
    }, [sound, spoken]);
    useLayoutEffect(() => {
      receive = (message) => {
        switch (message.type) {
          case "shown":
            return setOpen(message.open);
          case "look":
            look = { ...look, ...message.look };
            return void wordsOf(languageOf(look)).then((next) => {
              words = next;
              applyLook(config, look, next);
              setSpoken(next);
            });
          case "attributes":
            return visit.setAttributes(message.attributes);
          case "campaign":
            return visit.setCampaign(message.campaign);
          case "identity":
            return visit.become(message.identified);
          case "token":
          case "setup":
            return undefined;
        }
      };
      early.splice(0).forEach(receive);
    }, []);
    const toggleSound = () => {
      setSound(!sound);
      try {
        storage?.setItem("antiphon.widget.sound", sound ? "off" : "on");
      } catch {
        // Then it is as before next time.
      }
      if (!sound) chime();
    };
    return (
      <SharedContext.Provider value={{ visit, downloads, config, words: spoken, act: (name, data) => page.tell({ type: "action", name, data }) }}>
        <App open={open} sound={sound} onSound={toggleSound} onClose={() => page.tell({ type: "close" })} announcement={announcement} />
      </SharedContext.Provider>
    );
  }

  addEventListener("online", () => visit.connectNow());
  addEventListener("offline", () => visit.wentOffline());
  addEventListener("storage", () => visit.storageChanged());
  addEventListener("pageshow", (event) => {
    if (event.persisted) visit.connectNow();
  });
  visit.start({ identified: setup.identified, signInRequired: config.sign_in === "required", attributes: setup.attributes, campaign: setup.campaign });
  const root = document.getElementById("root");
  if (root) render(<Root />, root);
}

/** The newest message of somebody else, in words. */
function lastTheirs(visit: Visit, words: Words): string {
  const { known, shown } = visit.snapshot;
  const dialogs = known.conversations[shown.at(-1) ?? ""]?.dialogs ?? [];
  const message = dialogs.flatMap((dialog) => known.logs[dialog.id]?.messages ?? []).filter((one) => !one.mine).at(-1);
  if (!message) return "";
  const { content } = message;
  const node = content.type === "rich" ? readRich(content.body, "") : null;
  const text = content.type === "text" ? content.text : content.type === "file" ? content.caption || words.t("picture") : plainWords(node);
  return `${visit.snapshot.names[message.by] ?? words.t("agent")}: ${text}`;
}

// Outside of a page there is nobody to talk to.
if (parent !== window) void start();
