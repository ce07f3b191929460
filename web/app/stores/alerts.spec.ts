import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { notify, once } from "./alerts";
import { preferences } from "./preferences";

let seen: DocumentVisibilityState = "visible";
const shown: { title: string; body?: string; tag?: string; press: () => void }[] = [];

class FakeNotification {
  static permission: NotificationPermission = "granted";
  onclick: (() => void) | null = null;
  constructor(title: string, { body, tag }: NotificationOptions = {}) {
    shown.push({ title, body, tag, press: () => this.onclick?.() });
  }
  close() {}
}

beforeEach(() => {
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => seen);
  vi.stubGlobal("Notification", FakeNotification);
  vi.useFakeTimers();
  preferences.set({ notifications: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  localStorage.clear();
  shown.length = 0;
  seen = "visible";
  FakeNotification.permission = "granted";
});

describe("a desktop notification", () => {
  const press = vi.fn();
  const tell = () => notify("Nora", "Hello?", "c-1", press);
  it("is for a page that nobody sees, who wants it and whose browser allows it", () => {
    tell();
    expect(shown).toEqual([]);
    seen = "hidden";
    preferences.set({ notifications: false });
    tell();
    FakeNotification.permission = "denied";
    preferences.set({ notifications: true });
    tell();
    expect(shown).toEqual([]);
    FakeNotification.permission = "granted";
    tell();
    expect(shown).toMatchObject([{ title: "Nora", body: "Hello?", tag: "c-1" }]);
    vi.spyOn(window, "focus").mockImplementation(() => undefined);
    shown[0]?.press();
    expect(press).toHaveBeenCalledTimes(1);
  });
});

describe("an alert", () => {
  it("is made by one of several tabs: by the one that is seen", async () => {
    const made: string[] = [];
    seen = "hidden";
    const hidden = once("m-1", () => made.push("hidden"));
    seen = "visible";
    await once("m-1", () => made.push("seen"));
    await vi.runAllTimersAsync();
    await hidden;
    expect(made).toEqual(["seen"]);
  });
  it("is made by a hidden one when there is no other, and anew for each event", async () => {
    const made: string[] = [];
    seen = "hidden";
    for (const event of ["m-1", "m-1", "m-2"]) {
      const alert = once(event, () => made.push(event));
      await vi.runAllTimersAsync();
      await alert;
    }
    expect(made).toEqual(["m-1", "m-2"]);
  });
});
