import { describe, expect, it } from "vitest";
import { MemoryStorage } from "../testing";
import { claimsOf, Identities, NoIdentity } from "./identity";

const KEY = "antiphon.widget.12.shop.visitor";
const token = (claims: object) => `e30.${btoa(JSON.stringify(claims)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}.x`;

interface Call {
  path: string;
  body: unknown;
}

/** A server that gives `answers` one after the other. */
function serving(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const storage = new MemoryStorage();
  const fetch = (url: string, init: RequestInit) => {
    calls.push({ path: url, body: typeof init.body === "string" ? JSON.parse(init.body) : null });
    expect(init.credentials).toBe("omit");
    const next = answers.shift() ?? new Error("nothing more");
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { identities: new Identities("12", "shop", storage, fetch), calls, storage };
}
const ok = (body: object) => new Response(JSON.stringify(body));
const no = (status: number, body: object = {}) => new Response(JSON.stringify(body), { status });

describe("an anonymous visitor", () => {
  it("is made once and kept", async () => {
    const { identities, calls, storage } = serving(ok({ token: "external" }), ok({ token: token({ sub: "anna", exp: 7 }) }), ok({ token: "renewed" }), ok({ token: token({ sub: "anna" }) }));
    expect(await identities.anonymous()).toMatchObject({ consumer: "anna", endsAt: 7_000, identified: false });
    expect(storage.getItem(KEY)).toBe("external");
    expect(await identities.anonymous()).toMatchObject({ consumer: "anna", endsAt: null });
    expect(storage.getItem(KEY)).toBe("renewed");
    expect(calls).toEqual([
      { path: "/api/account/12/anonymous/authorize", body: null },
      { path: "/api/account/12/app/shop/authenticate?v=3.0", body: { id_token: "external" } },
      { path: "/api/account/12/anonymous/authorize", body: { id_token: "external" } },
      { path: "/api/account/12/app/shop/authenticate?v=3.0", body: { id_token: "renewed" } },
    ]);
  });

  it("is a new one when the old one is kept no longer", async () => {
    const { identities, storage, calls } = serving(no(401), ok({ token: "fresh" }), ok({ token: token({ sub: "berta" }) }));
    storage.setItem(KEY, "old");
    expect((await identities.anonymous()).consumer).toBe("berta");
    expect([storage.getItem(KEY), calls[1]?.body]).toEqual(["fresh", null]);
  });

  it("stays the same one when nobody can be asked", async () => {
    for (const trouble of [new TypeError("offline"), no(503), no(429)]) {
      const { identities, storage } = serving(trouble);
      storage.setItem(KEY, "old");
      await expect(identities.anonymous()).rejects.toMatchObject({ why: "unreachable" });
      expect(storage.getItem(KEY)).toBe("old");
    }
  });
});

describe("an identified visitor", () => {
  it("is vouched for by the brand's token, which is not kept", async () => {
    const { identities, storage, calls } = serving(ok({ token: token({ sub: "carla" }) }));
    expect(await identities.identified("signed by the brand")).toMatchObject({ consumer: "carla", identified: true });
    expect([storage.length, calls[0]?.body]).toEqual([0, { id_token: "signed by the brand" }]);
  });

  it("is refused with the server's reason", async () => {
    const { identities } = serving(no(401, { error: { message: "the token has expired" } }));
    const error = await identities.identified("old").catch((one: unknown) => one);
    expect(error).toBeInstanceOf(NoIdentity);
    expect(error).toMatchObject({ why: "refused", message: "the token has expired" });
    const empty = serving(ok({}));
    await expect(empty.identities.identified("x")).rejects.toMatchObject({ why: "refused" });
    const nobody = serving(ok({ token: "no token" }));
    await expect(nobody.identities.identified("x")).rejects.toMatchObject({ why: "refused" });
  });
});

it("reads claims, and nothing from what is no token", () => {
  expect(claimsOf(token({ sub: "ü?>" }).replace("ü", "ü"))).toHaveProperty("sub");
  for (const bad of ["", "a", "a.b.c", `a.${btoa("[]")}.c`, `a.${btoa("nonsense")}.c`]) expect(claimsOf(bad)).toEqual({});
});
