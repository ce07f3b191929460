import { describe, expect, it } from "vitest";
import { addressOf, consumerName } from "./consumer";

const id = "a3f9c1d2".repeat(8);

describe("a consumer's name", () => {
  it("is the name, else the address, else a number that stays", () => {
    expect(consumerName({ id, name: "Ann", address: "+49301" })).toBe("Ann");
    expect(consumerName({ id, name: null, address: "+49301" })).toBe("+49301");
    expect(consumerName({ id, name: null, address: id })).toMatch(/^Visitor \d{4}$/);
    expect(consumerName({ id, name: null, address: id })).toBe(consumerName({ id, name: "", address: id }));
    expect(consumerName({ id: "b".repeat(64), name: null, address: "b".repeat(64) })).not.toBe(consumerName({ id, name: null, address: id }));
    expect(consumerName({ id: "", name: null, address: "" })).toBe("Unknown");
  });

  it("shows no address where there is only an id", () => {
    expect([addressOf({ id, address: id }), addressOf({ id, address: "+49301" })]).toEqual(["", "+49301"]);
  });
});
