import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../../shared/language";
import { texts as english } from "./en";
import { wordsOf } from "./index";

describe("each language", () => {
  for (const language of LANGUAGES) {
    it(`${language} has every text, with the same values in it`, async () => {
      const words = await wordsOf(language);
      expect(words.language).toBe(language);
      for (const [key, text] of Object.entries(english)) {
        const own = words.t(key as keyof typeof english);
        expect(own.trim(), key).not.toBe("");
        expect(own.match(/\{\w+\}/g), key).toEqual(text.match(/\{\w+\}/g));
        expect(own, key).not.toMatch(/[<>]/);
      }
    });
  }
  it("puts values in", async () => {
    expect((await wordsOf("de")).t("removeFile", { name: "a.png" })).toBe("a.png entfernen");
    expect((await wordsOf("en")).t("tooLarge", { size: "3 MB" })).toBe("The file is too large: at most 3 MB.");
  });
});
