import { describe, expect, it } from "vitest";
import { readConversation, readEvent, readListedMessage, readMessage, readNotice } from "./wire";

const record = { sequence: 4, originatorId: "12.77", originatorPId: "pid-77", originatorMetadata: { id: "pid-77", role: "ASSIGNED_AGENT" }, serverTimestamp: 1_700_000_000_123, event: { type: "ContentEvent", contentType: "text/plain", message: "hi" }, conversationId: "C", dialogId: "C", messageAudience: "ALL", metadata: [{ type: "ClientMessageId", id: "m1" }] };
const details = {
  convId: "C", skillId: "55", brandId: "12", state: "OPEN", stage: "OPEN",
  participants: { CONSUMER: ["cons-1"], ASSIGNED_AGENT: ["12.77"] },
  dialogs: [{ dialogId: "C", dialogType: "MAIN", channelType: "MESSAGING", state: "OPEN", participantsDetails: [{ id: "cons-1", role: "CONSUMER", state: "ACTIVE" }, { id: "12.77", role: "ASSIGNED_AGENT", state: "ACTIVE" }] }],
  startTs: 1_700_000_000_000,
  antiphon: { channel: "test_channel", sourceId: "src_1", consumer: { id: "cons-1", name: null, address: "+1", optedOut: true }, waitingSince: 5, composer: { enabled: false, reason: "no", code: "opted_out" }, limits: { max: 1600, unit: "characters", segments: true }, media: { types: ["image/png"], maxBytes: 5_000, maxCount: 1 } },
};

describe("messages", () => {
  it("reads notes of the channel and passes over other metadata", () => {
    const metadata = [{ type: "Reaction", action: "react", emoji: "❤" }, { type: "Reaction", action: "unreact" }, { type: "Referral", ref: "abc", adTitle: "Sale" }, { type: "Edit", id: "m" }, "junk"];
    const read = readMessage({ ...record, event: { type: "AcceptStatusEvent", status: "ENRICH", sequenceList: [3] }, metadata });
    expect(read?.event).toEqual({ type: "accept", status: "ENRICH", sequences: [3] });
    expect(read?.notes).toEqual([{ type: "reaction", emoji: "❤" }, { type: "reaction_removed" }, { type: "referral", from: "Sale" }]);
  });
  it("are read from the socket and from the admin API alike", () => {
    const live = readMessage(record);
    const listed = readListedMessage("C", { dialog_id: "C", sequence: 4, originator_id: "12.77", originator_role: "ASSIGNED_AGENT", at: 1_700_000_000_123, vendor_at: null, audience: "ALL", event: record.event, metadata: record.metadata, delivery: null });
    expect(listed).toEqual(live);
    expect(live?.clientMessageId).toBe("m1");
  });
  it("without a number or a dialog are none", () => {
    expect(readMessage({ ...record, sequence: undefined })).toBeNull();
    expect(readMessage({ ...record, dialogId: undefined })).toBeNull();
    expect(readMessage(null)).toBeNull();
  });
  it("of unknown kinds stay visible", () => {
    expect(readEvent({ type: "HologramEvent" })).toEqual({ type: "other", name: "HologramEvent" });
    expect(readEvent({ type: "ContentEvent", contentType: "forms/secure-invitation", message: { formId: "1" } })).toEqual({ type: "other", name: "forms/secure-invitation" });
  });
  it("with structured content are read as their texts, however deep", () => {
    let tree: unknown = { type: "text", text: "deep" };
    for (let i = 0; i < 5; i += 1) tree = { type: "vertical", elements: [tree, { type: "button", title: `b${i}` }] };
    expect(readEvent({ type: "RichContentEvent", content: tree })).toMatchObject({ summary: ["deep", "b0", "b1", "b2", "b3", "b4"] });
  });
  it("with files keep what the store told", () => {
    expect(readEvent({ type: "ContentEvent", contentType: "hosted/file", message: { caption: "c", relativePath: "/v1/x", fileType: "jpeg", state: "pending", size: "12" } })).toEqual({ type: "file", file: { caption: "c", relativePath: "/v1/x", fileType: "JPEG", state: "pending", name: null, size: 12, reason: null, picture: null } });
  });
  it("with pictures know how large they are, and show no preview that loads something", () => {
    const picture = (more: object) => {
      const event = readEvent({ type: "ContentEvent", contentType: "hosted/file", message: { relativePath: "/v1/x", fileType: "PNG", width: 9, height: 7, ...more } });
      return event.type === "file" ? event.file.picture : undefined;
    };
    expect(picture({ preview: "data:image/jpeg;base64,AA==", thumbnail: "/v1/x.t" })).toEqual({ width: 9, height: 7, preview: "data:image/jpeg;base64,AA==", thumbnail: "/v1/x.t" });
    expect(picture({ preview: "https://elsewhere.test/p.png" })).toEqual({ width: 9, height: 7, preview: null, thumbnail: null });
    expect(picture({ width: 0 })).toBeNull();
  });
});

describe("conversations", () => {
  const result = { convId: "C", lastUpdateTime: 9, numberOfunreadMessages: { "12.77": 2 }, conversationDetails: details, lastContentEventNotification: { ...record, conversationId: undefined } };
  it("are read with our own members", () => {
    expect(readConversation(result)).toMatchObject({ id: "C", open: true, skillId: "55", unread: { "12.77": 2 }, channel: "test_channel", waitingSince: 5, composer: { enabled: false, code: "opted_out" }, consumer: { name: null, optedOut: true }, last: { sequence: 4, text: "hi" } });
  });
  it("are read from a server without them", () => {
    expect(readConversation({ ...result, conversationDetails: { ...details, antiphon: undefined } })).toMatchObject({ composer: { enabled: true }, limits: null, consumer: { id: "cons-1" } });
  });
  it("tell what files they take, that they take none, or nothing about it", () => {
    const media = (antiphon: unknown) => readConversation({ ...result, conversationDetails: { ...details, antiphon } })?.media;
    expect(media(details.antiphon)).toEqual({ types: ["image/png"], maxBytes: 5_000 });
    expect(media({ ...details.antiphon, media: null })).toBeNull();
    expect(media({ ...details.antiphon, media: undefined })).toBeUndefined();
    expect(media({ ...details.antiphon, media: { types: ["image/png"], maxBytes: "many" } })).toBeUndefined();
  });
  it("take the roles' map where no details are", () => {
    const bare = readConversation({ convId: "C", conversationDetails: { ...details, dialogs: [] } });
    expect(bare?.participants).toContainEqual({ id: "12.77", role: "ASSIGNED_AGENT", state: "ACTIVE" });
  });
});

describe("notices", () => {
  it("are known by either spelling of their name", () => {
    const body = { subscriptionId: "S", changes: [{ type: "DELETE", result: { convId: "C", conversationDetails: details } }] };
    expect(readNotice(".ams.aam.ExConversationChangeNotification", body)).toEqual(readNotice("cqm.ExConversationChangeNotification", body));
  });
  it("tell typing from messages", () => {
    const chat = { ...record, sequence: undefined, event: { type: "ChatStateEvent", chatState: "COMPOSING" } };
    expect(readNotice(".ams.ms.OnlineEventDistribution", chat)).toMatchObject({ kind: "chat_state", state: "COMPOSING" });
    expect(readNotice(".ams.ms.OnlineEventDistribution", record)).toMatchObject({ kind: "message" });
  });
  it("carry offers", () => {
    const notice = readNotice(".ams.routing.RoutingTaskNotification", { subscriptionId: "R", changes: [{ type: "UPSERT", result: { conversationId: "C", skillId: "55", ringsDetails: [{ ringId: "r", ringState: "WAITING", ringExpiration: 72_000, ringExpirationTs: 99, consumerId: "cons-1" }] } }] });
    expect(notice).toMatchObject({ kind: "rings", changes: [{ rings: [{ id: "r", state: "WAITING", expiresAt: 99 }] }] });
  });
  it("of our own kinds are read", () => {
    expect(readNotice("antiphon.DeliveryNotification", { changes: [{ conversation_id: "C", sequence: 1, delivery: { id: "d", status: "failed", parts: 2, message: "no" } }] })).toMatchObject({ kind: "deliveries", changes: [{ dialogId: "C", delivery: { status: "failed", parts: 2 } }] });
    expect(readNotice("antiphon.FileNotification", { changes: [{ conversation_id: "C", dialog_id: "C", sequence: 1, relative_path: "/v1/x", state: "ready" }] })).toMatchObject({ kind: "files" });
    expect(readNotice("antiphon.ConsumerNotification", { changes: [{ consumer_id: "k", opted_out: true }] })).toMatchObject({ kind: "consumers" });
    expect(readNotice("antiphon.SourceNotification", { changes: [{ source_id: "s", health: { state: "failing" }, enabled: true }] })).toMatchObject({ kind: "sources" });
  });
  it("of no use or no shape are ignored", () => {
    expect(readNotice("something.Else", {})).toBeNull();
    for (const type of ["ExConversationChangeNotification", "RoutingTaskNotification", "AgentStateNotification", "OnlineEventDistribution", "DeliveryNotification"]) {
      for (const body of [null, undefined, 7, "x", [], {}, { changes: null }, { changes: [null, 1, "x"] }, { changes: [{ result: null }] }]) {
        expect(() => readNotice(type, body)).not.toThrow();
      }
    }
  });
});
