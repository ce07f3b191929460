/** The whole route tree. Routes hold what is shown; pages hold how. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, type RouteComponent } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ConversationsPage } from "@/pages/ConversationsPage";
import { HomePage } from "@/pages/HomePage";
import { CrashPage, NotFoundPage } from "@/pages/NotFoundPage";
import { RootPage } from "@/pages/RootPage";
import type { ListSearch, ListTab } from "./search";

const TABS: readonly string[] = ["mine", "all", "closed"];

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
  component: RootPage,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
});

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: HomePage,
});

const conversations = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conversations/$list",
  params: {
    parse: ({ list }): { list: ListTab } => ({ list: TABS.includes(list) ? (list as ListTab) : "mine" }),
    stringify: ({ list }) => ({ list }),
  },
  validateSearch: (search: Record<string, unknown>): ListSearch => ({
    ...(typeof search.q === "string" && search.q ? { q: search.q } : typeof search.q === "number" ? { q: String(search.q) } : {}),
    ...(search.filter === "queue" || search.filter === "waiting" ? { filter: search.filter } : {}),
    ...(search.pane === "consumer" ? { pane: "consumer" as const } : {}),
    ...(typeof search.beside === "string" ? { beside: search.beside } : {}),
  }),
  component: ConversationsPage,
});
const conversation = createRoute({ getParentRoute: () => conversations, path: "/$id" });

/** The pages of the administrator are fetched when they are first opened. */
const later = <K extends string>(load: () => Promise<Record<K, () => ReactNode>>, name: K): RouteComponent => lazyRouteComponent(load, name);

const users = createRoute({ getParentRoute: () => rootRoute, path: "/admin/users", component: later(() => import("@/pages/UsersPage"), "UsersPage") });
const skills = createRoute({ getParentRoute: () => rootRoute, path: "/admin/skills", component: later(() => import("@/pages/SkillsPage"), "SkillsPage") });
const sources = createRoute({ getParentRoute: () => rootRoute, path: "/admin/sources", component: later(() => import("@/pages/SourcesPage"), "SourcesPage") });
const apps = createRoute({ getParentRoute: () => rootRoute, path: "/admin/apps", component: later(() => import("@/pages/AppsPage"), "AppsPage") });
const app = createRoute({ getParentRoute: () => rootRoute, path: "/admin/apps/$app", component: later(() => import("@/pages/AppPage"), "AppPage") });
const apiKeys = createRoute({ getParentRoute: () => rootRoute, path: "/admin/api-keys", component: later(() => import("@/pages/ApiKeysPage"), "ApiKeysPage") });
const settings = createRoute({ getParentRoute: () => rootRoute, path: "/admin/settings", component: later(() => import("@/pages/SettingsPage"), "SettingsPage") });
const deliveries = createRoute({ getParentRoute: () => rootRoute, path: "/admin/deliveries", component: later(() => import("@/pages/DeliveriesPage"), "DeliveriesPage") });
const channelLog = createRoute({ getParentRoute: () => rootRoute, path: "/admin/channel-log", component: later(() => import("@/pages/ChannelLogPage"), "ChannelLogPage") });
const deadLetters = createRoute({ getParentRoute: () => rootRoute, path: "/admin/dead-letters", component: later(() => import("@/pages/DeadLettersPage"), "DeadLettersPage") });

const routeTree = rootRoute.addChildren([
  home,
  conversations.addChildren([conversation]),
  users,
  skills,
  sources,
  apps,
  app,
  apiKeys,
  settings,
  deliveries,
  channelLog,
  deadLetters,
]);

export const makeRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: false, scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
