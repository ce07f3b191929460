/** What screens read from the admin API: one definition for each, so that nothing is fetched twice under two names. */
import { infiniteQueryOptions, queryOptions, keepPreviousData } from "@tanstack/react-query";
import { listChannels, readSession, type Api } from "./endpoints";
import { ApiError } from "./http";
import type { Page } from "./types";
import { readListedMessage } from "./wire";

const MINUTE = 60_000;
const MOST_CHANGES = 2_000;
/** Most messages of a survey that are shown. */
const MOST_SURVEY = 200;
const MOST_COLLEAGUES = 5_000;

/** Reads a list page by page to its end, or until `most` items are there. */
async function everyPage<T>(read: (after: string | null) => Promise<Page<T>>, most: number): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const page: Page<T> = await read(after);
    items.push(...page.items);
    after = page.next;
  } while (after !== null && items.length < most);
  return items;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    try {
      return await readSession();
    } catch (e) {
      // No session is an answer, not a failure.
      if (e instanceof ApiError && e.status === 401) return null;
      throw e;
    }
  },
  staleTime: Infinity,
});

export const channelsQuery = queryOptions({
  queryKey: ["channels"],
  queryFn: ({ signal }) => listChannels(signal),
  staleTime: Infinity,
});

export const queries = (api: Api) => ({
  skills: queryOptions({ queryKey: ["skills"], queryFn: ({ signal }) => api.skills({ limit: 200 }, signal), staleTime: MINUTE }),
  /** Everybody's name, former users included. */
  colleagues: queryOptions({
    queryKey: ["colleagues"],
    queryFn: ({ signal }) => everyPage((after) => api.colleagues({ limit: 200, after }, signal), MOST_COLLEAGUES),
    staleTime: MINUTE,
  }),
  profiles: queryOptions({ queryKey: ["profiles"], queryFn: ({ signal }) => api.profiles(signal), staleTime: MINUTE }),
  templates: (source: string) => queryOptions({ queryKey: ["templates", source], queryFn: ({ signal }) => api.templates(source, signal), staleTime: MINUTE, retry: false }),
  channelApps: queryOptions({ queryKey: ["channel-apps"], queryFn: ({ signal }) => api.channelApps(signal), staleTime: MINUTE }),
  sources: queryOptions({ queryKey: ["sources"], queryFn: ({ signal }) => api.sources({ limit: 200 }, signal), staleTime: MINUTE }),
  users: queryOptions({ queryKey: ["users"], queryFn: ({ signal }) => api.users({ limit: 200 }, signal), staleTime: MINUTE }),
  user: (id: string) => queryOptions({ queryKey: ["users", id], queryFn: ({ signal }) => api.user(id, signal) }),
  skill: (id: string) => queryOptions({ queryKey: ["skills", id], queryFn: ({ signal }) => api.skill(id, signal) }),
  apps: queryOptions({ queryKey: ["apps"], queryFn: ({ signal }) => api.apps(signal), staleTime: MINUTE }),
  app: (id: string) => queryOptions({ queryKey: ["apps", id], queryFn: ({ signal }) => api.app(id, signal) }),
  appState: (app: string) => queryOptions({ queryKey: ["app-state", app], queryFn: ({ signal }) => api.appState(app, signal) }),
  appNotification: (app: string, id: string) => queryOptions({ queryKey: ["app-notifications", app, id], queryFn: ({ signal }) => api.appNotification(app, id, signal) }),
  appNotifications: (app: string, filter: { state?: string }) =>
    infiniteQueryOptions({
      queryKey: ["app-notifications", app, filter],
      queryFn: ({ signal, pageParam }) => api.appNotifications(app, { ...filter, limit: 50, after: pageParam }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next,
    }),
  settings: queryOptions({ queryKey: ["settings"], queryFn: ({ signal }) => api.settings(signal), staleTime: MINUTE }),
  apiKeys: queryOptions({ queryKey: ["api-keys"], queryFn: ({ signal }) => api.apiKeys(signal), staleTime: MINUTE }),
  apiKey: (id: string) => queryOptions({ queryKey: ["api-keys", id], queryFn: ({ signal }) => api.apiKey(id, signal) }),
  source: (id: string) => queryOptions({ queryKey: ["sources", id], queryFn: ({ signal }) => api.source(id, signal) }),

  /** For offers, whose conversation no subscription brings yet. */
  summary: (id: string) =>
    queryOptions({ queryKey: ["summary", id], queryFn: ({ signal }) => api.conversation(id, signal), staleTime: MINUTE, retry: 1 }),
  /** A dialog beside the main one, whole: surveys are short. */
  dialog: (id: string, dialog: string) =>
    queryOptions({
      queryKey: ["dialog", id, dialog],
      queryFn: async ({ signal }) => {
        const { items } = await api.messages(id, { dialog, limit: MOST_SURVEY }, signal);
        return items.flatMap((item) => readListedMessage(id, item) ?? []);
      },
      staleTime: Infinity,
    }),
  visit: (id: string) => queryOptions({ queryKey: ["visit", id], queryFn: ({ signal }) => api.visit(id, signal), staleTime: MINUTE / 2 }),
  changes: (id: string) =>
    queryOptions({
      queryKey: ["changes", id],
      queryFn: ({ signal }) => everyPage((after) => api.changes(id, { limit: 200, after }, signal), MOST_CHANGES),
      staleTime: Infinity,
    }),
  consumer: (id: string) =>
    queryOptions({ queryKey: ["consumer", id], queryFn: ({ signal }) => api.consumer(id, signal), staleTime: MINUTE, enabled: id !== "" }),
  consents: (id: string) => queryOptions({ queryKey: ["consents", id], queryFn: ({ signal }) => api.consents(id, signal), staleTime: MINUTE }),
  earlier: (consumer: string) =>
    queryOptions({
      queryKey: ["conversations", { consumer }],
      queryFn: ({ signal }) => api.conversations({ consumer, limit: 50 }, signal),
      staleTime: MINUTE,
      enabled: consumer !== "",
    }),
  /** Closed conversations, or whatever a search finds, newest update first. */
  conversations: (filter: { state?: "open" | "closed"; q?: string }) =>
    infiniteQueryOptions({
      queryKey: ["conversations", filter],
      queryFn: ({ signal, pageParam }) => api.conversations({ ...filter, limit: 50, after: pageParam }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next,
      placeholderData: keepPreviousData,
      staleTime: 15_000,
    }),
  deliveries: (filter: { state?: string }) =>
    infiniteQueryOptions({
      queryKey: ["deliveries", filter],
      queryFn: ({ signal, pageParam }) => api.deliveries({ ...filter, limit: 50, after: pageParam }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next,
    }),
  channelLog: (filter: { source?: string; direction?: string }) =>
    infiniteQueryOptions({
      queryKey: ["channel-log", filter],
      queryFn: ({ signal, pageParam }) => api.channelLog({ ...filter, limit: 50, after: pageParam }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next,
    }),
  deadLetters: infiniteQueryOptions({
    queryKey: ["dead-letters"],
    queryFn: ({ signal, pageParam }) => api.deadLetters({ limit: 50, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  }),
  deadLetter: (id: string) => queryOptions({ queryKey: ["dead-letters", id], queryFn: ({ signal }) => api.deadLetter(id, signal) }),
});
