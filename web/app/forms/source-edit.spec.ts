import { describe, expect, it } from "vitest";
import { changedCredentials } from "./source-edit";

describe("credentials", () => {
  const schema = [
    { name: "sid", label: "Sid", secret: false, required: true, default: null, help: "" },
    { name: "token", label: "Token", secret: true, required: true, default: null, help: "" },
  ];
  it("are sent only where they changed", () => {
    const known = { sid: "AC1", token: { set: true } };
    expect(changedCredentials(schema, {}, known)).toEqual({});
    expect(changedCredentials(schema, { sid: "AC1", token: "" }, known)).toEqual({});
    expect(changedCredentials(schema, { sid: "AC2", token: "new", other: "x" }, known)).toEqual({ sid: "AC2", token: "new" });
  });
});
