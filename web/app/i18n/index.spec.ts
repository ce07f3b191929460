import { afterEach, describe, expect, it } from "vitest";
import { chooseLocale, direction, pseudoLocale, t, tOr } from ".";
import { en } from "./en";

afterEach(() => chooseLocale(null));

describe("texts", () => {
  it("take values and plural forms", () => {
    expect(t("list.unread", { n: 1 })).toBe("1 unread message");
    expect(t("list.unread", { n: 12 })).toBe("12 unread messages");
    expect(t("conv.typing", { name: "Nora" })).toBe("Nora is typing…");
  });
  it("fall back for what the server names newly", () => {
    expect(tOr("sys.teleported", "sys.other", { kind: "teleported" })).toBe("teleported");
  });
  it("put values in as they are: no markup, no second round", () => {
    expect(t("conv.typing", { name: "{n}<b>" })).toBe("{n}<b> is typing…");
  });
  it("have a right-to-left stand-in with every key and every placeholder", () => {
    const { catalogue } = pseudoLocale();
    const holes = (entry: unknown) => (JSON.stringify(entry).match(/\{\w+\}/g) ?? []).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(holes(catalogue[key])).toEqual(holes(en[key]));
    chooseLocale("pseudo");
    expect(direction()).toBe("rtl");
    expect(t("action.close")).toBe("⟦Clósé⟧");
  });
});
