/** The whole route tree. Routes hold what is shown; pages hold how. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { ConversationsPage } from "@/pages/ConversationsPage";
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
  beforeLoad: () => {
    // The router's own signal, not a failure.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw redirect({ to: "/conversations/$list", params: { list: "mine" } });
  },
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

const routeTree = rootRoute.addChildren([
  home,
  conversations.addChildren([conversation]),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/users", component: lazyRouteComponent(() => import("@/pages/UsersPage"), "UsersPage") }),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/skills", component: lazyRouteComponent(() => import("@/pages/SkillsPage"), "SkillsPage") }),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/sources", component: lazyRouteComponent(() => import("@/pages/SourcesPage"), "SourcesPage") }),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/deliveries", component: lazyRouteComponent(() => import("@/pages/DeliveriesPage"), "DeliveriesPage") }),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/channel-log", component: lazyRouteComponent(() => import("@/pages/ChannelLogPage"), "ChannelLogPage") }),
  createRoute({ getParentRoute: () => rootRoute, path: "/admin/dead-letters", component: lazyRouteComponent(() => import("@/pages/DeadLettersPage"), "DeadLettersPage") }),
]);

export const makeRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: false, scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
