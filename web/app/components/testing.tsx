/** A signed-in workspace for specs of components: everything is real but the socket, the admin API and the browser's database. Imported by specs only. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, render } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, vi } from "vitest";
import { api as apiOf, type Api } from "@/api/endpoints";
import { channelsQuery, queries, sessionQuery } from "@/api/queries";
import { SocketError, type AgentSocket, type SocketEvents } from "@/api/socket";
import type { Channel, Session } from "@/api/types";
import type { Conversation, DialogMessage, Notice } from "@/api/wire";
import { Attachments } from "@/stores/attachments";
import { DeskContext, type Desk } from "@/stores/context";
import { Drafts } from "@/stores/drafts";
import { IdleWatch } from "@/stores/idle";
import { outboxStorage } from "@/stores/outbox";
import type { Kept } from "@/stores/shelf";
import { ACCOUNT, ME } from "@/stores/testing";
import { Workspace } from "@/stores/workspace";

/** What this stand-in of a browser lacks: sizes, dialogs, media queries, observers. */
function furnish(): void {
  for (const side of ["offsetHeight", "offsetWidth", "clientHeight", "clientWidth"]) {
    Object.defineProperty(HTMLElement.prototype, side, { configurable: true, get: () => 600 });
  }
  HTMLElement.prototype.scrollTo = () => undefined;
  window.scrollTo = () => undefined;
  HTMLElement.prototype.hasPointerCapture = () => false;
  HTMLElement.prototype.scrollIntoView = () => undefined;
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
    this.querySelector<HTMLElement>("button")?.focus();
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.open = false;
  };
  globalThis.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  window.matchMedia = (media) => ({ media, matches: false, onchange: null, addEventListener: () => undefined, removeEventListener: () => undefined, addListener: () => undefined, removeListener: () => undefined, dispatchEvent: () => false });
  globalThis.createImageBitmap = () => Promise.reject(new Error("no pictures here"));
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
  const menus = document.createElement("section");
  menus.id = "menus";
  document.body.append(menus);
}

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
  localStorage.clear();
});

export const sessionOf = (...privileges: string[]): Session => ({
  account: { id: ACCOUNT, name: "Acme", timezone: "UTC", default_skill_id: "55" },
  user: { id: ME.userId, pid: ME.pid, login: "maya", nickname: "Maya", full_name: "Maya Lindqvist", kind: "human", profile: "agent", skill_ids: ["55"], max_conversations: 3 },
  privileges,
  csrf: "x",
  expires_at: 0,
  idle: null,
  demo: false,
});

export interface Asked {
  type: string;
  body: Record<string, unknown>;
  metadata?: unknown[];
}

/** The subscriptions' ids. */
const SUBSCRIPTIONS: Record<string, string> = { SubscribeExConversations: "mine", SubscribeRoutingTasks: "rings", SubscribeAgentsState: "state" };

/** The other end of the socket: remembers what was asked, and answers as it is told. */
export class Line {
  readonly asked: Asked[] = [];
  /** By the last part of a request's name. */
  readonly answers: Record<string, (body: Record<string, unknown>) => unknown> = {};
  events: SocketEvents | null = null;
  isOpen = true;
  clockOffset = 0;

  /** Everything that was asked under a name. */
  of(name: string): Record<string, unknown>[] {
    return this.asked.filter((a) => a.type.endsWith(name)).map((a) => a.body);
  }

  request(type: string, body: Record<string, unknown>, metadata?: unknown[], onAnswer?: (body: unknown) => void): Promise<unknown> {
    this.asked.push({ type, body, metadata });
    const name = type.slice(type.lastIndexOf(".") + 1);
    try {
      const answer = this.answers[name]?.(body) ?? (name.startsWith("Subscribe") ? { subscriptionId: SUBSCRIPTIONS[name] ?? name } : "OK");
      onAnswer?.(answer);
      return Promise.resolve(answer);
    } catch (e) {
      return Promise.reject(e instanceof Error ? e : new SocketError(500, "failed"));
    }
  }
  start() {}
  stop() {}
  retryNow() {}
  breakLine() {
    this.isOpen = false;
    this.events?.onClose({ code: 1006, neverOpened: false, retryInMs: 1_000 });
  }
}

const CHANNEL: Channel = {
  id: "test_channel",
  name: "Test channel",
  capabilities: { text: { max: 160, unit: "gsm", segments: true }, media: null, receipts: true, typing: true, opt_out: true },
} as unknown as Channel;

export interface Options {
  session?: Session;
  /** My conversations. */
  mine?: Conversation[];
  messages?: DialogMessage[];
  /** Answers of the admin API by the name of its function. */
  api?: Partial<Record<keyof Api, (...args: never[]) => unknown>>;
  idle?: IdleWatch;
  /** The line stays down. */
  offline?: boolean;
  path?: string;
}

const page = (items: unknown[]) => ({ items, next: null });

/** Renders a component as a signed-in user sees it, with the line up and the first lists in. */
export async function renderDesk(ui: ReactNode, options: Options = {}) {
  furnish();
  const line = new Line();
  const shelf = new Map<string, Kept>();
  const api = {
    ...apiOf(ACCOUNT),
    ...Object.fromEntries(Object.keys(apiOf(ACCOUNT)).map((name) => [name, vi.fn(() => Promise.reject(new Error(`the spec does not say what ${name} answers`)))])),
    skills: () => Promise.resolve(page([{ id: "55", name: "Orders", description: "", enabled: true, waiting: 0 }, { id: "56", name: "Billing", description: "", enabled: true, waiting: 2 }])),
    colleagues: () => Promise.resolve(page([{ user_id: "77", nickname: "Maya" }, { user_id: "78", nickname: "Tomás" }])),
    sources: () => Promise.resolve(page([])),
    changes: () => Promise.resolve(page([])),
    deliveries: () => Promise.resolve(page([])),
    messages: () => Promise.resolve(page([])),
    ...options.api,
  } as unknown as Api;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const session = options.session ?? sessionOf("handle_conversations");
  client.setQueryData(channelsQuery.queryKey, page([CHANNEL]) as never);
  client.setQueryData(sessionQuery.queryKey, session);
  let ids = 0;
  const workspace = new Workspace({
    me: ME,
    api,
    makeSocket: (events) => {
      line.events = events;
      return line as unknown as AgentSocket;
    },
    storage: outboxStorage(localStorage, "12.77"),
    now: () => Date.now(),
    newId: () => `m${++ids}`,
    later: () => undefined,
    desiredState: { get: () => null, set: () => undefined },
    sessionExists: () => Promise.resolve(true),
    onProblem: () => undefined,
  });
  const idle = options.idle ?? new IdleWatch({ now: () => Date.now(), setTimer: () => 0, clearTimer: () => undefined, report: () => Promise.resolve(null), ask: () => Promise.resolve(null), share: () => undefined });
  const attachments = new Attachments({
    newId: () => `a${++ids}`,
    now: () => Date.now(),
    shelf: { all: () => Promise.resolve([...shelf.values()]), put: (kept) => Promise.resolve(shelf.set(kept.id, kept).has(kept.id)), remove: (id) => Promise.resolve(void shelf.delete(id)), clear: () => Promise.resolve(shelf.clear()) },
    share: () => undefined,
  });
  const desk: Desk = { session, me: ME, api, queries: queries(api), workspace, drafts: new Drafts(localStorage, "12.77"), attachments, idle };

  const hear = (...notices: Notice[]) => act(() => notices.forEach((notice) => line.events?.onNotice(notice)));
  if (!options.offline) {
    line.events?.onOpen();
    await settle();
    line.events?.onNotice({ kind: "conversations", subscriptionId: "mine", changes: (options.mine ?? []).map((result) => ({ type: "UPSERT", result })) });
    line.events?.onNotice({ kind: "agent_state", subscriptionId: "state", userId: ME.oldId, availability: "ONLINE" });
    await settle();
    for (const id of new Set((options.messages ?? []).map((m) => m.conversationId))) await workspace.readBeside(id);
    for (const message of options.messages ?? []) line.events?.onNotice({ kind: "message", message });
    await settle();
    line.asked.length = 0;
  } else {
    line.isOpen = false;
    line.events?.onClose({ code: 1006, neverOpened: false, retryInMs: 5_000 });
  }

  const root = createRootRoute({ component: () => ui });
  const list = createRoute({ getParentRoute: () => root, path: "/conversations/$list" });
  const one = createRoute({ getParentRoute: () => list, path: "/$id" });
  const router = createRouter({ routeTree: root.addChildren([list.addChildren([one])]), history: createMemoryHistory({ initialEntries: [options.path ?? "/conversations/mine"] }) });
  await router.load();
  const view = render(
    <QueryClientProvider client={client}>
      <DeskContext value={desk}>
        <RouterProvider router={router as never} />
      </DeskContext>
    </QueryClientProvider>,
  );
  await act(settle);
  return { ...view, user: userEvent.setup(), line, api, client, desk, workspace, router, shelf, hear };
}

/** Lets everything that waits for nothing but its turn come to pass. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 6; i += 1) await new Promise((done) => setTimeout(done, 0));
};
