// @vitest-environment node
/** The widget's promise to every page: all of it together, in every language, is under 60 KB as it goes over the wire. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildWidget } from "../tools/widget.mjs";

const KILOBYTE = 1_000;

describe("the widget's size", () => {
  it("is under 60 KB compressed, of which a page that is only looked at loads 8", { timeout: 120_000 }, async () => {
    const files = await buildWidget({ write: false, logLevel: "silent" });
    const sizes = new Map(files.map((file) => [file.name, gzipSync(file.bytes, { level: 9 }).length]));
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    expect([...sizes.keys()].filter((name) => name.endsWith(".js")).length, "the script, the frame's, and eleven languages").toBe(13);
    expect(total).toBeLessThan(60 * KILOBYTE);
    expect(sizes.get("widget.js")).toBeLessThan(8 * KILOBYTE);
  });
  it("leaves nothing for the content security policy to refuse", { timeout: 120_000 }, async () => {
    const files = await buildWidget({ write: false, logLevel: "silent" });
    const page = files.find((file) => file.name === "frame.html")?.bytes.toString() ?? "";
    expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|javascript:|\son\w+=/);
    expect(page).toMatch(/<script type="module" crossorigin src="\/widget\/assets\/frame-[\w-]+\.js"><\/script>/);
    for (const file of files) expect(file.bytes.toString(), file.name).not.toMatch(/url\(data:|\beval\(|new Function\(/);
  });
});
