import { describe, expect, it } from "vitest";
import { attributesOf, toldOf } from "./visit";

describe("what a page told", () => {
  it("reads as rows, products on one line each", () => {
    const cart = { type: "cart", total: 63, currency: "EUR", numItems: 2, products: [{ product: { name: "Blue kettle", sku: "K-17", price: 39 }, quantity: 1 }, { product: { name: "Tea" } }] };
    expect(attributesOf([cart])).toEqual([
      {
        type: "cart",
        more: 0,
        rows: [
          { name: "total", value: "63" },
          { name: "currency", value: "EUR" },
          { name: "num items", value: "2" },
          { name: "Blue kettle", value: "1 × 39" },
          { name: "Tea", value: "–" },
        ],
      },
    ]);
  });

  it("unwraps what stands in a member of its own", () => {
    const personal = { type: "personal", personal: { firstname: "Ann", contacts: [{ email: "ann@shop.example" }] } };
    const info = { type: "ctmrinfo", info: { customerId: "4711", lastPaymentDate: { day: 1, month: 2 } } };
    expect(attributesOf([personal, info]).map((told) => told.rows)).toEqual([
      [{ name: "firstname", value: "Ann" }, { name: "contacts, email", value: "ann@shop.example" }],
      [{ name: "customer id", value: "4711" }, { name: "last payment date, day", value: "1" }, { name: "last payment date, month", value: "2" }],
    ]);
  });

  it("is bounded, whatever comes", () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`m${at}`, "x".repeat(5_000)]));
    const told = toldOf(many, "cart");
    expect([told?.rows.length, told?.more, told?.rows[0]?.value.length]).toEqual([12, 28, 300]);
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${"}".repeat(50)}`) as object;
    expect(toldOf(deep, "deep")).toBeNull();
    expect(attributesOf(Array.from({ length: 99 }, () => ({ type: "lead", lead: { topic: "t" } }))).length).toBe(20);
  });

  it("passes over what makes no sense", () => {
    for (const value of [null, undefined, "text", 3, {}, { type: "cart" }, [null, "x", { type: 3 }, { total: 1 }]]) expect(attributesOf(value)).toEqual([]);
    for (const value of [null, "text", [], {}, { a: null, b: "" }]) expect(toldOf(value, "x")).toBeNull();
  });
});
