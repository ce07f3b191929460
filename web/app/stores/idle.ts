/**
 * Inactivity: what a person does is reported to the server at most once a minute; a minute before the session would
 * end, a warning is due; and at its end the server is asked, whose word counts. All tabs of a browser share one end.
 *
 * It draws nothing and knows no event of the page: whoever sees one calls `touched`. Time, timers and requests are passed in.
 */
import type { IdleLogOut } from "@/api/types";

export interface IdleWorld {
  now(): number;
  setTimer(run: () => void, ms: number): number;
  clearTimer(id: number): void;
  /** Tells the server that somebody is here. */
  report(): Promise<IdleLogOut | null>;
  /** Asks for what is left; an ended session is dealt with by whoever is asked. */
  ask(): Promise<IdleLogOut | null>;
  /** Tells the other tabs when the session now ends. */
  share(endsAt: number): void;
}

const REPORT_EVERY_MS = 60_000;
const WARN_BEFORE_MS = 60_000;
/** A report or question that did not get through is repeated after this. */
const AGAIN_MS = 10_000;
/** The server's clock and ours run alike but are read at different moments. */
const SLACK_MS = 500;

export interface IdleState {
  /** While the warning is due: when the session ends, by our clock. */
  readonly warnedUntil: number | null;
}

const CALM: IdleState = { warnedUntil: null };

export class IdleWatch {
  private state: IdleState = CALM;
  private readonly listeners = new Set<() => void>();
  private readonly world: IdleWorld;
  private afterMs: number | null = null;
  private endsAt = Infinity;
  private reportedAt = -Infinity;
  private reporting = false;
  private clock: number | null = null;
  private trailing: number | null = null;

  constructor(world: IdleWorld) {
    this.world = world;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly get = (): IdleState => this.state;

  /** A session as it was just read; `null` where inactivity does not end it. */
  start(idle: IdleLogOut | null): void {
    this.stop();
    this.adopt(idle);
  }

  stop(): void {
    this.clear("clock");
    this.clear("trailing");
    this.afterMs = null;
    this.endsAt = Infinity;
    this.reportedAt = -Infinity;
    this.set(CALM);
  }

  /** Somebody moved, pressed or typed. Under the warning only its own button counts: it asks whether a person is there. */
  touched(): void {
    if (this.afterMs === null || this.state.warnedUntil !== null || this.reporting || this.trailing !== null) return;
    // What is done between two reports is told by the later one.
    const wait = this.reportedAt + Math.min(REPORT_EVERY_MS, this.afterMs / 4) - this.world.now();
    if (wait <= 0) void this.report();
    else this.trailing = this.world.setTimer(() => void this.report(), wait);
  }

  /** The person answered the warning. */
  stay(): Promise<void> {
    return this.report();
  }

  /** Another tab reported. */
  heard(endsAt: number): void {
    if (this.afterMs === null || endsAt <= this.endsAt) return;
    this.reportedAt = this.world.now();
    this.until(endsAt);
  }

  private async report(): Promise<void> {
    this.clear("trailing");
    if (this.reporting) return;
    this.reporting = true;
    const at = this.world.now();
    try {
      const idle = await this.world.report();
      this.reportedAt = at;
      if (this.afterMs === null) return;
      this.adopt(idle);
      if (this.endsAt !== Infinity) this.world.share(this.endsAt);
    } catch {
      // Not reached: what was done is told a little later. An ended session is no matter of ours.
      if (this.afterMs !== null && this.state.warnedUntil === null) this.trailing ??= this.world.setTimer(() => void this.report(), AGAIN_MS);
    } finally {
      this.reporting = false;
    }
  }

  private adopt(idle: IdleLogOut | null): void {
    this.afterMs = idle?.after_ms ?? null;
    this.until(idle === null ? Infinity : this.world.now() + idle.left_ms);
  }

  private until(endsAt: number): void {
    this.endsAt = endsAt;
    this.clear("clock");
    this.set(CALM);
    if (this.afterMs === null) return;
    const warnAt = endsAt - Math.min(WARN_BEFORE_MS, this.afterMs / 2);
    this.clock = this.world.setTimer(() => this.warn(), Math.max(0, warnAt - this.world.now()));
  }

  private warn(): void {
    this.clear("trailing");
    this.set({ warnedUntil: this.endsAt });
    this.clock = this.world.setTimer(() => void this.end(), Math.max(0, this.endsAt - this.world.now()) + SLACK_MS);
  }

  private async end(): Promise<void> {
    try {
      const idle = await this.world.ask();
      if (this.afterMs !== null) this.adopt(idle);
    } catch {
      if (this.afterMs !== null) this.clock = this.world.setTimer(() => void this.end(), AGAIN_MS);
    }
  }

  private clear(which: "clock" | "trailing"): void {
    const id = this[which];
    if (id !== null) this.world.clearTimer(id);
    this[which] = null;
  }

  private set(state: IdleState): void {
    if (state.warnedUntil === this.state.warnedUntil) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
