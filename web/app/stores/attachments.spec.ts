import { beforeEach, describe, expect, it } from "vitest";
import { Attachments, type Upload } from "./attachments";
import type { Kept, Shelf } from "./shelf";

/** One browser's shelf, and the tabs that look at it. */
class Browser {
  rows = new Map<string, Kept>();
  now = 1_000;
  full = false;
  broken = false;
  private nextId = 1;
  readonly tabs: Attachments[] = [];

  private readonly shelf: Shelf = {
    all: () => (this.broken ? Promise.reject(new Error("no database")) : Promise.resolve([...this.rows.values()])),
    put: (kept) => {
      if (this.broken) return Promise.reject(new Error("no database"));
      if (!this.full) this.rows.set(kept.id, kept);
      return Promise.resolve(!this.full);
    },
    remove: (id) => Promise.resolve(void this.rows.delete(id)),
    clear: () => Promise.resolve(this.rows.clear()),
  };

  tab(): Attachments {
    const tab: Attachments = new Attachments({
      newId: () => `a${this.nextId++}`,
      now: () => this.now,
      shelf: this.shelf,
      share: (id) => this.tabs.filter((other) => other !== tab).forEach((other) => void other.restore(id)),
    });
    this.tabs.push(tab);
    return tab;
  }
}

const settled = () => new Promise((done) => setTimeout(done, 0));
const file = (name: string) => new File(["bytes"], name, { type: "image/png" });
const works: Upload = (f) => Promise.resolve(`/files/${f.name}`);
const never: Upload = () => new Promise(() => undefined);
const fails: Upload = () => Promise.reject(new Error("too slow"));
const explain = (e: unknown) => (e as Error).message;
const states = (tab: Attachments, id = "C") => tab.get(id).map((a) => `${a.file.name} ${a.state}`);

describe("attachments", () => {
  let browser: Browser;
  let tab: Attachments;
  beforeEach(() => {
    browser = new Browser();
    tab = browser.tab();
  });

  it("survive a reload, each in its conversation", async () => {
    tab.add("C", file("map.png"), works, explain);
    tab.add("D", file("plan.pdf"), never, explain);
    await settled();
    const again = browser.tab();
    await again.restore();
    expect([states(again), states(again, "D")]).toEqual([["map.png ready"], ["plan.pdf waiting"]]);
    expect(again.get("C")[0]?.relativePath).toBe("/files/map.png");
    again.resume("D", works, explain);
    await settled();
    expect(states(again, "D")).toEqual(["plan.pdf ready"]);
  });

  it("are uploaded again when the server may have put the upload away", async () => {
    tab.add("C", file("map.png"), works, explain);
    await settled();
    browser.now += 2 * 3_600_000;
    const again = browser.tab();
    await again.restore();
    expect(states(again)).toEqual(["map.png waiting"]);
  });

  it("are gone everywhere when they were sent or taken out in one tab", async () => {
    const other = browser.tab();
    tab.add("C", file("map.png"), works, explain);
    await settled();
    expect(states(other)).toEqual(["map.png ready"]);
    other.remove("C", other.get("C")[0]?.id ?? "");
    await settled();
    expect([states(tab), states(other), browser.rows.size]).toEqual([[], [], 0]);
  });

  it("do not come back from a slower reading of the shelf", async () => {
    tab.add("C", file("map.png"), works, explain);
    await settled();
    const reading = tab.restore();
    tab.remove("C", tab.get("C")[0]?.id ?? "");
    await reading;
    await settled();
    expect([states(tab), browser.rows.size]).toEqual([[], 0]);
  });

  it("say why an upload failed, and try again", async () => {
    tab.add("C", file("map.png"), fails, explain);
    await settled();
    expect(tab.get("C")[0]).toMatchObject({ state: "failed", reason: "too slow" });
    tab.retry("C", tab.get("C")[0]?.id ?? "", works, explain);
    await settled();
    expect(states(tab)).toEqual(["map.png ready"]);
  });

  it("live in their tab where the browser keeps nothing", async () => {
    browser.full = true;
    const other = browser.tab();
    tab.add("C", file("map.png"), works, explain);
    await settled();
    await tab.restore();
    expect([states(tab), states(other)]).toEqual([["map.png ready"], []]);
    browser.broken = true;
    tab.add("C", file("plan.pdf"), works, explain);
    await settled();
    await tab.restore();
    expect(states(tab)).toEqual(["map.png ready", "plan.pdf ready"]);
  });

  it("leave nothing behind when the user signs out", async () => {
    let aborted = false;
    tab.add("C", file("map.png"), works, explain);
    tab.add("D", file("plan.pdf"), (_f, signal) => new Promise(() => signal.addEventListener("abort", () => (aborted = true))), explain);
    await settled();
    await tab.clearAll();
    expect([states(tab), states(tab, "D"), browser.rows.size, aborted]).toEqual([[], [], 0, true]);
  });
});
