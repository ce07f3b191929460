import { describe, expect, it } from "vitest";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pauseBefore } from "./socket";

describe("the pause before another attempt", () => {
  it("grows, is spread, and is bounded", () => {
    expect(pauseBefore(0, 0)).toBe(FIRST_PAUSE_MS / 2);
    expect(pauseBefore(0, 1)).toBe(FIRST_PAUSE_MS);
    expect(pauseBefore(3, 0.5)).toBe(FIRST_PAUSE_MS * 6);
    expect(pauseBefore(60, 1)).toBe(LONGEST_PAUSE_MS);
  });
});
