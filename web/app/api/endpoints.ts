/** Every request to the admin API, one function each. Screens go through `queries.ts` for what they show. */
import { call, get, send, setCsrf } from "./http";
import type * as T from "./types";

type Query = Record<string, string | number | boolean | null | undefined>;

const account = (id: string) => `/api/v1/accounts/${encodeURIComponent(id)}`;
const part = encodeURIComponent;

export async function readSession(): Promise<T.Session> {
  const { data } = await call<T.Session>("/api/v1/session", { anonymous: true });
  setCsrf(data.csrf);
  return data;
}

export async function signIn(body: { account: string; login: string; password: string }): Promise<T.Session> {
  const { data } = await call<T.Session>("/api/v1/session", { method: "POST", body, anonymous: true });
  setCsrf(data.csrf);
  return data;
}

export async function signOut(): Promise<void> {
  await call("/api/v1/session", { method: "DELETE", anonymous: true });
  setCsrf(null);
}

/** Somebody did something here: the idle time begins anew. */
export const reportActivity = () => send<{ idle: T.IdleLogOut | null }>("POST", "/api/v1/session/activity");

/** A wrong current password is an expected answer, so a 401 does not end the session. */
export const changePassword = (body: { current_password: string; new_password: string }) =>
  call("/api/v1/session/password", { method: "POST", body, anonymous: true });

export const listChannels = (signal?: AbortSignal) => get<T.Page<T.Channel>>("/api/v1/channels", undefined, signal);

/** The requests under one account. */
export const api = (id: string) => {
  const base = account(id);
  return {
    users: (q: Query, s?: AbortSignal) => get<T.Page<T.User>>(`${base}/users`, q, s),
    user: (user: string, s?: AbortSignal) => call<T.User>(`${base}/users/${part(user)}`, { signal: s }),
    createUser: (body: unknown) => send<T.User>("POST", `${base}/users`, body),
    updateUser: (user: string, body: unknown, etag: string | null) => send<T.User>("PATCH", `${base}/users/${part(user)}`, body, etag),
    setUserPassword: (user: string, new_password: string) => send("POST", `${base}/users/${part(user)}/password`, { new_password }),
    unlockUser: (user: string) => send("POST", `${base}/users/${part(user)}/unlock`),
    profiles: (s?: AbortSignal) => get<T.Page<T.Profile>>(`${base}/profiles`, { limit: 200 }, s),
    colleagues: (q: Query, s?: AbortSignal) => get<T.Page<T.Colleague>>(`${base}/colleagues`, q, s),

    skills: (q: Query, s?: AbortSignal) => get<T.Page<T.Skill>>(`${base}/skills`, q, s),
    skill: (skill: string, s?: AbortSignal) => call<T.Skill>(`${base}/skills/${part(skill)}`, { signal: s }),
    createSkill: (body: unknown) => send<T.Skill>("POST", `${base}/skills`, body),
    updateSkill: (skill: string, body: unknown, etag: string | null) => send<T.Skill>("PATCH", `${base}/skills/${part(skill)}`, body, etag),

    sources: (q: Query, s?: AbortSignal) => get<T.Page<T.Source>>(`${base}/sources`, q, s),
    source: (source: string, s?: AbortSignal) => call<T.Source>(`${base}/sources/${part(source)}`, { signal: s }),
    createSource: (body: unknown) => send<T.Source>("POST", `${base}/sources`, body),
    updateSource: (source: string, body: unknown, etag: string | null) =>
      send<T.Source>("PATCH", `${base}/sources/${part(source)}`, body, etag),
    templates: (source: string, s?: AbortSignal) => get<T.Page<T.Template>>(`${base}/sources/${part(source)}/templates`, undefined, s),
    channelApps: (s?: AbortSignal) => get<T.Page<T.ChannelApp>>(`${base}/channel-apps`, { limit: 200 }, s),

    apps: (s?: AbortSignal) => get<T.Page<T.InstalledApp>>(`${base}/apps`, { limit: 200 }, s),
    app: (app: string, s?: AbortSignal) => call<T.InstalledApp>(`${base}/apps/${part(app)}`, { signal: s }),
    createApp: (body: unknown) => send<T.InstalledApp>("POST", `${base}/apps`, body),
    updateApp: (app: string, body: unknown, etag: string | null) => send<T.InstalledApp>("PATCH", `${base}/apps/${part(app)}`, body, etag),
    rotateAppSecret: (app: string) => send<{ client_id: string; client_secret: string }>("POST", `${base}/apps/${part(app)}/secret`, {}),

    appNotifications: (app: string, q: Query, s?: AbortSignal) => get<T.Page<T.AppNotification>>(`${base}/apps/${part(app)}/notifications`, q, s),
    appNotification: (app: string, n: string, s?: AbortSignal) => get<T.AppNotificationCall>(`${base}/apps/${part(app)}/notifications/${part(n)}`, undefined, s),
    appState: (app: string, s?: AbortSignal) => get<T.AppState>(`${base}/apps/${part(app)}/state`, undefined, s),
    testApp: (app: string) => send<T.AppTested>("POST", `${base}/apps/${part(app)}/test`, {}),
    redriveApp: (app: string, body: unknown) => send<T.AppRedriven>("POST", `${base}/apps/${part(app)}/redrive`, body),

    settings: (s?: AbortSignal) => call<T.Settings>(`${base}/settings`, { signal: s }),
    updateSettings: (body: unknown, etag: string | null) => send<T.Settings>("PATCH", `${base}/settings`, body, etag),

    apiKeys: (s?: AbortSignal) => get<T.Page<T.ApiKey>>(`${base}/api-keys`, { limit: 200 }, s),
    apiKey: (key: string, s?: AbortSignal) => call<T.ApiKey>(`${base}/api-keys/${part(key)}`, { signal: s }),
    createApiKey: (body: unknown) => send<T.MadeApiKey>("POST", `${base}/api-keys`, body),
    updateApiKey: (key: string, body: unknown, etag: string | null) => send<T.ApiKey>("PATCH", `${base}/api-keys/${part(key)}`, body, etag),
    revokeApiKey: (key: string, etag: string | null) => send("DELETE", `${base}/api-keys/${part(key)}`, undefined, etag),

    conversations: (q: Query, s?: AbortSignal) => get<T.Page<T.ConversationSummary>>(`${base}/conversations`, q, s),
    conversation: (c: string, s?: AbortSignal) => get<T.ConversationSummary>(`${base}/conversations/${part(c)}`, undefined, s),
    messages: (c: string, q: Query, s?: AbortSignal) => get<T.Page<T.Message>>(`${base}/conversations/${part(c)}/messages`, q, s),
    visit: (c: string, s?: AbortSignal) => get<T.Visit>(`${base}/conversations/${part(c)}/visit`, undefined, s),
    changes: (c: string, q: Query, s?: AbortSignal) => get<T.Page<T.ConversationChange>>(`${base}/conversations/${part(c)}/changes`, q, s),

    deliveries: (q: Query, s?: AbortSignal) => get<T.Page<T.Delivery>>(`${base}/deliveries`, q, s),
    retryDelivery: (d: string) => send<T.Delivery>("POST", `${base}/deliveries/${part(d)}/retry`),

    consumer: (c: string, s?: AbortSignal) => get<T.Consumer>(`${base}/consumers/${part(c)}`, undefined, s),
    consents: (c: string, s?: AbortSignal) => get<T.Page<T.Consent>>(`${base}/consumers/${part(c)}/consents`, { limit: 50 }, s),
    recordConsent: (c: string, body: { kind: "opt_in" | "opt_out"; proof: string }) =>
      send<T.Consent>("POST", `${base}/consumers/${part(c)}/consents`, body),

    deadLetters: (q: Query, s?: AbortSignal) => get<T.Page<T.DeadLetter>>(`${base}/dead-letters`, q, s),
    deadLetter: (d: string, s?: AbortSignal) => get<T.DeadLetter>(`${base}/dead-letters/${part(d)}`, undefined, s),
    redrive: (d: string) => send<unknown>("POST", `${base}/dead-letters/${part(d)}/redrive`),
    channelLog: (q: Query, s?: AbortSignal) => get<T.Page<T.ChannelLogEntry>>(`${base}/channel-log`, q, s),
  };
};

export type Api = ReturnType<typeof api>;
