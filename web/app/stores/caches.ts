/**
 * Applies notices to what screens have read from the admin API, so that it need not be read again.
 *
 * The functions on values are pure; `applyToCaches` only finds the values.
 */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Consumer, ConversationSummary, Delivery, Page, Source } from "@/api/types";
import type { Notice } from "@/api/wire";
import type { Effects } from "./inbox";

type Of<K extends Notice["kind"]> = Extract<Notice, { kind: K }>;

export function sourcesAfter(page: Page<Source>, notice: Of<"sources">): Page<Source> {
  const changes = new Map(notice.changes.map((c) => [c.sourceId, c]));
  return {
    ...page,
    items: page.items.map((s) => {
      const change = changes.get(s.id);
      return change ? { ...s, enabled: change.enabled, health: change.health ?? s.health } : s;
    }),
  };
}

export function deliveriesAfter(pages: InfiniteData<Page<Delivery>>, notice: Of<"deliveries">): InfiniteData<Page<Delivery>> {
  const changes = new Map(notice.changes.map((c) => [c.delivery.id, c.delivery]));
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: page.items.map((d) => {
        const change = changes.get(d.id);
        if (!change) return d;
        const { status, code, vendor_code, message, remedy } = change;
        return { ...d, status, code, vendor_code, message, remedy };
      }),
    })),
  };
}

export function consumerAfter(consumer: Consumer, notice: Of<"consumers">): Consumer {
  const change = notice.changes.find((c) => c.consumerId === consumer.id);
  return change ? { ...consumer, opted_out: change.optedOut, name: change.name ?? consumer.name } : consumer;
}

export function summaryAfter(summary: ConversationSummary, notice: Of<"consumers">): ConversationSummary {
  const change = notice.changes.find((c) => c.consumerId === summary.consumer.id);
  return change?.name ? { ...summary, consumer: { ...summary.consumer, name: change.name } } : summary;
}

export function applyToCaches(client: QueryClient, notice: Notice, effects: Effects): void {
  // A conversation more: the consumer's count and their other conversations are others now.
  for (const { consumer } of effects.assigned) {
    void client.invalidateQueries({ queryKey: ["consumer", consumer.id] });
    void client.invalidateQueries({ queryKey: ["conversations", { consumer: consumer.id }] });
  }
  for (const id of effects.restructured) {
    void client.invalidateQueries({ queryKey: ["changes", id] });
    void client.invalidateQueries({ queryKey: ["dialog", id] });
  }
  switch (notice.kind) {
    case "sources":
      client.setQueryData<Page<Source>>(["sources"], (page) => page && sourcesAfter(page, notice));
      break;
    case "deliveries":
      client.setQueriesData<InfiniteData<Page<Delivery>>>({ queryKey: ["deliveries"] }, (pages) => pages && deliveriesAfter(pages, notice));
      break;
    case "consumers":
      for (const change of notice.changes) {
        client.setQueryData<Consumer>(["consumer", change.consumerId], (c) => c && consumerAfter(c, notice));
        // An offer may ring before the channel has told the consumer's name.
        client.setQueriesData<ConversationSummary>({ queryKey: ["summary"] }, (s) => s && summaryAfter(s, notice));
        void client.invalidateQueries({ queryKey: ["consents", change.consumerId] });
      }
      break;
    case "conversations":
      // What was closed now belongs to lists that the socket does not carry.
      if (notice.changes.some((c) => !c.result.open)) void client.invalidateQueries({ queryKey: ["conversations"] });
      break;
    default:
      break;
  }
}
