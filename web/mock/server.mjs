/** The mock backend: the admin API's shapes, the agent socket, files, and (for checks) the built workspace under a strict policy. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";
import { ACCOUNT, PASSWORD, channels, profiles } from "./data.mjs";
import { picture } from "./picture.mjs";
import { World } from "./world.mjs";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
const CSP = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; form-action 'self'";

export function startMock(port = 0) {
  const world = new World();
  const sessions = new Map();
  const image = picture();
  const sockets = new Set();
  /** Switches for checks: `refuse` closes the door, `loseAnswers` cuts the line under so many answers, `idleMs` is the idle time. */
  const control = { refuse: false, loseAnswers: 0, idleMs: null };

  const sessionOf = (req) => sessions.get(/antiphon_session=([^;]+)/.exec(req.headers.cookie ?? "")?.[1]);
  const idleOf = (s) => (control.idleMs === null ? null : { after_ms: control.idleMs, left_ms: s.seen + control.idleMs - Date.now() });
  const sessionBody = (s) => {
    const u = world.users.find((x) => x.id === s.user);
    return {
      account: { id: ACCOUNT, name: "Acme Outdoor", timezone: "Europe/Berlin", default_skill_id: "101" },
      user: { id: u.id, pid: u.pid, login: u.login, nickname: u.nickname, full_name: u.full_name, kind: u.kind, profile: u.profile, skill_ids: u.skill_ids, max_conversations: u.max_conversations },
      privileges: profiles.find((p) => p.id === u.profile).privileges,
      csrf: s.csrf,
      expires_at: Date.now() + 8 * 3_600_000,
      idle: idleOf(s),
      demo: true,
    };
  };
  const page = (items, q, key = (x) => x.id) => {
    const limit = Math.min(200, Number(q.get("limit") ?? 50));
    const after = q.get("after");
    const from = after ? items.findIndex((x) => String(key(x)) === after) + 1 : 0;
    const part = items.slice(from, from + limit);
    return { items: part, next: from + limit < items.length ? String(key(part.at(-1))) : null };
  };
  class Refused extends Error {
    constructor(status, body) {
      super(body.message);
      this.status = status;
      this.body = body;
    }
  }
  const refuse = (status, code, message, more = {}) => {
    throw new Refused(status, { code, message, request_id: "req_mock", ...more });
  };

  function admin(method, path, q, body, s) {
    const [noun, id, verb] = path;
    const conversation = () => world.conversations.get(id) ?? refuse(404, "not_found", "There is no such conversation.");
    const collection = { users: world.users, skills: world.skills, sources: world.sources }[noun];
    if (collection) {
      if (verb === "password") return { status: 204 };
      if (verb === "unlock") {
        collection.find((x) => x.id === id).locked_until = null;
        return { status: 204 };
      }
      if (method === "GET") return id ? (collection.find((x) => x.id === id) ?? refuse(404, "not_found", "Not found.")) : page(collection, q);
      if (!id && noun === "users" && collection.some((u) => u.login === body.login)) refuse(400, "validation_failed", "This login is taken.", { field: "login", remedy: "Choose another one." });
      const target = id ? collection.find((x) => x.id === id) : { id: String(200 + collection.length), pid: randomUUID(), waiting: 0, locked_until: null, created_at: Date.now(), health: { state: "unknown", message: null, since: null }, settings: {}, webhook_url: "https://chat.example.com/webhooks/new" };
      Object.assign(target, body, { updated_at: Date.now() });
      if (!id) collection.push(target);
      return target;
    }
    switch (noun) {
      case "profiles":
        return page(profiles, q);
      case "colleagues":
        return page(world.users.map((u) => ({ user_id: u.id, nickname: u.nickname })), q, (x) => x.user_id);
      case "apps": {
        if (verb === "secret") return { client_id: id, client_secret: "mock-secret-shown-once", previous_secret_until: Date.now() + 86_400_000 };
        if (method === "GET") return id ? (world.apps.find((a) => a.id === id) ?? refuse(404, "not_found", "There is no such app.")) : page(world.apps, q);
        const given = { ...body };
        delete given.client_secret;
        if (id) return Object.assign(world.apps.find((a) => a.id === id), given);
        const app = { ...given, id: body.client_id, client_secret: { set: true }, previous_secret_until: null, created_at: Date.now(), updated_at: Date.now() };
        world.apps.push(app);
        return app;
      }
      case "channel-apps":
        return page([], q);
      case "conversations": {
        if (!id) {
          const text = (q.get("q") ?? "").toLowerCase();
          const items = [...world.conversations.values()]
            .filter((c) => !q.get("state") || (q.get("state") === "open") === c.open)
            .filter((c) => !q.get("consumer") || c.consumer.id === q.get("consumer"))
            .filter((c) => !text || `${c.consumer.name ?? ""} ${c.consumer.address}`.toLowerCase().includes(text))
            .sort((a, b) => b.updated_at - a.updated_at)
            .map((c) => world.summary(c, s.user));
          return page(items, q);
        }
        if (verb === "messages") {
          const after = Number(q.get("after_sequence") ?? -1);
          const limit = Number(q.get("limit") ?? 50);
          const items = conversation().events.filter((e) => e.sequence > after);
          return { items: items.slice(0, limit).map((e) => world.listed(conversation(), e)), next: items.length > limit ? String(items[limit - 1].sequence) : null };
        }
        if (verb === "changes") return { items: conversation().changes, next: null };
        return world.summary(conversation(), s.user);
      }
      case "consumers": {
        const c = [...world.conversations.values()].find((x) => x.consumer.id === id);
        if (!c) refuse(404, "not_found", "There is no such consumer.");
        if (verb === "consents") return method === "GET" ? { items: c.consumer.opted_out ? [{ id: "1", kind: "opt_out", how: "keyword", keyword: "STOP", proof: null, by: null, at: Date.now() - 3_600_000 }] : [], next: null } : { id: "2" };
        const all = [...world.conversations.values()].filter((x) => x.consumer.id === id);
        return { ...c.consumer, source_id: c.source_id, channel: c.channel, avatar_url: null, profile: { checked_at: Date.now() - 3_600_000 }, created_at: Math.min(...all.map((x) => x.started_at)), conversations: all.length };
      }
      case "deliveries": {
        const all = [...world.conversations.values()].flatMap((c) => c.events.filter((e) => e.delivery).map((e) => ({ e, c }))).sort((a, b) => b.e.at - a.e.at);
        if (verb === "retry") {
          const { e, c } = all.find((x) => x.e.delivery.id === id);
          setTimeout(() => world.deliver(c, e, "sent"), 500);
          setTimeout(() => world.deliver(c, e, "delivered"), 1000);
          Object.assign(e.delivery, { status: "queued", code: null, vendor_code: null, message: null, remedy: null });
          return delivery(c, e);
        }
        return page(all.filter((x) => !q.get("state") || x.e.delivery.status === q.get("state")).filter((x) => !q.get("conversation") || x.c.id === q.get("conversation")).map((x) => delivery(x.c, x.e)), q);
      }
      case "dead-letters":
        if (verb === "redrive") {
          world.deadLetters.find((d) => d.id === id).redriven_at = Date.now();
          return {};
        }
        return id ? world.deadLetters.find((d) => d.id === id) : page(world.deadLetters, q);
      case "channel-log":
        return page(world.log.filter((l) => !q.get("source") || l.source_id === q.get("source")), q);
      default:
        return refuse(404, "not_found", "There is nothing at this address.");
    }
  }
  const delivery = (c, e) => ({ ...e.delivery, conversation_id: c.id, dialog_id: e.dialog_id, sequence: e.sequence, part: 1, source_id: c.source_id, attempts: 1, next_attempt_at: null, vendor_id: "SM…", created_at: e.at, updated_at: e.at });

  const server = createServer((req, res) => {
    const url = new URL(req.url, "http://mock");
    const chunks = [];
    req.on("data", (c) => chunks.push(c));
    req.on("end", () => {
      const raw = Buffer.concat(chunks);
      const answer = (status, body, headers = {}) => {
        res.writeHead(status, { "Content-Type": "application/json", ETag: '"1"', ...headers });
        res.end(status === 204 ? undefined : JSON.stringify(body));
      };
      try {
        const { pathname, searchParams: q } = url;
        if (control.refuse && (pathname.startsWith("/api") || pathname.startsWith("/v1"))) {
          req.socket.destroy();
          return;
        }
        if (pathname.startsWith("/v1/")) {
          if (req.method === "PUT") {
            world.files.set(pathname, { bytes: raw, type: "uploaded" });
            res.writeHead(201).end();
          } else {
            const file = world.files.get(pathname);
            const bytes = file?.bytes ?? image;
            res.writeHead(file ? 200 : 404, { "Content-Type": "image/png", "Cache-Control": "private, max-age=600", "X-Content-Type-Options": "nosniff" }).end(bytes);
          }
          return;
        }
        if (!pathname.startsWith("/api/")) {
          const wanted = join(DIST, normalize(pathname));
          const file = pathname !== "/" && existsSync(wanted) ? wanted : join(DIST, "index.html");
          res.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff" });
          res.end(readFileSync(file));
          return;
        }
        const body = raw.length ? JSON.parse(raw.toString()) : {};
        if (pathname === "/api/v1/session" && req.method === "POST") {
          const u = world.users.find((x) => x.login === body.login);
          if (body.account !== ACCOUNT || !u || body.password !== PASSWORD) refuse(401, "login_failed", "Account, login or password is wrong.");
          const token = randomUUID();
          const s = { user: u.id, csrf: randomUUID(), seen: Date.now() };
          sessions.set(token, s);
          answer(200, sessionBody(s), { "Set-Cookie": `antiphon_session=${token}; HttpOnly; SameSite=Strict; Path=/` });
          return;
        }
        const s = sessionOf(req) ?? refuse(401, "unauthenticated", "There is no session.");
        if (control.idleMs !== null && Date.now() >= s.seen + control.idleMs) {
          for (const [k, v] of sessions) if (v === s) sessions.delete(k);
          refuse(401, "session_expired", "The session has ended; sign in again.");
        }
        if (req.method !== "GET" && req.headers["x-csrf-token"] !== s.csrf) refuse(403, "csrf", "The request does not come from the workspace.");
        if (pathname === "/api/v1/session") {
          if (req.method === "DELETE") {
            for (const [k, v] of sessions) if (v === s) sessions.delete(k);
            answer(204);
          } else answer(200, sessionBody(s));
          return;
        }
        if (pathname === "/api/v1/session/activity") {
          s.seen = Date.now();
          answer(200, { idle: idleOf(s) });
          return;
        }
        if (pathname === "/api/v1/session/password") {
          if (body.current_password !== PASSWORD) refuse(400, "validation_failed", "This is not your current password.", { field: "current_password" });
          if (body.new_password.length < 12) refuse(400, "validation_failed", "At least 12 characters.", { field: "new_password" });
          answer(204);
          return;
        }
        if (pathname === "/api/v1/channels") {
          answer(200, { items: channels, next: null });
          return;
        }
        const path = pathname.replace(`/api/v1/accounts/${ACCOUNT}/`, "").split("/").map(decodeURIComponent);
        const result = admin(req.method, path, q, body, s);
        answer(result.status === 204 ? 204 : 200, result);
      } catch (e) {
        if (e instanceof Refused) answer(e.status, e.body);
        else {
          console.error(e);
          answer(500, { code: "internal", message: "The mock failed.", request_id: "req_mock" });
        }
      }
    });
  });

  const wss = new WebSocketServer({ noServer: true });
  server.on("upgrade", (req, socket, head) => {
    const s = sessionOf(req);
    if (!s || control.refuse || !req.url.startsWith("/ws_api/")) {
      socket.end(`HTTP/1.1 ${s ? 503 : 401} Refused\r\n\r\n`);
      return;
    }
    wss.handleUpgrade(req, socket, head, (ws) => serve(ws, s));
  });

  function serve(ws, s) {
    const me = `${ACCOUNT}.${s.user}`;
    const subs = [];
    const member = new Map();
    sockets.add(ws);
    const note = (type, body) => ws.readyState === 1 && ws.send(JSON.stringify({ kind: "notification", type, body }));
    const inside = (sub, c) => c.open && (sub.all || c.participants.some((p) => p.id === s.user));
    const ringChange = (r) => ({ type: r.state === "WAITING" || r.state === "ACCEPTED" ? "UPSERT" : "DELETE", result: { conversationId: r.c.id, skillId: r.c.skill_id, consumerId: r.c.consumer.id, ringsDetails: [{ ringId: r.id, ringState: r.state, ringExpiration: 72_000, ringExpirationTs: r.expires, convId: r.c.id, consumerId: r.c.consumer.id, skillId: r.c.skill_id }] } });
    const listener = (kind, v) => {
      if (kind === "conversation") {
        for (const sub of subs.filter((x) => x.kind === "conv")) {
          const key = `${sub.id} ${v.id}`;
          const is = inside(sub, v);
          if (is || member.get(key)) note(".ams.aam.ExConversationChangeNotification", { subscriptionId: sub.id, changes: [{ type: is ? "UPSERT" : "DELETE", result: world.wire(v) }] });
          member.set(key, is);
        }
      } else if (kind === "event") {
        if (v.c.participants.some((p) => p.id === s.user)) note(".ams.ms.OnlineEventDistribution", world.wireEvent(v.c, v.record));
      } else if (kind === "chat") {
        if (v.c.participants.some((p) => p.id === s.user)) note(".ams.ms.OnlineEventDistribution", v.body);
      } else if (kind === "delivery") {
        note("antiphon.DeliveryNotification", { changes: [{ conversation_id: v.c.id, dialog_id: v.c.id, sequence: v.record.sequence, delivery: v.record.delivery }] });
      } else if (kind === "ring") {
        for (const sub of subs.filter((x) => x.kind === "ring")) if (v.agent === s.user) note(".ams.routing.RoutingTaskNotification", { subscriptionId: sub.id, changes: [ringChange(v)] });
      } else if (kind === "state") {
        for (const sub of subs.filter((x) => x.kind === "state")) if (v === s.user) note(".ams.routing.AgentStateNotification", { subscriptionId: sub.id, changes: [{ type: "UPSERT", result: { agentUserId: me, channels: ["MESSAGING"], availability: world.availability[v], description: "" } }] });
      }
    };
    world.listeners.add(listener);
    ws.on("close", () => {
      world.listeners.delete(listener);
      sockets.delete(ws);
    });
    ws.on("message", (data) => {
      const f = JSON.parse(data.toString());
      const b = f.body ?? {};
      const reply = (body, code = 200, type = ".ReqBody$StringResp") => ws.send(JSON.stringify({ kind: "resp", reqId: String(f.id), code, type, body }));
      const subscribe = (kind, more = {}) => {
        const sub = { id: randomUUID(), kind, ...more };
        subs.push(sub);
        reply({ subscriptionId: sub.id }, 200, ".ams.GenericSubscribe$Response");
        return sub;
      };
      switch (f.type.split(".").at(-1)) {
        case "GetClock":
          return reply({ currentTime: Date.now() });
        case "Subscribe":
          return reply("OK");
        case "SubscribeExConversations": {
          const sub = subscribe("conv", { all: !b.agentIds });
          const all = [...world.conversations.values()].filter((c) => inside(sub, c));
          for (const c of all) member.set(`${sub.id} ${c.id}`, true);
          return note(".ams.aam.ExConversationChangeNotification", { subscriptionId: sub.id, changes: all.map((c) => ({ type: "UPSERT", result: world.wire(c) })) });
        }
        case "SubscribeRoutingTasks": {
          const sub = subscribe("ring");
          return note(".ams.routing.RoutingTaskNotification", { subscriptionId: sub.id, changes: [...world.rings.values()].filter((r) => r.agent === s.user && r.state === "WAITING").map(ringChange) });
        }
        case "SubscribeAgentsState":
          subscribe("state");
          return listener("state", s.user);
        case "SetAgentState":
          world.availability[s.user] = b.availability;
          reply("Agent state updated successfully", 202);
          return world.tell("state", s.user);
        case "UpdateRingState": {
          const r = world.rings.get(b.ringId);
          if (!r || r.state !== "WAITING") return reply("The offer is no longer open.", 400);
          r.state = b.ringState;
          reply("Ring state updated successfully", 202);
          world.tell("ring", r);
          if (b.ringState === "ACCEPTED") {
            r.c.participants = [{ id: s.user, role: "ASSIGNED_AGENT" }];
            world.touch(r.c, { kind: "agent_assigned", by: s.user, detail: { user_id: s.user } });
          }
          return;
        }
        case "QueryMessages": {
          const c = world.conversations.get(b.dialogId);
          return reply(c.events.filter((e) => e.sequence >= b.newerThanSequence).map((e) => world.wireEvent(c, e)), 200, ".ams.ms.QueryMessages$Response");
        }
        case "PublishEvent": {
          const c = world.conversations.get(b.dialogId);
          const role = c.participants.find((p) => p.id === s.user)?.role;
          if (!c.open) return reply("Bad Request, Conversation is close", 400);
          if (!role) return reply("You take no part in this conversation.", 403);
          if (b.event.type === "ChatStateEvent") return reply({ sequence: 0 });
          if (typeof b.event.message === "string" && b.event.message.includes("refuse!")) return reply("The message was refused.", 400);
          const sequence = world.publish(c, { id: s.user, role }, b.event, b.messageAudience ?? "ALL", f.metadata ?? null);
          if (control.loseAnswers > 0 && b.event.type === "ContentEvent") {
            control.loseAnswers -= 1;
            return ws.terminate();
          }
          return reply({ sequence }, 200, ".ams.ms.PublishEvent$Response");
        }
        case "UpdateConversationField": {
          const c = world.conversations.get(b.conversationId);
          for (const x of [b.conversationField].flat()) {
            if (x.field === "DialogChange") {
              Object.assign(c, { open: false, ended_at: Date.now(), close_reason: "AGENT", waiting_since: null });
              world.touch(c, { kind: "closed", by: s.user, detail: {} });
            } else if (x.field === "ParticipantsChange" && x.type === "REMOVE") {
              c.participants = c.participants.filter((p) => p.role !== x.role);
              world.touch(c, { kind: x.role === "MANAGER" ? "left" : "agent_removed", by: s.user, detail: { user_id: s.user } });
            } else if (x.field === "ParticipantsChange" && x.type === "ADD") {
              c.participants.push({ id: s.user, role: x.role });
              world.touch(c, { kind: "joined", by: s.user, detail: { user_id: s.user } });
            } else if (x.field === "Skill") {
              c.skill_id = x.skill;
              world.touch(c, { kind: "skill_changed", by: s.user, detail: { to: x.skill } });
            }
          }
          return reply("OK");
        }
        case "GenerateURLForUploadFile":
          return reply({ relativePath: world.addFile(b.fileType), queryParams: { temp_url_sig: "sig", temp_url_expires: String(Math.floor(Date.now() / 1000) + 60) } });
        case "GenerateURLForDownloadFile":
          return reply({ relativePath: b.relativePath, queryParams: { temp_url_sig: "sig", temp_url_expires: String(Math.floor(Date.now() / 1000) + 60) } });
        default:
          return reply(`Unknown type ${f.type}`, 400);
      }
    });
  }

  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        world,
        control,
        sessions,
        /** Cuts every line, as a network does. */
        cut: () => sockets.forEach((ws) => ws.terminate()),
        stop: () => {
          sockets.forEach((ws) => ws.terminate());
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        },
      });
    });
  });
}
