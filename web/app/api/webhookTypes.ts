/** The kinds of notifications an app can be sent, by the published names of their types. */
export const WEBHOOK_TYPES = {
  text: "ms.MessagingEventNotification.ContentEvent",
  rich: "ms.MessagingEventNotification.RichContentEvent",
  receipt: "ms.MessagingEventNotification.AcceptStatusEvent",
  typing: "ms.MessagingEventNotification.ChatStateEvent",
  conversation: "cqm.ExConversationChangeNotification",
} as const;

export type WebhookKind = keyof typeof WEBHOOK_TYPES;
export const WEBHOOK_KINDS = Object.keys(WEBHOOK_TYPES) as WebhookKind[];

/** The kind of a published type; nothing for one that this version does not know. */
export const kindOfType = (type: string): WebhookKind | undefined => WEBHOOK_KINDS.find((kind) => WEBHOOK_TYPES[kind] === type);

/** One endpoint as an app's settings hold it; what this version does not know of it is kept. */
type Endpoint = Record<string, unknown>;
type Settings = Record<string, unknown>;

const objectOf = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

/** Where notifications of each kind go: empty where an app does not want them. */
export function endpointsOf(settings: Settings): Record<WebhookKind, string> {
  const webhooks = objectOf(settings.webhooks);
  const published = objectOf(objectOf(settings.capabilities).webhooks);
  const of = (kind: WebhookKind): string => {
    const name = WEBHOOK_TYPES[kind];
    const { endpoint } = objectOf(webhooks[name] ?? published[name]);
    return typeof endpoint === "string" ? endpoint : "";
  };
  return Object.fromEntries(WEBHOOK_KINDS.map((kind) => [kind, of(kind)])) as Record<WebhookKind, string>;
}

/** The settings with other endpoints; everything else in them stays as it was. */
export function withEndpoints(settings: Settings, endpoints: Record<WebhookKind, string>): Settings {
  const webhooks: Record<string, Endpoint> = { ...(objectOf(settings.webhooks) as Record<string, Endpoint>) };
  const capabilities = objectOf(settings.capabilities);
  const published = { ...objectOf(capabilities.webhooks) };
  for (const kind of WEBHOOK_KINDS) {
    const name = WEBHOOK_TYPES[kind];
    const known = objectOf(webhooks[name] ?? published[name]);
    // Both spellings are read; one is written.
    delete published[name];
    const endpoint = endpoints[kind].trim();
    if (endpoint === "") delete webhooks[name];
    else webhooks[name] = { ...known, endpoint };
  }
  const next: Settings = { ...settings, webhooks };
  if ("webhooks" in capabilities) next.capabilities = { ...capabilities, webhooks: published };
  if (Object.keys(webhooks).length === 0) delete next.webhooks;
  return next;
}
