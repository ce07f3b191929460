import { describe, expect, it } from "vitest";
import { isAllowed } from "./origin";

describe("the page around the frame", () => {
  it("must be listed", () => {
    const list = ["https://shop.example", "https://*.shop.example:8443"];
    for (const good of ["https://shop.example", "https://a.shop.example:8443", "https://a.b.shop.example:8443"]) expect(isAllowed(list, good), good).toBe(true);
    for (const bad of ["", "null", "http://shop.example", "https://a.shop.example", "https://shop.example:8443", "https://.shop.example:8443", "https://evilshop.example:8443", "https://shop.example.evil.test", "http://a.shop.example:8443"]) {
      expect(isAllowed(list, bad), bad).toBe(false);
    }
    expect(isAllowed([], "https://shop.example")).toBe(false);
  });
});
