/**
 * The public agent-socket protocol as the workspace speaks it: frame shapes and tolerant readers.
 *
 * Every reader takes `unknown` and returns a typed value or `null`: a frame that does not fit is ignored,
 * never trusted. Unknown members and enum values pass by unseen, as the protocol demands.
 */
import type { Availability, DeliveryStatus, HealthState, MessageDelivery, Millis } from "./types";

export type Audience = "ALL" | "AGENTS_AND_MANAGERS";
export type ChatState = "ACTIVE" | "INACTIVE" | "GONE" | "COMPOSING" | "PAUSE" | "BACKGROUND";
export type AcceptStatus = "ACCEPT" | "READ" | "ACCESS" | "NACK" | "ACTION" | "ENRICH" | "VIEWED";

/** What a channel tells about a conversation beside what people write. */
export type Note =
  | { type: "reaction"; emoji: string }
  | { type: "reaction_removed" }
  | { type: "referral"; from: string }
  | { type: "opt_in"; to: string }
  | { type: "deleted" };
export type FileState = "pending" | "ready" | "failed";

/** A hosted file as a message carries it. */
export interface HostedFile {
  caption: string;
  relativePath: string;
  fileType: string;
  state: FileState;
  name: string | null;
  size: number | null;
  reason: string | null;
  picture: Picture | null;
}

/** What is known of a file that is a picture, before any of it is loaded. */
export interface Picture {
  width: number;
  height: number;
  /** A data URL of a few kilobytes. */
  preview: string | null;
  /** The path of a smaller copy. */
  thumbnail: string | null;
}

/** The events the workspace understands. `other` keeps a newer kind visible as a plain line. */
export type DialogEvent =
  | { type: "text"; text: string; quickReplies: string[] }
  | { type: "file"; file: HostedFile }
  | { type: "rich"; summary: string[] }
  | { type: "accept"; status: AcceptStatus; sequences: number[] }
  | { type: "other"; name: string };

/** One stored event of a dialog, whichever way it reached us. */
export interface DialogMessage {
  conversationId: string;
  dialogId: string;
  sequence: number;
  /** Old id (`<account>.<user>`) of a user, or the consumer's id. */
  originatorId: string;
  role: string;
  at: Millis;
  vendorAt: Millis | null;
  audience: Audience;
  event: DialogEvent;
  clientMessageId: string | null;
  notes: Note[];
  delivery: MessageDelivery | null;
}

export interface Participant {
  id: string;
  role: string;
  state: string;
}

export interface ComposerState {
  enabled: boolean;
  reason: string | null;
  code: string | null;
  /** When the channel's reply window closes, if it has one. */
  windowClosesAt: Millis | null;
  /** Templates go out although the window is closed. */
  templates: boolean;
}

export interface TextLimits {
  max: number;
  unit: string;
  segments: boolean;
}

/** What files a conversation takes: MIME types and bytes of one file. Each file becomes a message of its own. */
export interface MediaLimits {
  types: string[];
  maxBytes: number;
}

/** A conversation as its notifications describe it. */
export interface Conversation {
  id: string;
  /** State of the whole conversation. */
  open: boolean;
  mainDialogId: string;
  dialogIds: string[];
  skillId: string | null;
  participants: Participant[];
  startedAt: Millis;
  endedAt: Millis | null;
  closeReason: string | null;
  /** Orders updates: an older one never replaces a newer one. */
  updatedAt: Millis;
  /** Unread messages by old id. */
  unread: Record<string, number>;
  last: { sequence: number; text: string; role: string; originatorId: string; at: Millis; kind: DialogEvent["type"] } | null;
  channel: string;
  sourceId: string;
  consumer: { id: string; name: string | null; address: string; optedOut: boolean };
  waitingSince: Millis | null;
  composer: ComposerState;
  limits: TextLimits | null;
  /** `null`: takes no files. `undefined`: not told, as in the admin API's lists; then the server judges. */
  media: MediaLimits | null | undefined;
}

export type RingState = "WAITING" | "ACCEPTED" | "REJECTED" | "CANCELLED" | "EXPIRED" | "AUTO_ACCEPT";

export interface Ring {
  id: string;
  conversationId: string;
  skillId: string | null;
  consumerId: string;
  state: RingState;
  expiresAt: Millis;
  /** Whole time of the offer, for the countdown's ring. */
  lasts: Millis;
}

export interface Change<T> {
  type: "UPSERT" | "DELETE";
  result: T;
}

export interface RingChange {
  type: "UPSERT" | "DELETE";
  conversationId: string;
  rings: Ring[];
}

/** Notifications in the workspace's own words. */
export type Notice =
  | { kind: "conversations"; subscriptionId: string; changes: Change<Conversation>[] }
  | { kind: "rings"; subscriptionId: string; changes: RingChange[] }
  | { kind: "agent_state"; subscriptionId: string; userId: string; availability: Availability }
  | { kind: "message"; message: DialogMessage }
  | { kind: "chat_state"; conversationId: string; dialogId: string; originatorId: string; role: string; state: ChatState; audience: Audience }
  | { kind: "deliveries"; changes: { conversationId: string; dialogId: string; sequence: number; delivery: MessageDelivery }[] }
  | { kind: "files"; changes: FileChange[] }
  | { kind: "sources"; changes: { sourceId: string; health: { state: HealthState; message: string | null; since: Millis | null } | null; enabled: boolean }[] }
  | { kind: "consumers"; changes: { consumerId: string; optedOut: boolean; name: string | null }[] };

export interface FileChange {
  conversationId: string;
  dialogId: string;
  sequence: number;
  relativePath: string;
  state: FileState;
  fileType: string | null;
  reason: string | null;
  size: number | null;
  picture: Picture | null;
}

type Json = Record<string, unknown>;

const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
const obj = (v: unknown): Json => (isObject(v) ? v : {});
const str = (v: unknown): string => (typeof v === "string" ? v : typeof v === "number" ? String(v) : "");
const strOrNull = (v: unknown): string | null => (typeof v === "string" && v !== "" ? v : null);
const num = (v: unknown): number | null => {
  const n = typeof v === "string" && v.trim() !== "" ? Number(v) : v;
  return typeof n === "number" && Number.isFinite(n) ? n : null;
};
/** One-element arrays may arrive collapsed to the bare element. */
const list = (v: unknown): unknown[] => (Array.isArray(v) ? v : v === undefined || v === null ? [] : [v]);

const oneOf = <T extends string>(all: readonly T[], v: unknown, otherwise: T): T =>
  (all as readonly unknown[]).includes(v) ? (v as T) : otherwise;

const FILE_STATES = ["pending", "ready", "failed"] as const;
const ACCEPTS = ["ACCEPT", "READ", "ACCESS", "NACK", "ACTION", "ENRICH", "VIEWED"] as const;
const CHAT_STATES = ["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND"] as const;
const RING_STATES = ["WAITING", "ACCEPTED", "REJECTED", "CANCELLED", "EXPIRED", "AUTO_ACCEPT"] as const;
const AVAILABILITIES = ["ONLINE", "OCCUPIED", "BACK_SOON", "AWAY", "OFFLINE"] as const;
const DELIVERIES = ["queued", "sent", "delivered", "read", "failed", "unknown", "cancelled"] as const;
const HEALTHS = ["ok", "needs_reauthorisation", "failing", "unknown"] as const;

/** Collects the readable strings of a structured content tree, bounded in depth and count. */
function richSummary(node: unknown, out: string[], depth = 0): string[] {
  if (depth > 12 || out.length >= 24 || !isObject(node)) return out;
  const line = strOrNull(node.text) ?? strOrNull(node.title) ?? strOrNull(node.caption);
  if (line) out.push(line);
  for (const child of list(node.elements)) richSummary(child, out, depth + 1);
  return out;
}

const PREVIEW = /^data:image\/(png|jpeg|jpg|gif|webp);base64,[A-Za-z0-9+/=]+$/;

function readPicture(value: Record<string, unknown>): Picture | null {
  const [width, height] = [num(value.width), num(value.height)];
  if (width === null || height === null || width < 1 || height < 1) return null;
  const preview = strOrNull(value.preview);
  return { width, height, preview: preview && PREVIEW.test(preview) ? preview : null, thumbnail: strOrNull(value.thumbnail) };
}

/** Reads an event of a dialog. Chat states are not events; see `readNotice`. */
export function readEvent(value: unknown): DialogEvent {
  const e = obj(value);
  switch (e.type) {
    case "ContentEvent": {
      if (e.contentType === "hosted/file") {
        const m = obj(e.message);
        return {
          type: "file",
          file: {
            caption: str(m.caption),
            relativePath: str(m.relativePath),
            fileType: str(m.fileType).toUpperCase(),
            state: oneOf(FILE_STATES, m.state, "ready"),
            name: strOrNull(m.name),
            size: num(m.size),
            reason: strOrNull(m.reason),
            picture: readPicture(m),
          },
        };
      }
      if (typeof e.message === "string") {
        const replies = list(obj(e.quickReplies).replies);
        return { type: "text", text: e.message, quickReplies: replies.map((r) => str(obj(r).title)).filter(Boolean) };
      }
      return { type: "other", name: str(e.contentType) || "ContentEvent" };
    }
    case "RichContentEvent":
      return { type: "rich", summary: richSummary(e.content, []) };
    case "AcceptStatusEvent":
      return {
        type: "accept",
        status: oneOf(ACCEPTS, e.status, "ACCEPT"),
        sequences: list(e.sequenceList).map(num).filter((n): n is number => n !== null),
      };
    default:
      return { type: "other", name: str(e.type) };
  }
}

function clientMessageId(metadata: unknown): string | null {
  for (const item of list(metadata)) {
    const m = obj(item);
    if (m.type === "ClientMessageId") return strOrNull(m.id);
  }
  return null;
}

function readNote(value: unknown): Note | null {
  const m = obj(value);
  switch (m.type) {
    case "Reaction":
      return m.action === "unreact" ? { type: "reaction_removed" } : { type: "reaction", emoji: str(m.emoji) || str(m.reaction) };
    case "Referral":
      return { type: "referral", from: [m.adTitle, m.ref, m.referer_uri, m.source].map(str).find(Boolean) ?? "" };
    case "OptIn":
      return { type: "opt_in", to: [m.title, m.ref, m.optInType].map(str).find(Boolean) ?? "" };
    case "Deleted":
      return { type: "deleted" };
    default:
      return null;
  }
}

const readNotes = (metadata: unknown): Note[] => list(metadata).map(readNote).filter((n) => n !== null);

/** Reads a delivery as messages and notifications carry it. */
export function readDelivery(value: unknown): MessageDelivery | null {
  if (!isObject(value)) return null;
  return {
    id: str(value.id),
    status: oneOf<DeliveryStatus>(DELIVERIES, value.status, "unknown"),
    parts: num(value.parts) ?? 1,
    code: strOrNull(value.code),
    vendor_code: strOrNull(value.vendor_code),
    message: strOrNull(value.message),
    remedy: strOrNull(value.remedy),
  };
}

/** Reads a stored event record: from a live notification or an answer to QueryMessages. */
export function readMessage(value: unknown): DialogMessage | null {
  const r = obj(value);
  const sequence = num(r.sequence);
  const dialogId = str(r.dialogId);
  if (sequence === null || sequence < 0 || dialogId === "") return null;
  return {
    conversationId: str(r.conversationId) || dialogId,
    dialogId,
    sequence,
    originatorId: str(r.originatorId),
    role: str(obj(r.originatorMetadata).role),
    at: num(r.serverTimestamp) ?? 0,
    vendorAt: num(r.vendorTimestamp),
    audience: r.messageAudience === "AGENTS_AND_MANAGERS" ? "AGENTS_AND_MANAGERS" : "ALL",
    event: readEvent(r.event),
    clientMessageId: clientMessageId(r.metadata),
    notes: readNotes(r.metadata),
    delivery: readDelivery(r.delivery),
  };
}

/** Reads a message of the admin API's list, which names the conversation in its path. */
export function readListedMessage(conversationId: string, value: unknown): DialogMessage | null {
  const r = obj(value);
  const sequence = num(r.sequence);
  if (sequence === null || sequence < 0) return null;
  return {
    conversationId,
    dialogId: str(r.dialog_id) || conversationId,
    sequence,
    originatorId: str(r.originator_id),
    role: str(r.originator_role),
    at: num(r.at) ?? 0,
    vendorAt: num(r.vendor_at),
    audience: r.audience === "AGENTS_AND_MANAGERS" ? "AGENTS_AND_MANAGERS" : "ALL",
    event: readEvent(r.event),
    clientMessageId: clientMessageId(r.metadata),
    notes: readNotes(r.metadata),
    delivery: readDelivery(r.delivery),
  };
}

/** One line that stands for an event in a list. Files are named by the caller, in the reader's language. */
export function previewText(event: DialogEvent): string {
  switch (event.type) {
    case "text":
      return event.text.slice(0, 200);
    case "file":
      return event.file.caption || event.file.name || "";
    case "rich":
      return event.summary[0] ?? "";
    default:
      return "";
  }
}

function readMedia(value: unknown): MediaLimits | null | undefined {
  if (value === null) return null;
  if (!isObject(value)) return undefined;
  const maxBytes = num(value.maxBytes);
  return maxBytes === null ? undefined : { types: list(value.types).map(str).filter(Boolean), maxBytes };
}

function readParticipants(details: Json): Participant[] {
  const main = list(details.dialogs).map(obj).find((d) => d.dialogType === "MAIN") ?? obj(list(details.dialogs)[0]);
  const detailed = list(main.participantsDetails).map(obj);
  if (detailed.length > 0) {
    return detailed.map((p) => ({ id: str(p.id), role: str(p.role), state: str(p.state) || "ACTIVE" }));
  }
  const roles = obj(details.participants);
  return Object.entries(roles).flatMap(([role, ids]) => list(ids).map((id) => ({ id: str(id), role, state: "ACTIVE" })));
}

/** Reads the `result` of a conversation change. */
export function readConversation(value: unknown): Conversation | null {
  const r = obj(value);
  const d = obj(r.conversationDetails);
  const id = str(r.convId) || str(d.convId);
  if (id === "") return null;
  const ours = obj(d.antiphon);
  const consumer = obj(ours.consumer);
  const participants = readParticipants(d);
  const lastRecord = isObject(r.lastContentEventNotification) ? readMessage({ dialogId: id, ...r.lastContentEventNotification }) : null;
  const dialogs = list(d.dialogs).map(obj);
  const composer = isObject(ours.composer) ? ours.composer : null;
  const limits = isObject(ours.limits) ? ours.limits : null;
  return {
    id,
    open: (str(d.stage) || str(d.state)) !== "CLOSE",
    mainDialogId: str(dialogs.find((x) => x.dialogType === "MAIN")?.dialogId) || id,
    dialogIds: dialogs.map((x) => str(x.dialogId)).filter(Boolean),
    skillId: str(d.skillId) === "" || str(d.skillId) === "-1" ? null : str(d.skillId),
    participants,
    startedAt: num(d.startTs) ?? 0,
    endedAt: num(d.endTs),
    closeReason: strOrNull(d.closeReason),
    updatedAt: num(r.lastUpdateTime) ?? num(d.metaDataLastUpdateTs) ?? 0,
    unread: Object.fromEntries(Object.entries(obj(r.numberOfunreadMessages)).map(([k, v]) => [k, num(v) ?? 0])),
    last: lastRecord
      ? {
          sequence: lastRecord.sequence,
          text: previewText(lastRecord.event),
          role: lastRecord.role,
          originatorId: lastRecord.originatorId,
          at: lastRecord.at,
          kind: lastRecord.event.type,
        }
      : null,
    channel: str(ours.channel),
    sourceId: str(ours.sourceId),
    consumer: {
      id: str(consumer.id) || (participants.find((p) => p.role === "CONSUMER")?.id ?? ""),
      name: strOrNull(consumer.name),
      address: str(consumer.address),
      optedOut: consumer.optedOut === true,
    },
    waitingSince: num(ours.waitingSince),
    composer: composer
      ? { enabled: composer.enabled !== false, reason: strOrNull(composer.reason), code: strOrNull(composer.code), windowClosesAt: num(composer.windowClosesAt), templates: composer.templates === true }
      : { enabled: true, reason: null, code: null, windowClosesAt: null, templates: false },
    limits: limits ? { max: num(limits.max) ?? 0, unit: str(limits.unit), segments: limits.segments === true } : null,
    media: readMedia(ours.media),
  };
}

function readRing(value: unknown, conversationId: string, skillId: string): Ring | null {
  const r = obj(value);
  const id = str(r.ringId);
  if (id === "") return null;
  return {
    id,
    conversationId: conversationId || str(r.convId),
    skillId: skillId || strOrNull(r.skillId),
    consumerId: str(r.consumerId),
    state: oneOf<RingState>(RING_STATES, r.ringState, "CANCELLED"),
    expiresAt: num(r.ringExpirationTs) ?? 0,
    lasts: num(r.ringExpiration) ?? 72_000,
  };
}

const changeType = (v: unknown): "UPSERT" | "DELETE" => (v === "DELETE" ? "DELETE" : "UPSERT");

/** The last part of a type name, so that both spellings of the protocol read alike. */
export const shortName = (type: string): string => type.slice(type.lastIndexOf(".") + 1);

/** Reads a notification frame; `null` for one that the workspace has no use for. */
export function readNotice(type: string, value: unknown): Notice | null {
  const body = obj(value);
  const subscriptionId = str(body.subscriptionId);
  const changes = list(body.changes).map(obj);
  switch (shortName(type)) {
    case "ExConversationChangeNotification":
      return {
        kind: "conversations",
        subscriptionId,
        changes: changes.flatMap((c) => {
          const result = readConversation(c.result);
          return result ? [{ type: changeType(c.type), result }] : [];
        }),
      };
    case "RoutingTaskNotification":
      return {
        kind: "rings",
        subscriptionId,
        changes: changes.map((c) => {
          const r = obj(c.result);
          const conversationId = str(r.conversationId);
          const skillId = str(r.skillId);
          return {
            type: changeType(c.type),
            conversationId,
            rings: list(r.ringsDetails).flatMap((x) => readRing(x, conversationId, skillId) ?? []),
          };
        }),
      };
    case "AgentStateNotification": {
      const r = obj(changes.at(-1)?.result);
      if (!changes.length) return null;
      return {
        kind: "agent_state",
        subscriptionId,
        userId: str(r.agentUserId),
        availability: oneOf<Availability>(AVAILABILITIES, r.availability, "OFFLINE"),
      };
    }
    case "OnlineEventDistribution": {
      const event = obj(body.event);
      if (event.type === "ChatStateEvent") {
        return {
          kind: "chat_state",
          conversationId: str(body.conversationId),
          dialogId: str(body.dialogId),
          originatorId: str(body.originatorId),
          role: str(obj(body.originatorMetadata).role),
          state: oneOf<ChatState>(CHAT_STATES, event.chatState, "ACTIVE"),
          audience: body.messageAudience === "AGENTS_AND_MANAGERS" ? "AGENTS_AND_MANAGERS" : "ALL",
        };
      }
      const message = readMessage(body);
      return message ? { kind: "message", message } : null;
    }
    case "DeliveryNotification":
      return {
        kind: "deliveries",
        changes: changes.flatMap((c) => {
          const delivery = readDelivery(c.delivery);
          const sequence = num(c.sequence);
          if (!delivery || sequence === null) return [];
          const conversationId = str(c.conversation_id);
          return [{ conversationId, dialogId: str(c.dialog_id) || conversationId, sequence, delivery }];
        }),
      };
    case "FileNotification":
      return {
        kind: "files",
        changes: changes.flatMap((c) => {
          const sequence = num(c.sequence);
          if (sequence === null) return [];
          const conversationId = str(c.conversation_id);
          return [
            {
              conversationId,
              dialogId: str(c.dialog_id) || conversationId,
              sequence,
              relativePath: str(c.relative_path),
              state: oneOf(FILE_STATES, c.state, "failed"),
              fileType: strOrNull(c.file_type),
              reason: strOrNull(c.reason),
              size: num(c.size),
              picture: readPicture(c),
            },
          ];
        }),
      };
    case "SourceNotification":
      return {
        kind: "sources",
        changes: changes.map((c) => {
          const h = isObject(c.health) ? c.health : null;
          return {
            sourceId: str(c.source_id),
            health: h ? { state: oneOf<HealthState>(HEALTHS, h.state, "unknown"), message: strOrNull(h.message), since: num(h.since) } : null,
            enabled: c.enabled !== false,
          };
        }),
      };
    case "ConsumerNotification":
      return {
        kind: "consumers",
        changes: changes.map((c) => ({ consumerId: str(c.consumer_id), optedOut: c.opted_out === true, name: strOrNull(c.name) })),
      };
    default:
      return null;
  }
}
