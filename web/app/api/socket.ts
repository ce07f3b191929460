/**
 * The agent socket: one connection, requests matched to their answers, notices handed on in order.
 *
 * It reconnects by itself with growing, jittered pauses, and proves by `GetClock` that the line is
 * alive. It keeps no state of conversations: what to subscribe to and what to ask again after a cut is
 * `stores/workspace.ts`'s. Timers, randomness and the WebSocket itself are passed in, so tests drive them.
 */
import type { Notice } from "./wire";
import { readNotice } from "./wire";

export interface SocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
}

export interface SocketWorld {
  connect(): SocketLike;
  setTimer(run: () => void, ms: number): number;
  clearTimer(id: number): void;
  random(): number;
  now(): number;
}

/** The server refused a request, or did not answer. */
export class SocketError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "SocketError";
    this.code = code;
  }
  /** The request may or may not have been carried out. */
  get unanswered(): boolean {
    return this.code === 0;
  }
}

export interface SocketEvents {
  onOpen(): void;
  /** `neverOpened`: the server did not let us in, or was not there. */
  onClose(info: { code: number; neverOpened: boolean; retryInMs: number }): void;
  onNotice(notice: Notice): void;
}

/** Answers later than this count as a broken line. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** A sign of life is asked for at this pace. */
export const PING_MS = 25_000;
/** Pauses between attempts: from the first to the longest, doubling. */
export const FIRST_PAUSE_MS = 500;
export const LONGEST_PAUSE_MS = 30_000;

/** Pause before attempt number `attempt` (0 is the first): half of it fixed, half random. */
export function pauseBefore(attempt: number, random: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return Math.round(whole / 2 + (whole / 2) * random);
}

interface Waiting {
  resolve(answer: { code: number; body: unknown }): void;
  reject(error: SocketError): void;
  timer: number;
}

/** The server's sentence in an error answer, whichever of the known forms it has. */
function reasonOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (typeof body === "object" && body !== null) {
    const { details, title, message } = body as Record<string, unknown>;
    for (const text of [details, message, title]) if (typeof text === "string" && text) return text;
  }
  return "";
}

export class AgentSocket {
  private socket: SocketLike | null = null;
  private opened = false;
  private stopped = true;
  private attempt = 0;
  private nextId = 1;
  private waiting = new Map<string, Waiting>();
  private retryTimer: number | null = null;
  private pingTimer: number | null = null;
  /** Server time minus ours, in ms. */
  clockOffset = 0;
  private readonly world: SocketWorld;
  private readonly events: SocketEvents;

  constructor(world: SocketWorld, events: SocketEvents) {
    this.world = world;
    this.events = events;
  }

  get isOpen(): boolean {
    return this.opened;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.attempt = 0;
    this.open();
  }

  /** Closes for good; `start` begins anew. */
  stop(): void {
    this.stopped = true;
    this.clearRetry();
    this.drop(1000, false);
  }

  /** The network is back or the agent asked: do not wait for the pause to end. */
  retryNow(): void {
    if (this.stopped || this.socket) return;
    this.clearRetry();
    this.attempt = 0;
    this.open();
  }

  /** The line is known to be bad: give it up and connect again. */
  breakLine(): void {
    if (this.socket) this.drop(4000, true);
  }

  /**
   * Sends a request. `onAnswer` runs before any later frame is read, for what must be known by the next
   * notification (a subscription's id).
   */
  request(type: string, body: unknown, metadata?: unknown[], onAnswer?: (body: unknown) => void): Promise<unknown> {
    const socket = this.socket;
    if (!socket || !this.opened) return Promise.reject(new SocketError(0, "not connected"));
    const id = String(this.nextId++);
    return new Promise((resolve, reject) => {
      const timer = this.world.setTimer(() => {
        this.waiting.delete(id);
        reject(new SocketError(0, "no answer"));
        this.breakLine();
      }, REQUEST_TIMEOUT_MS);
      this.waiting.set(id, { 
        resolve: (answer) => {
          onAnswer?.(answer.body);
          resolve(answer.body);
        },
        reject,
        timer,
      });
      socket.send(JSON.stringify({ kind: "req", id, type, body, ...(metadata ? { metadata } : {}) }));
    });
  }

  private open(): void {
    const socket = this.world.connect();
    this.socket = socket;
    this.opened = false;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.opened = true;
      this.ping();
      this.events.onOpen();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === "string") this.read(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code);
    };
    socket.onerror = () => undefined;
  }

  private read(text: string): void {
    let frame: Record<string, unknown>;
    try {
      frame = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return;
    }
    if (frame.kind === "resp") {
      const waiting = this.waiting.get(String(frame.reqId));
      if (!waiting) return;
      this.waiting.delete(String(frame.reqId));
      this.world.clearTimer(waiting.timer);
      const code = typeof frame.code === "number" ? frame.code : 200;
      if (code > 399) waiting.reject(new SocketError(code, reasonOf(frame.body)));
      else waiting.resolve({ code, body: frame.body });
    } else if (frame.kind === "notification" && typeof frame.type === "string") {
      const notice = readNotice(frame.type, frame.body);
      if (notice) this.events.onNotice(notice);
    }
  }

  private ping(): void {
    const before = this.world.now();
    this.request("GetClock", {}).then(
      (body) => {
        // Only an answer proves the line good: a server that lets in and drops at once is not hammered.
        this.attempt = 0;
        const after = this.world.now();
        const server = (body as { currentTime?: unknown } | null)?.currentTime;
        if (typeof server === "number") this.clockOffset = Math.round(server - (before + after) / 2);
      },
      () => undefined,
    );
    this.pingTimer = this.world.setTimer(() => this.ping(), PING_MS);
  }

  private lost(code: number): void {
    const neverOpened = !this.opened;
    this.socket = null;
    this.opened = false;
    if (this.pingTimer !== null) this.world.clearTimer(this.pingTimer);
    this.pingTimer = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const w of waiting) {
      this.world.clearTimer(w.timer);
      w.reject(new SocketError(0, "connection lost"));
    }
    const retryInMs = pauseBefore(this.attempt, this.world.random());
    if (!this.stopped) {
      this.attempt += 1;
      this.retryTimer = this.world.setTimer(() => {
        this.retryTimer = null;
        this.open();
      }, retryInMs);
    }
    this.events.onClose({ code, neverOpened, retryInMs });
  }

  private drop(code: number, tell: boolean): void {
    const socket = this.socket;
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.onopen = null;
    socket.close(code);
    if (tell) {
      this.lost(code);
      return;
    }
    this.socket = null;
    this.opened = false;
    if (this.pingTimer !== null) this.world.clearTimer(this.pingTimer);
    for (const w of this.waiting.values()) {
      this.world.clearTimer(w.timer);
      w.reject(new SocketError(0, "connection closed"));
    }
    this.waiting.clear();
  }

  private clearRetry(): void {
    if (this.retryTimer !== null) this.world.clearTimer(this.retryTimer);
    this.retryTimer = null;
  }
}

/** The browser as a socket's world. `-` stands for the bearer: the session cookie signs the connection in. */
export function browserWorld(accountId: string): SocketWorld {
  return {
    connect() {
      const scheme = window.location.protocol === "https:" ? "wss" : "ws";
      const url = `${scheme}://${window.location.host}/ws_api/account/${encodeURIComponent(accountId)}/messaging/brand/-?v=2.1`;
      return new WebSocket(url) as unknown as SocketLike;
    },
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
    random: () => Math.random(),
    now: () => Date.now(),
  };
}
