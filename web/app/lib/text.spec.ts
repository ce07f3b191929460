import { describe, expect, it } from "vitest";
import { countSegments, humanise, initials, isOnlyEmoji, linkify, measure, tintOf } from "./text";

describe("links", () => {
  const hrefs = (text: string) => linkify(text).flatMap((p) => (p.kind === "link" ? [p.href] : []));
  it("are made of http and https only", () => {
    expect(hrefs("see https://a.example/x?y=1 and http://b.example")).toEqual(["https://a.example/x?y=1", "http://b.example/"]);
    expect(hrefs("javascript:alert(1) data:text/html,x ftp://c.example file:///etc/passwd")).toEqual([]);
    expect(hrefs("https://user:pass@bank.example.evil.example/")).toEqual([]);
  });
  it("leave the sentence's punctuation alone", () => {
    expect(hrefs("(see https://a.example/b_(c)).")).toEqual(["https://a.example/b_(c)"]);
    expect(hrefs("https://a.example, or https://b.example!")).toEqual(["https://a.example/", "https://b.example/"]);
  });
  it("give back every character of the text", () => {
    for (const text of ["", "plain", "<b>https://x.example</b> & more", "https://a.example", "مرحبا https://a.example 👋"]) {
      expect(linkify(text).map((p) => p.text).join("")).toBe(text);
    }
  });
  it("are found quickly in long texts", () => {
    const started = linkify("https://a.example/" + "(".repeat(4_900));
    expect(started.length).toBeGreaterThan(0);
  });
});

describe("segments", () => {
  const check = (text: string, encoding: string, segments: number, left: number) => expect(countSegments(text)).toEqual({ encoding, segments, left });
  it("count GSM-7", () => {
    check("", "GSM-7", 0, 160);
    check("a".repeat(160), "GSM-7", 1, 0);
    check("a".repeat(161), "GSM-7", 2, 145);
    check("a".repeat(306), "GSM-7", 2, 0);
    check("a".repeat(307), "GSM-7", 3, 152);
  });
  it("count the characters that take two places, and never cut one", () => {
    check("€".repeat(80), "GSM-7", 1, 0);
    check("€".repeat(81), "GSM-7", 2, 143);
    check("a".repeat(152) + "€" + "a".repeat(10), "GSM-7", 2, 141);
  });
  it("count UCS-2 as soon as one character needs it", () => {
    check("ш".repeat(70), "UCS-2", 1, 0);
    check("ш".repeat(71), "UCS-2", 2, 63);
    check("👍", "UCS-2", 1, 68);
    check("a".repeat(66) + "👍" + "a".repeat(5), "UCS-2", 2, 60);
  });
});

describe("lengths", () => {
  it("follow the channel's unit", () => {
    expect(measure("é👍", "codepoint")).toBe(2);
    expect(measure("é👍", "utf16")).toBe(3);
    expect(measure("é👍", "utf8")).toBe(6);
    expect(measure("a€", "gsm")).toBe(3);
    expect(measure("a👍", "gsm")).toBe(3);
  });
});

describe("names", () => {
  it("become initials, in any script", () => {
    expect([initials("Nora Petersen"), initials("عمر الخطيب"), initials("陈美玲"), initials("+15005551234"), initials(""), initials("😀")]).toEqual(["NP", "عا", "陈", "34", "?", "?"]);
  });
  it("keep their colour", () => {
    expect(tintOf("a")).toBe(tintOf("a"));
    expect(new Set(Array.from({ length: 200 }, (_, i) => tintOf(`consumer-${i}`))).size).toBe(12);
  });
  it("of channels are readable without a catalogue", () => {
    expect(humanise("some_channel")).toBe("Some channel");
  });
});

describe("emoji", () => {
  it("alone are told from text", () => {
    expect(["❤️", "👍🏽", "👨‍👩‍👧", "🇩🇪", "🎉 🎉"].every(isOnlyEmoji)).toBe(true);
    expect(["ok 👍", "1", "#", "", "😀".repeat(20)].some(isOnlyEmoji)).toBe(false);
  });
});
