/** From the wire to the model. Whatever a server sends is looked at before it is believed; what makes no sense is left out. */
import { isObject, type Notification } from "./line";
import type { Content, Conversation, Dialog, Message, Receipt, Status } from "../state/model";

const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Something in a dialog. */
export type DialogEvent =
  | { kind: "message"; dialog: string; conversation: string; message: Message }
  | { kind: "receipt"; dialog: string; conversation: string; receipt: Receipt }
  | { kind: "typing"; dialog: string; by: string; on: boolean };

/** The conversations that a notification tells of. */
export function readConversations(notification: Notification): Conversation[] {
  return array(notification.body.changes).flatMap((change) => {
    const read = isObject(change) ? readConversation(change.result) : null;
    return read ? [read] : [];
  });
}

function readConversation(result: unknown): Conversation | null {
  if (!isObject(result) || !isObject(result.conversationDetails)) return null;
  const details = result.conversationDetails;
  const id = text(result.convId) ?? text(details.convId);
  if (id === null) return null;
  const dialogs = array(details.dialogs).flatMap((one) => {
    const dialog = readDialog(one);
    return dialog ? [dialog] : [];
  });
  return {
    id,
    open: details.stage !== "CLOSE",
    startedAt: number(details.startTs) ?? 0,
    endedAt: number(details.endTs),
    updatedAt: number(details.metaDataLastUpdateTs) ?? 0,
    closedBy: text(details.closeReason),
    dialogs: dialogs.length > 0 ? dialogs : [{ id, kind: "MAIN", open: details.state !== "CLOSE", createdAt: number(details.startTs) ?? 0, endedAt: null, agents: [] }],
  };
}

function readDialog(value: unknown): Dialog | null {
  if (!isObject(value) || text(value.dialogId) === null || (value.channelType ?? "MESSAGING") !== "MESSAGING") return null;
  const agents = array(value.participantsDetails).flatMap((one) => {
    const active = isObject(one) && one.state !== "SUGGESTED" && (one.role === "ASSIGNED_AGENT" || one.role === "AGENT" || one.role === "MANAGER");
    return active && text(one.id) !== null ? [text(one.id) as string] : [];
  });
  return {
    id: text(value.dialogId) as string,
    kind: text(value.dialogType) ?? "MAIN",
    open: value.state !== "CLOSE",
    createdAt: number(value.creationTs) ?? 0,
    endedAt: number(value.endTs),
    agents,
  };
}

/** The events that a notification tells of, in their order. */
export function readEvents(notification: Notification, me: string): DialogEvent[] {
  const changes = "changes" in notification.body ? array(notification.body.changes) : [notification.body];
  return changes.flatMap((change) => {
    const read = isObject(change) ? readEvent(change, me) : null;
    return read ? [read] : [];
  });
}

function readEvent(record: Record<string, unknown>, me: string): DialogEvent | null {
  const dialog = text(record.dialogId);
  const event = record.event;
  if (dialog === null || !isObject(event)) return null;
  const conversation = text(record.conversationId) ?? dialog;
  const by = text(record.originatorId) ?? "";
  const role = isObject(record.originatorMetadata) ? text(record.originatorMetadata.role) : null;
  const mine = by === me || role === "CONSUMER";
  if (event.type === "ChatStateEvent") {
    return mine ? null : { kind: "typing", dialog, by, on: event.chatState === "COMPOSING" };
  }
  const sequence = number(record.sequence);
  if (sequence === null) return null;
  const at = number(record.serverTimestamp) ?? 0;
  const metadata = array(record.metadata).filter(isObject);
  if (event.type === "AcceptStatusEvent") {
    const of = array(event.sequenceList).filter((one): one is number => typeof one === "number");
    return { kind: "receipt", dialog, conversation, receipt: { sequence, mine, status: (text(event.status) ?? "") as Status, of } };
  }
  const clientId = text(metadata.find((one) => one.type === "ClientMessageId")?.id);
  const message: Message = { dialog, sequence, mine, by, role: role ?? "", at, clientId, content: readContent(event), quickReplies: isObject(event.quickReplies) ? event.quickReplies : null };
  return { kind: "message", dialog, conversation, message };
}

function readContent(event: Record<string, unknown>): Content {
  if (event.type === "RichContentEvent" && isObject(event.content)) return { type: "rich", body: event.content };
  if (event.type !== "ContentEvent") return { type: "text", text: "" };
  if (event.contentType !== "hosted/file" || !isObject(event.message)) return { type: "text", text: text(event.message) ?? "" };
  const file = event.message;
  return {
    type: "file",
    path: text(file.relativePath) ?? "",
    fileType: (text(file.fileType) ?? "").toUpperCase(),
    caption: text(file.caption) ?? "",
    // Nothing but a picture's data may be drawn before the file is fetched.
    preview: text(file.preview)?.match(/^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]+$/)?.[0] ?? null,
    name: text(file.name),
    size: number(file.size),
  };
}
