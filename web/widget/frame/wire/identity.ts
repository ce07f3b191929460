/**
 * Who the visitor is: anonymous, kept by this browser, or vouched for by the page with a token that the brand signed.
 *
 * Only the anonymous identity is stored. A brand's token is asked of the page anew whenever one is needed, and never kept.
 */
import { isObject } from "./line";

export interface Identity {
  /** What the socket is opened with. */
  token: string;
  /** The visitor's id, as it stands in what they wrote. */
  consumer: string;
  /** Milliseconds, or null when it never ends. */
  endsAt: number | null;
  identified: boolean;
}

/** No identity: the server refuses one (`refused`), the page gives no token (`page`), or nobody answered. */
export class NoIdentity extends Error {
  constructor(
    readonly why: "refused" | "page" | "unreachable",
    message: string,
  ) {
    super(message);
  }
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export class Identities {
  constructor(
    private readonly account: string,
    private readonly source: string,
    private readonly storage: Storage | null,
    private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init),
  ) {}

  private get key(): string {
    return `antiphon.widget.${this.account}.${this.source}.visitor`;
  }

  /** The anonymous visitor of this browser, the same as last time for as long as the server keeps them. */
  async anonymous(): Promise<Identity> {
    const renew = async () => {
      const known = this.storage?.getItem(this.key) ?? null;
      let external = known === null ? null : await this.renewed(known);
      external ??= await this.post("anonymous/authorize", null);
      try {
        this.storage?.setItem(this.key, external);
      } catch {
        // Without room to store it, this visitor is a new one next time.
      }
      return external;
    };
    // Two tabs that open at once must be one visitor.
    const external = await (typeof navigator !== "undefined" && navigator.locks ? navigator.locks.request(this.key, renew) : renew());
    return this.exchanged(external, false);
  }

  /** Whom the brand's token vouches for. */
  identified(token: string): Promise<Identity> {
    return this.exchanged(token, true);
  }

  private async renewed(known: string): Promise<string | null> {
    try {
      return await this.post("anonymous/authorize", known);
    } catch (error) {
      // One that is no longer kept ends there; what can't be asked now is asked again later.
      if (error instanceof NoIdentity && error.why === "refused") return null;
      throw error;
    }
  }

  private async exchanged(external: string, identified: boolean): Promise<Identity> {
    const token = await this.post(`app/${encodeURIComponent(this.source)}/authenticate?v=3.0`, external);
    const claims = claimsOf(token);
    if (typeof claims.sub !== "string") throw new NoIdentity("refused", "the server's token names nobody");
    return { token, consumer: claims.sub, endsAt: typeof claims.exp === "number" ? claims.exp * 1000 : null, identified };
  }

  private async post(path: string, external: string | null): Promise<string> {
    const init: RequestInit = { method: "POST", credentials: "omit", headers: { accept: "application/json" } };
    if (external !== null) {
      init.headers = { accept: "application/json", "content-type": "application/json" };
      init.body = JSON.stringify({ id_token: external });
    }
    let response: Response;
    try {
      response = await this.fetch(`/api/account/${encodeURIComponent(this.account)}/${path}`, init);
    } catch {
      throw new NoIdentity("unreachable", "the server can't be reached");
    }
    const body: unknown = await response.json().catch(() => null);
    if (response.status >= 500 || response.status === 429) throw new NoIdentity("unreachable", `the server answered with ${response.status}`);
    const token = isObject(body) ? (body.token ?? body.jwt) : null;
    if (!response.ok || typeof token !== "string") throw new NoIdentity("refused", messageOf(body) ?? `the server answered with ${response.status}`);
    return token;
  }
}

function messageOf(body: unknown): string | null {
  if (!isObject(body)) return null;
  const error = isObject(body.error) ? body.error : body;
  const found = [error.message, error.error_description, error.details].find((part) => typeof part === "string");
  return typeof found === "string" ? found : null;
}

/** What a token says, unverified: the server does that. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const claims: unknown = JSON.parse(atob(part));
    return isObject(claims) ? claims : {};
  } catch {
    return {};
  }
}
