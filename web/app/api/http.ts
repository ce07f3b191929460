/**
 * The one place that calls the admin API. Every failure leaves as an `ApiError` with the server's own words.
 *
 * It knows no screen and no cache: `queries.ts` declares what is read, `endpoints.ts` what can be asked.
 */
import type { ErrorBody } from "./types";

/** A refused or failed request. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly remedy: string | null;
  readonly requestId: string | null;

  constructor(status: number, body: Partial<ErrorBody>) {
    super(body.message || `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : "unknown");
    this.field = body.field ?? null;
    this.remedy = body.remedy ?? null;
    this.requestId = body.request_id ?? null;
  }
}

let csrf: string | null = null;
let onUnauthorized: () => void = () => undefined;

/** The token that every changing request with the session cookie needs. */
export const setCsrf = (token: string | null): void => {
  csrf = token;
};

/** Called whenever a signed-in request is answered with 401. */
export const setUnauthorizedHandler = (handler: () => void): void => {
  onUnauthorized = handler;
};

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  etag?: string | null;
  signal?: AbortSignal;
  /** A 401 is an expected answer here (signing in, asking whether a session exists). */
  anonymous?: boolean;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

function address(path: string, query: RequestOptions["query"]): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** Most time an answer may take, in ms. */
const TIMEOUT_MS = 30_000;

export async function call<T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const { method = "GET", body, etag, signal, anonymous = false } = options;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (etag) headers["If-Match"] = etag;
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, { code: "unreachable" });
  }
  const text = response.status === 204 ? "" : await response.text();
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // A proxy's page instead of JSON: the status alone counts.
  }
  if (!response.ok) {
    if (response.status === 401 && !anonymous) onUnauthorized();
    throw new ApiError(response.status, data ?? {});
  }
  return { data: data as T, etag: response.headers.get("ETag") };
}

export const get = async <T>(path: string, query?: RequestOptions["query"], signal?: AbortSignal): Promise<T> =>
  (await call<T>(path, { query, signal })).data;

export const send = async <T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, etag?: string | null): Promise<T> =>
  (await call<T>(path, { method, body, etag })).data;

/** Puts a file's bytes to a signed link of the file store. */
export async function putFile(url: string, file: Blob, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { method: "PUT", body: file, signal, credentials: "same-origin" });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError(0, { code: "unreachable" });
  }
  if (!response.ok) {
    const body = (await response.json().catch(() => ({}))) as Partial<ErrorBody>;
    throw new ApiError(response.status, body);
  }
}
