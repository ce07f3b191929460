/** One connection to the consumer socket: requests with their answers, notifications, and its end. It never reconnects by itself. */

/** The part of `WebSocket` that is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

/** The server's refusal of a request. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Nobody knows whether the request arrived: the connection ended first. */
export class Cut extends Error {}

export interface Notification {
  type: string;
  body: Record<string, unknown>;
}

/** Milliseconds that an answer may take. */
const PATIENCE = 15_000;
/** Milliseconds between signs of life. */
const ALIVE = 30_000;

const CLIENT_FEATURES = ["PHOTO_SHARING", "FILE_SHARING", "RICH_CONTENT", "QUICK_REPLIES", "AUTO_MESSAGES", "MULTI_DIALOG"];

interface Waiting {
  resolve: (body: unknown) => void;
  reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Line {
  private readonly waiting = new Map<string, Waiting>();
  private next = 0;
  private ended = false;
  private alive: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly on: { notification: (notification: Notification) => void; end: (code: number) => void },
  ) {
    socket.onmessage = (event) => this.read(event.data);
    socket.onclose = (event) => this.end(event.code);
  }

  /** Presents the visitor once the connection stands. */
  async open(token: string): Promise<void> {
    const opened = this.answered("open");
    this.socket.onopen = () => this.take("open")?.resolve(null);
    await opened;
    await this.send("InitConnection", {}, undefined, [
      { type: ".ams.headers.ClientProperties", ...clientProperties() },
      { type: ".ams.headers.ConsumerAuthentication", jwt: token },
    ]);
    this.alive = setInterval(() => void this.request("GetClock", {}).catch(() => undefined), ALIVE);
  }

  /** Sends a request and waits for its answer's body. */
  request(type: string, body: object, metadata?: readonly object[]): Promise<unknown> {
    return this.send(type, body, metadata);
  }

  close(): void {
    this.socket.close(1000);
    this.end(1000);
  }

  private send(type: string, body: object, metadata?: readonly object[], headers?: readonly object[]): Promise<unknown> {
    if (this.ended) return Promise.reject(new Cut("the connection has ended"));
    const id = String((this.next += 1));
    const answer = this.answered(id);
    this.socket.send(JSON.stringify({ kind: "req", id, type, body, ...(metadata?.length ? { metadata } : {}), ...(headers ? { headers } : {}) }));
    return answer;
  }

  private answered(id: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // A connection that does not answer is none: whoever waits behind it decides anew.
      this.waiting.set(id, { resolve, reject, timer: setTimeout(() => this.close(), PATIENCE) });
    });
  }

  private take(id: string): Waiting | undefined {
    const waiting = this.waiting.get(id);
    clearTimeout(waiting?.timer);
    this.waiting.delete(id);
    return waiting;
  }

  private read(data: unknown): void {
    const frame = parse(data);
    if (!frame) return;
    if (frame.kind === "notification" && typeof frame.type === "string" && isObject(frame.body)) {
      this.on.notification({ type: frame.type, body: frame.body });
    } else if (frame.kind === "resp") {
      const waiting = this.take(String(frame.reqId));
      const code = typeof frame.code === "number" ? frame.code : 200;
      if (code > 399) waiting?.reject(new Refused(code, sentenceOf(frame.body)));
      else waiting?.resolve(frame.body);
    }
  }

  private end(code: number): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.alive);
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(new Cut(`the connection ended with ${code}`));
    this.on.end(code);
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function parse(data: unknown): Record<string, unknown> | null {
  try {
    const frame: unknown = JSON.parse(String(data));
    return isObject(frame) ? frame : null;
  } catch {
    return null;
  }
}

function sentenceOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (!isObject(body)) return "";
  return [body.title, body.details].filter((part) => typeof part === "string").join(": ");
}

/** What agents may know of the visitor's device. */
function clientProperties(): Record<string, unknown> {
  const agent = navigator.userAgent;
  const named = (names: Record<string, RegExp>, other: string) => Object.entries(names).find(([, pattern]) => pattern.test(agent))?.[0] ?? other;
  const mobile = /Mobi|iPhone/.test(agent);
  return {
    appId: "web_widget",
    deviceFamily: /iPad|Tablet|Android(?!.*Mobile)/.test(agent) ? "TABLET" : mobile ? "MOBILE" : "DESKTOP",
    os: named({ IOS: /iPhone|iPad/, ANDROID: /Android/, WINDOWS: /Windows/, OSX: /Mac OS/, LINUX: /Linux|CrOS/ }, "OTHER"),
    browser: named({ EDGE: /Edg\//, FIREFOX: /Firefox|FxiOS/, CHROME: /Chrome|CriOS/, SAFARI: /Safari/ }, "OTHER"),
    integration: "WEB_SDK",
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    features: CLIENT_FEATURES,
  };
}
