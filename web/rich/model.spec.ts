import { describe, expect, it } from "vitest";
import { readReplies, readRich, safeImage, safeLink, ticked, plainWords, writeDay, type Node } from "./model";

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
    case "sections":
      return `${node.look}(${node.sections.map((section) => `${section.title}: ${words(section.node)}`).join(", ")})`;
    case "facts":
      return node.pairs.map(([key, value]) => `${key}=${value}`).join(" ");
    case "place":
    case "preview":
      return `${node.kind} "${node.title}"`;
    case "checklist":
      return `${node.title}(${node.sections.map((section) => `${section.title ?? ""}: ${section.boxes.map((box) => box.title).join("/")}`).join(", ")}) [${node.submit.title}]${node.other ? ` [${node.other.title}]` : ""}`;
    case "slots":
      return `${node.title}(${node.slots.map((slot) => slot.title ?? String(slot.start)).join("/")})`;
    case "day":
      return `${node.title}(${node.range ? "from-to" : "day"} ${node.earliest ?? ""}..${node.latest ?? ""})`;
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
    expect(words(read({ type: "nonsense", title: "What?" }))).toBe('"What?"');
    for (const nothing of [{}, { type: "vertical" }, { type: "vertical", elements: [{}] }, { type: "text", text: 7 }, { type: "button" }, { type: "tabs" }, { type: "keyValuePairList", elements: [7] }, { type: "list", elements: [] }]) expect(read(nothing)).toBeNull();
  });

  it("draws lists, tabs, pairs and pickers", () => {
    const tick = (title: string, says: string) => ({ type: "checkbox", text: title, click: { actions: [{ type: "checked", publishText: says }], metadata: [{ type: "ExternalId", id: says }] } });
    const section = (name: string, boxes: unknown[]) => ({ type: "section", sectionID: name, elements: [{ type: "text", text: name }, { type: "checklist", elements: boxes }] });
    const body = { type: "list", elements: [{ type: "text", text: "Which?" }, { type: "sectionList", elements: [section("Colours", [tick("Red", "red"), tick("Blue", "blue")]), section("Shapes", [tick("Oval", "oval")])] }, { type: "buttonList", elements: [{ type: "submitButton", title: "OK", click: { actions: [{ type: "submitAsText" }], metadata: [{ type: "ExternalId", id: "ok" }] } }, button("Back", [{ type: "publishText", text: "back" }])] }] };
    const checklist = read(body);
    expect(words(checklist)).toBe("Which?(Colours: Red/Blue, Shapes: Oval) [OK] [Back]");
    if (checklist?.kind !== "checklist") throw new Error("no checklist");
    const boxes = checklist.sections.flatMap((one) => one.boxes);
    expect(ticked(checklist, new Set())).toBeNull();
    expect(ticked(checklist, new Set([boxes[2]!, boxes[0]!]))).toEqual({ text: "red, oval", metadata: ["red", "oval", "ok"].map((id) => ({ type: "ExternalId", id })) });
    expect(words(read({ type: "tabs", elements: [{ type: "text", text: "One" }, { type: "vertical", elements: [{ type: "text", text: "Two" }] }] }))).toBe('tabs(One: "One", Two: vertical("Two"))');
    expect(words(read({ type: "accordionSelect", selectMode: { name: "s" }, titles: [{ name: "First" }], elements: [{ type: "text", text: "One" }] }))).toBe('accordion(First: "One")');
    expect(words(read({ type: "keyValuePairList", elements: [{ key: "Size", value: "M" }, { key: "Colour" }] }))).toBe("Size=M Colour=");
    expect(words(read({ type: "template", title: "Well?", resp: ["Yes", 7, "No"] }))).toBe('vertical("Well?", [Yes: publishText], [7: publishText], [No: publishText])'.replace("[7: publishText], ", ""));
    expect(words(read(button("Pick", [{ type: "scheduleSlotList", title: "When?", slots: [{ id: "a", start: 60, title: "Noon" }, { id: "b" }] }])))).toBe("When?(Noon)");
    expect(words(read(button("Pick", [{ type: "datePicker", class: "range", minDate: 0 }])))).toBe("Pick(from-to 1970-01-01..)");
    expect([writeDay("2026-05-03", "DD.MM.YYYY"), writeDay("2026-05-03", "MM/DD/YY"), writeDay("2026-05-03", null)]).toEqual(["03.05.2026", "05/03/26", "2026-05-03"]);
    expect(plainWords(checklist)).toBe("Which?");
  });

  it("puts the button of a selection on each of its cards", () => {
    const card = (id: string) => ({ type: "vertical", metadata: [{ type: "ExternalId", id }], elements: [{ type: "text", text: id }] });
    const body = { type: "vertical", elements: [{ type: "carouselSelect", selectMode: { name: "s", type: "single" }, elements: [card("a"), card("b")] }, { ...button("Take it", [{ type: "publishText", text: "take" }], [{ type: "ExternalId", id: "t" }]), ref: { name: "s" } }] };
    const tree = read(body);
    expect(words(tree)).toBe('vertical(carousel(vertical("a", [Take it: publishText]), vertical("b", [Take it: publishText])))');
  });

  it("draws places as links to a map", () => {
    expect(words(read({ type: "map", la: 52.5, lo: 13.4, tooltip: "Our shop" }))).toBe('place "Our shop"');
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
