import { beforeEach, describe, expect, it } from "vitest";
import { IdleWatch } from "./idle";

const AFTER = 15 * 60_000;

/** A browser and its server, with one clock. */
class World {
  now = 0;
  /** When the server would end the session. */
  serverEnds = AFTER;
  reports: number[] = [];
  asked = 0;
  shared: number[] = [];
  reachable = true;
  private timers: { at: number; run: () => void; id: number }[] = [];
  private nextId = 1;

  readonly watch = new IdleWatch({
    now: () => this.now,
    setTimer: (run, ms) => {
      this.timers.push({ at: this.now + ms, run, id: this.nextId });
      return this.nextId++;
    },
    clearTimer: (id) => {
      this.timers = this.timers.filter((t) => t.id !== id);
    },
    report: () => {
      if (!this.reachable) return Promise.reject(new Error("away"));
      this.reports.push(this.now);
      this.serverEnds = this.now + AFTER;
      return Promise.resolve({ after_ms: AFTER, left_ms: AFTER });
    },
    ask: () => {
      this.asked += 1;
      return this.reachable ? Promise.resolve(this.serverEnds > this.now ? { after_ms: AFTER, left_ms: this.serverEnds - this.now } : null) : Promise.reject(new Error("away"));
    },
    share: (endsAt) => this.shared.push(endsAt),
  });

  async until(at: number): Promise<void> {
    for (;;) {
      const due = this.timers.filter((t) => t.at <= at).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((t) => t !== due);
      this.now = due.at;
      due.run();
      await settled();
    }
    this.now = at;
  }
}
const settled = () => new Promise((done) => setTimeout(done, 0));

describe("inactivity", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.watch.start({ after_ms: AFTER, left_ms: AFTER });
  });

  it("is warned of a minute before, and the server has the last word", async () => {
    await world.until(AFTER - 60_001);
    expect(world.watch.get().warnedUntil).toBeNull();
    await world.until(AFTER - 60_000);
    expect(world.watch.get().warnedUntil).toBe(AFTER);
    expect(world.asked).toBe(0);
    await world.until(AFTER + 500);
    expect(world.asked).toBe(1);
    expect(world.reports).toEqual([]);
  });

  it("is broken by whatever somebody does, told at most once a minute", async () => {
    for (let at = 0; at <= 295_000; at += 5_000) {
      await world.until(at);
      world.watch.touched();
      await settled();
    }
    await world.until(300_000 + AFTER - 60_000);
    expect(world.reports).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000]);
    expect(world.watch.get().warnedUntil).toBe(300_000 + AFTER);
  });

  it("counts from the last thing done, though it is told later", async () => {
    world.watch.touched();
    await settled();
    await world.until(59_000);
    world.watch.touched();
    await world.until(70_000);
    expect(world.reports).toEqual([0, 60_000]);
    await world.until(60_000 + AFTER - 60_001);
    expect(world.watch.get().warnedUntil).toBeNull();
  });

  it("under the warning asks for an answer: a mouse that was pushed is none", async () => {
    await world.until(AFTER - 30_000);
    world.watch.touched();
    await settled();
    expect(world.reports).toEqual([]);
    await world.watch.stay();
    expect(world.reports).toEqual([AFTER - 30_000]);
    expect(world.watch.get().warnedUntil).toBeNull();
    await world.until(2 * AFTER - 30_000 - 60_000);
    expect(world.watch.get().warnedUntil).toBe(2 * AFTER - 30_000);
  });

  it("is the same in all tabs", async () => {
    await world.until(AFTER - 30_000);
    expect(world.watch.get().warnedUntil).toBe(AFTER);
    world.watch.heard(AFTER - 40_000 + AFTER);
    expect(world.watch.get().warnedUntil).toBeNull();
    world.watch.touched();
    await settled();
    expect(world.reports).toEqual([]);
    await world.watch.stay();
    expect(world.shared).toEqual([AFTER - 30_000 + AFTER]);
    // An older word from a slow tab changes nothing.
    world.watch.heard(AFTER);
    await world.until(AFTER);
    expect(world.watch.get().warnedUntil).toBeNull();
  });

  it("goes on where the server knows better", async () => {
    world.serverEnds = 2 * AFTER;
    await world.until(AFTER + 500);
    expect(world.asked).toBe(1);
    expect(world.watch.get().warnedUntil).toBeNull();
    await world.until(2 * AFTER - 60_000);
    expect(world.watch.get().warnedUntil).toBe(2 * AFTER);
  });

  it("is told again when the line was down", async () => {
    world.reachable = false;
    world.watch.touched();
    await settled();
    await world.until(15_000);
    world.reachable = true;
    await world.until(20_000);
    expect(world.reports).toEqual([20_000]);
  });

  it("ends nothing for bots, and nothing after signing out", async () => {
    world.watch.start(null);
    await world.until(10 * AFTER);
    world.watch.touched();
    expect([world.reports, world.asked, world.watch.get().warnedUntil]).toEqual([[], 0, null]);
    world.watch.start({ after_ms: AFTER, left_ms: AFTER });
    world.watch.stop();
    await world.until(20 * AFTER);
    expect([world.reports, world.asked, world.watch.get().warnedUntil]).toEqual([[], 0, null]);
  });
});
