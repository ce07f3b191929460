import { describe, expect, it } from "vitest";
import { readReplies, readRich, safeImage, safeLink, type Node } from "./model";

const read = (body: Record<string, unknown>) => readRich(body, "Map");
const button = (title: string, actions: unknown[] = [], metadata: unknown[] = []) => ({ type: "button", title, click: { actions, metadata } });

/** The tree, in words. */
function words(node: Node | null): string {
  if (!node) return "nothing";
  switch (node.kind) {
    case "text":
      return `${node.role === "plain" ? "" : `${node.role} `}"${node.text}"`;
    case "button":
      return `[${node.title}: ${node.actions.map((action) => action.type).join("+")}]`;
    case "image":
      return `<${node.url}>${node.button ? "!" : ""}`;
    case "box":
      return `${node.direction}(${node.children.map(words).join(", ")})`;
    case "carousel":
      return `carousel(${node.children.map(words).join(", ")})`;
  }
}

describe("structured content", () => {
  it("becomes a tree", () => {
    const card = {
      type: "vertical",
      elements: [
        { type: "image", url: "https://cdn.shop.test/k.png", tooltip: "A kettle" },
        { type: "text", tag: "title", text: "Blue kettle" },
        { type: "text", tag: "subtitle", text: "1.7 l" },
        button("Buy", [{ type: "publishText", text: "buy" }], [{ type: "ExternalId", id: "k" }]),
        button("More", [{ type: "link", uri: "https://shop.test/k" }, { type: "publishText", text: "more" }]),
      ],
    };
    expect(words(read(card))).toBe('vertical(<https://cdn.shop.test/k.png>, title "Blue kettle", subtitle "1.7 l", [Buy: publishText], [More: link+publishText])');
    expect(words(read({ type: "carousel", elements: [card, { type: "horizontal", elements: [{ type: "text", text: "a" }] }] }))).toContain('carousel(vertical(');
  });

  it("names the first text of an untagged card its title", () => {
    const card = { type: "vertical", elements: [{ type: "text", text: "One" }, { type: "text", text: "Two" }] };
    expect(words(read(card))).toBe('vertical(title "One", "Two")');
    expect(words(read({ type: "vertical", elements: [{ type: "text", text: "One" }] }))).toBe('vertical("One")');
  });

  it("becomes text where it can't be drawn", () => {
    const checklist = { type: "list", elements: [{ type: "text", text: "Shapes?" }, { type: "sectionList", elements: [{ type: "section", elements: [{ type: "checklist", elements: [{ type: "checkbox", text: "Oval" }, { type: "checkbox", text: "Round" }] }] }] }] };
    expect(words(read(checklist))).toBe('"Shapes?\nOval\nRound"');
    expect(words(read({ type: "keyValuePairList", elements: [{ key: "Size", value: "M" }] }))).toBe('"Size: M"');
    expect(words(read(button("Pick a day", [{ type: "datePicker" }])))).toBe('"Pick a day"');
    expect(words(read({ type: "nonsense", title: "What?" }))).toBe('"What?"');
    for (const nothing of [{}, { type: "vertical" }, { type: "vertical", elements: [{}] }, { type: "text", text: 7 }, { type: "button" }]) expect(read(nothing)).toBeNull();
  });

  it("draws places as links to a map", () => {
    expect(words(read({ type: "map", la: 52.5, lo: 13.4, tooltip: "Our shop" }))).toBe("[Our shop: link]");
    expect(words(read({ type: "map", la: 520, lo: 13.4, tooltip: "Our shop" }))).toBe('"Our shop"');
    expect(words(read(button("Find us", [{ type: "navigate", la: 1, lo: 2 }])))).toBe("[Find us: link]");
  });

  it("opens only what can't run", () => {
    for (const good of ["https://shop.test/", "http://shop.test/", "tel:+15005550006", "mailto:a@shop.test", "sms:+15005550006"]) expect(safeLink(good)).toBe(good);
    for (const bad of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://a/b", "https://bank.test@evil.test/", "//evil.test", "shop.test", "", null, 7, `https://a.test/${"x".repeat(2048)}`]) {
      expect(safeLink(bad), String(bad).slice(0, 40)).toBeNull();
    }
    expect([safeImage("https://a.test/x.png"), safeImage("http://a.test/x.png"), safeImage("data:image/svg+xml,x")]).toEqual(["https://a.test/x.png", null, null]);
    expect(words(read(button("Bad", [{ type: "link", uri: "javascript:alert(1)" }])))).toBe('"Bad"');
    expect(words(read({ type: "image", url: "javascript:alert(1)", alt: "A kettle" }))).toBe('"A kettle"');
  });

  it("stops at fifty elements and twelve levels", () => {
    const many = { type: "vertical", elements: Array.from({ length: 400 }, (_, at) => ({ type: "text", text: `${at}` })) };
    const tree = read(many);
    expect(tree?.kind === "box" && tree.children.length).toBe(49);
    let deep: Record<string, unknown> = { type: "text", text: "down here" };
    for (let level = 0; level < 40; level += 1) deep = { type: "vertical", elements: [deep] };
    expect(read(deep)).toBeNull();
  });
});

describe("quick replies", () => {
  it("are buttons; one without an action answers with its own words", () => {
    const replies = readReplies({ type: "quickReplies", replies: [button("Yes", [{ type: "publishText", text: "yes" }], [{ type: "ExternalId", id: "y" }]), { type: "button", title: "No" }, { type: "button" }, 7] });
    expect(replies.map((one) => [one.title, one.actions, one.metadata])).toEqual([
      ["Yes", [{ type: "publishText", text: "yes" }], [{ type: "ExternalId", id: "y" }]],
      ["No", [{ type: "publishText", text: "No" }], []],
    ]);
    expect(readReplies(null)).toEqual([]);
    expect(readReplies({ replies: Array.from({ length: 40 }, () => ({ type: "button", title: "x" })) })).toHaveLength(24);
  });
});
