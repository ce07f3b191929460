import { describe, expect, it } from "vitest";
import { chooseLanguage, direction } from "./language";

describe("the language", () => {
  it("is the first wish that can be fulfilled", () => {
    expect(chooseLanguage([null, "auto", "xx", "de-AT", "fr"])).toBe("de");
    expect(chooseLanguage(["pt_BR"])).toBe("pt");
    expect(chooseLanguage(["iw-IL"])).toBe("he");
    expect(chooseLanguage([undefined, ""])).toBe("en");
  });
  it("has a direction", () => {
    expect([direction("ar"), direction("he"), direction("ja")]).toEqual(["rtl", "rtl", "ltr"]);
  });
});
