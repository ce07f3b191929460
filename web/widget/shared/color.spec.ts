import { describe, expect, it } from "vitest";
import { accentOf, contrast, GROUNDS, readColor } from "./color";

const at = (text: string) => readColor(text) ?? ([0, 0, 0] as const);

describe("colours", () => {
  it("are read in both forms, and nothing else is", () => {
    expect(readColor("#0aF")).toEqual([0, 170, 255]);
    expect(readColor(" #00aaff ")).toEqual([0, 170, 255]);
    for (const bad of ["", "teal", "#12", "#12345", "#1234567", "rgb(1,2,3)", "#ggg"]) expect(readColor(bad)).toBeNull();
  });
  it("contrast as the rules say", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
    expect(contrast(at("#777777"), at("#ffffff"))).toBeCloseTo(4.48, 1);
  });
  it("are readable for every brand, on light and dark ground", () => {
    for (const theme of ["light", "dark"] as const) {
      const { surface, bubble } = GROUNDS[theme];
      for (let hue = 0; hue < 4096; hue += 37) {
        const brand = `#${hue.toString(16).padStart(3, "0")}`;
        const accent = accentOf(brand, theme);
        expect(contrast(at(accent.fill), at(accent.onFill)), `${brand} ${theme}: text on the fill`).toBeGreaterThanOrEqual(4.45);
        for (const ground of [surface, bubble]) expect(contrast(at(accent.text), at(ground)), `${brand} ${theme}: text on ${ground}`).toBeGreaterThanOrEqual(4.45);
        expect(contrast(at(accent.fill), at(surface)), `${brand} ${theme}: the fill itself`).toBeGreaterThanOrEqual(2.9);
      }
    }
  });
  it("stay the brand's own where they can", () => {
    expect(accentOf("#0b6b74", "light").fill).toBe("#0b6b74");
    expect(accentOf("nonsense", "light").fill).toBe("#0b6b74");
  });
});
