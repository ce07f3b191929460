/** The state of the mock backend and the few rules it knows. It is dumb on purpose: the real server is the truth. */
import { randomUUID } from "node:crypto";
import { ACCOUNT, DAY, HOUR, MIN, channels, scripts, skills, sources, users, uuid } from "./data.mjs";

/** A channel's media as the socket tells them with a conversation. */
const mediaOf = ({ types, max_bytes, max_count }) => (types.length === 0 ? null : { types, maxBytes: max_bytes, maxCount: max_count });

export class World {
  constructor() {
    this.now = () => Date.now();
    this.users = structuredClone(users).map((u) => ({ ...u, created_at: this.now() - 90 * DAY, updated_at: this.now() - DAY }));
    this.skills = structuredClone(skills).map((s) => ({ ...s, created_at: this.now() - 90 * DAY, updated_at: this.now() - DAY }));
    this.sources = structuredClone(sources);
    this.availability = { 77: "ONLINE", 78: "ONLINE", 79: "AWAY", 80: "OFFLINE", 81: "ONLINE", 82: "OFFLINE" };
    this.conversations = new Map();
    this.rings = new Map();
    this.files = new Map();
    this.clientIds = new Map();
    this.listeners = new Set();
    for (const script of scripts) this.seed(script);
    this.apps = [
      { id: "loyalty-cards", client_id: "loyalty-cards", name: "Loyalty cards", client_secret: { set: true }, previous_secret_until: null, skill_id: "101", settings: { webhooks: { "ms.MessagingEventNotification.ContentEvent": { endpoint: "https://loyalty.example/hook" } } }, enabled: true, created_at: Date.now(), updated_at: Date.now() },
      { id: "kiosk", client_id: "kiosk", name: "Kiosk", client_secret: { set: true }, previous_secret_until: null, skill_id: null, settings: {}, enabled: false, created_at: Date.now(), updated_at: Date.now() },
    ];
    this.deadLetters = [
      { id: "dl_1", channel: "sms_gateway", source_id: "src_01", received_at: this.now() - 3 * HOUR, reason_code: "missing_field", reason: "The message names no sender.", remedy: "Check the webhook's settings at the channel, then process it again.", body: "MessageSid=SM00000000000000000000000000000001&To=%2B15005550006&Body=hello", redriven_at: null },
      { id: "dl_2", channel: "page_messenger", source_id: null, received_at: this.now() - 2 * DAY, reason_code: "unknown_source", reason: "No source has the page id 5551.", remedy: "Create a source for this page.", body: '{"object":"page","entry":[{"id":"5551","time":1700000000000,"messaging":[]}]}', redriven_at: this.now() - DAY },
    ];
    this.log = Array.from({ length: 30 }, (_, i) => ({
      id: `log_${i}`,
      at: this.now() - i * 97_000,
      source_id: sources[i % 2].id,
      direction: i % 3 ? "out" : "in",
      method: "POST",
      url: i % 3 ? "https://api.example.net/2010-04-01/Accounts/AC…/Messages.json" : "/webhooks/sms_gateway/%2B15005550006",
      status: i % 7 === 3 ? 429 : i % 11 === 5 ? null : 200,
      duration_ms: 12 + i * 9,
      request: "To=%2B4915112345678&From=%2B15005550006&Body=•••",
      response: i % 7 === 3 ? '{"code":20429,"message":"Too Many Requests"}' : '{"sid":"SM…","status":"queued"}',
      error: i % 11 === 5 ? "The channel did not answer within 10 s." : null,
      conversation_id: null,
    }));
  }

  seed(s) {
    const now = this.now();
    const start = now - (s.script.length > 100 ? 3 * DAY : s.n < 20 ? DAY + 2 * HOUR : s.n * MIN);
    const c = {
      id: s.id,
      consumer: { id: `${String(s.n).padStart(4, "0")}`.repeat(16).slice(0, 64), name: s.name, address: s.address, opted_out: s.optedOut === true },
      channel: s.channel,
      source_id: s.channel === "sms_gateway" ? "src_01" : "src_02",
      skill_id: s.skill,
      open: true,
      started_at: start,
      ended_at: null,
      close_reason: null,
      participants: [],
      events: [],
      changes: [],
      version: 1,
      updated_at: start,
      waiting_since: null,
      unread: {},
    };
    const agent = s.mine ? "77" : (s.agent ?? null);
    c.changes.push({ version: 1, at: start, kind: "opened", by: "consumer", detail: {} });
    if (agent) {
      c.participants.push({ id: agent, role: "ASSIGNED_AGENT" });
      c.changes.push({ version: 2, at: start + 20_000, kind: "agent_assigned", by: agent, detail: { user_id: agent } });
    }
    this.conversations.set(c.id, c);
    const last = s.waiting ? now - s.waiting : now - 25 * MIN;
    s.script.forEach(([kind, body], i) => {
      const rest = s.script.length - 1 - i;
      const at = i < s.script.length / 2 && s.script.length > 3 ? start + i * 70_000 + 30_000 : last - rest * 45_000;
      const by = kind === "c" || kind === "photo" ? { id: c.consumer.id, role: "CONSUMER" } : kind === "other" ? { id: "78", role: "ASSIGNED_AGENT" } : { id: agent ?? "77", role: "ASSIGNED_AGENT" };
      let event = { type: "ContentEvent", contentType: "text/plain", message: body };
      let delivery = null;
      if (kind === "photo" || kind === "file") {
        const relativePath = this.addFile(kind === "photo" ? "JPEG" : "PDF");
        event = { type: "ContentEvent", contentType: "hosted/file", message: { caption: body, relativePath, fileType: kind === "photo" ? "PNG" : "PDF", state: "ready", name: kind === "photo" ? "photo.png" : "invoice-2026-10.pdf", size: 48_211, reason: null } };
      }
      const sequence = c.events.length;
      if (by.role !== "CONSUMER" && kind !== "note") {
        delivery = { id: `dlv_${s.n}_${sequence}`, status: kind === "a-failed" ? "failed" : "delivered", parts: 1, code: null, vendor_code: null, message: null, remedy: null };
        if (kind === "a-failed") Object.assign(delivery, { code: "unreachable", vendor_code: "30003", message: "The phone cannot be reached.", remedy: "It may be switched off. Try again later, or write by another channel." });
      }
      c.events.push({ dialog_id: c.id, sequence, originator: by, at, audience: kind === "note" ? "AGENTS_AND_MANAGERS" : "ALL", event, metadata: null, delivery });
      c.updated_at = at;
    });
    if (s.waiting) c.waiting_since = last;
    if (agent && s.unread) c.unread[`${ACCOUNT}.${agent}`] = s.unread;
    // An earlier, closed conversation of the first few.
    if (s.n <= 3) {
      const old = { ...structuredClone(c), id: uuid(900 + s.n), open: false, started_at: start - 20 * DAY, ended_at: start - 20 * DAY + HOUR, close_reason: "AGENT", waiting_since: null, unread: {} };
      old.events = [
        ["CONSUMER", "Do you ship to Norway?"],
        ["ASSIGNED_AGENT", "Yes, within three days. Shipping is free from 50 €."],
        ["CONSUMER", "Perfect, thanks!"],
      ].map(([role, message], i) => ({ dialog_id: old.id, sequence: i, originator: { id: role === "CONSUMER" ? c.consumer.id : "78", role }, at: old.started_at + i * 120_000, audience: "ALL", event: { type: "ContentEvent", contentType: "text/plain", message }, metadata: null, delivery: null }));
      old.changes = [
        { version: 1, at: old.started_at, kind: "opened", by: "consumer", detail: {} },
        { version: 2, at: old.ended_at, kind: "closed", by: "78", detail: {} },
      ];
      old.updated_at = old.ended_at;
      this.conversations.set(old.id, old);
    }
  }

  addFile(type, bytes = null) {
    const path = `/v1/AUTH_async-images/${ACCOUNT}/${randomUUID()}.${type}`;
    this.files.set(path, { bytes, type });
    return path;
  }

  tell(kind, value) {
    for (const l of this.listeners) l(kind, value);
  }

  touch(c, change) {
    c.updated_at = Math.max(this.now(), c.updated_at + 1);
    if (change) {
      c.version += 1;
      c.changes.push({ version: c.version, at: c.updated_at, ...change });
    }
    this.tell("conversation", c);
  }

  oldId(id) {
    return id.length > 12 ? id : `${ACCOUNT}.${id}`;
  }

  publish(c, by, event, audience = "ALL", metadata = null) {
    const clientId = metadata?.find?.((m) => m.type === "ClientMessageId")?.id;
    if (clientId && this.clientIds.has(clientId)) return this.clientIds.get(clientId);
    const sequence = c.events.length;
    if (clientId) this.clientIds.set(clientId, sequence);
    const isContent = event.type === "ContentEvent";
    const outbound = isContent && by.role !== "CONSUMER" && audience === "ALL";
    const delivery = outbound ? { id: `dlv_${randomUUID()}`, status: "queued", parts: 1, code: null, vendor_code: null, message: null, remedy: null } : null;
    const record = { dialog_id: c.id, sequence, originator: by, at: this.now(), audience, event, metadata, delivery };
    c.events.push(record);
    if (isContent && by.role === "CONSUMER") {
      c.waiting_since ??= this.now();
      for (const p of c.participants) c.unread[this.oldId(p.id)] = (c.unread[this.oldId(p.id)] ?? 0) + 1;
    } else if (outbound) {
      c.waiting_since = null;
    } else if (event.type === "AcceptStatusEvent" && event.status === "READ") {
      c.unread[this.oldId(by.id)] = 0;
    }
    this.touch(c);
    this.tell("event", { c, record });
    if (outbound) {
      const failing = typeof event.message === "string" && event.message.includes("fail!");
      const steps = failing ? [["failed", 500]] : [["sent", 300], ["delivered", 900], ...(c.channel === "page_messenger" ? [["read", 1600]] : [])];
      for (const [status, ms] of steps) setTimeout(() => this.deliver(c, record, status), ms);
    }
    return sequence;
  }

  deliver(c, record, status) {
    Object.assign(record.delivery, { status });
    if (status === "failed") Object.assign(record.delivery, { code: "unreachable", vendor_code: "30003", message: "The phone cannot be reached.", remedy: "It may be switched off. Try again later." });
    else Object.assign(record.delivery, { code: null, vendor_code: null, message: null, remedy: null });
    this.tell("delivery", { c, record });
  }

  offer(c, agent) {
    const id = `${c.id}_${ACCOUNT}_${this.now()}`;
    const ring = { id, c, agent, state: "WAITING", expires: this.now() + 72_000 };
    this.rings.set(id, ring);
    this.tell("ring", ring);
    return ring;
  }

  /** `antiphon` members and all, as the socket sends a conversation. */
  wire(c) {
    const roles = {};
    const pids = {};
    const put = (role, id, pid) => {
      (roles[role] ??= []).push(id);
      (pids[role] ??= []).push(pid);
    };
    put("CONSUMER", c.consumer.id, c.consumer.id);
    for (const p of c.participants) put(p.role, this.oldId(p.id), this.users.find((u) => u.id === p.id)?.pid ?? p.id);
    const last = [...c.events].reverse().find((e) => e.event.type !== "AcceptStatusEvent");
    const state = c.open ? "OPEN" : "CLOSE";
    return {
      convId: c.id,
      effectiveTTR: -1,
      lastUpdateTime: c.updated_at,
      numberOfunreadMessages: { ...c.unread },
      conversationDetails: {
        convId: c.id,
        skillId: c.skill_id,
        brandId: ACCOUNT,
        state,
        stage: state,
        participants: roles,
        participantsPId: pids,
        dialogs: [
          {
            dialogId: c.id,
            dialogType: "MAIN",
            channelType: "MESSAGING",
            state,
            creationTs: c.started_at,
            metaDataLastUpdateTs: c.updated_at,
            participantsDetails: [{ id: c.consumer.id, role: "CONSUMER", state: "ACTIVE" }, ...c.participants.map((p) => ({ id: this.oldId(p.id), role: p.role, state: "ACTIVE" }))],
          },
        ],
        startTs: c.started_at,
        ...(c.ended_at ? { endTs: c.ended_at, closeReason: c.close_reason } : {}),
        metaDataLastUpdateTs: c.updated_at,
        conversationHandlerDetails: { accountId: ACCOUNT, skillId: c.skill_id },
        antiphon: {
          channel: c.channel,
          sourceId: c.source_id,
          consumer: { id: c.consumer.id, name: c.consumer.name, address: c.consumer.address, optedOut: c.consumer.opted_out },
          waitingSince: c.waiting_since,
          composer: c.consumer.opted_out ? { enabled: false, reason: "This consumer has opted out of messages from this number.", code: "opted_out" } : { enabled: true, reason: null, code: null },
          limits: channels.find((x) => x.id === c.channel).capabilities.text,
          media: mediaOf(channels.find((x) => x.id === c.channel).capabilities.media),
        },
      },
      ...(last ? { lastContentEventNotification: this.wireEvent(c, last) } : {}),
    };
  }

  wireEvent(c, e) {
    return {
      sequence: e.sequence,
      originatorId: this.oldId(e.originator.id),
      originatorPId: e.originator.id,
      originatorMetadata: { id: e.originator.id, role: e.originator.role },
      serverTimestamp: e.at,
      event: e.event,
      conversationId: c.id,
      dialogId: e.dialog_id,
      messageAudience: e.audience,
      ...(e.metadata ? { metadata: e.metadata } : {}),
    };
  }

  summary(c, userId) {
    const last = [...c.events].reverse().find((e) => e.event.type !== "AcceptStatusEvent");
    return {
      id: c.id,
      state: c.open ? "open" : "closed",
      source_id: c.source_id,
      channel: c.channel,
      skill_id: c.skill_id,
      consumer: { id: c.consumer.id, name: c.consumer.name, address: c.consumer.address },
      assigned_agent: c.participants.find((p) => p.role === "ASSIGNED_AGENT")?.id ?? null,
      participants: c.participants.map((p) => ({ id: p.id, role: p.role, suggested: false })),
      started_at: c.started_at,
      ended_at: c.ended_at,
      close_reason: c.close_reason,
      updated_at: c.updated_at,
      waiting_since: c.waiting_since,
      last_message: last ? { sequence: last.sequence, text: typeof last.event.message === "string" ? last.event.message : last.event.message.caption || "", kind: last.event.contentType === "hosted/file" ? "file" : "text", originator_role: last.originator.role, at: last.at } : null,
      unread: c.unread[this.oldId(userId)] ?? 0,
      version: c.version,
    };
  }

  listed(c, e) {
    return { dialog_id: e.dialog_id, sequence: e.sequence, originator_id: this.oldId(e.originator.id), originator_role: e.originator.role, at: e.at, vendor_at: null, audience: e.audience, event: e.event, metadata: e.metadata, delivery: e.delivery };
  }
}
