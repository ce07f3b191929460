/**
 * A mock of the server around the widget: configuration, frame, identities, consumer socket and files, under the real policy;
 * and on another port a page that carries the widget. For looking at the widget without the product.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { picture } from "../../mock/picture.mjs";

const DIST = new URL("../../dist/widget/", import.meta.url).pathname;
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css" };
export const AGENT = "00000000-0000-4000-8000-000000000077";

/** A token that nobody verifies. */
const token = (claims) => ["{}", JSON.stringify(claims), ""].map((part) => Buffer.from(part).toString("base64").replace(/=+$/, "")).join(".");

/** What was said, and to whom it is told. */
class World {
  conversations = [];
  sockets = new Set();
  files = new Map();
  profiles = [];
  answered = new Map();

  get conversation() {
    return this.conversations.at(-1);
  }

  open(consumer, at = Date.now()) {
    const id = randomUUID();
    this.conversations.push({ id, consumer, startedAt: at, updatedAt: at, endedAt: null, dialogs: [{ id, kind: "MAIN", open: true, createdAt: at, endedAt: null, events: [] }] });
    this.changed(this.conversation);
    return this.conversation;
  }

  changed(conversation) {
    conversation.updatedAt = Math.max(Date.now(), conversation.updatedAt + 1);
    for (const socket of this.sockets) for (const subscriptionId of socket.subscriptions) if (conversation.consumer === socket.consumer) socket.notify("cqm.ExConversationChangeNotification", { subscriptionId, changes: [this.described(conversation)] });
  }

  described(c) {
    const state = (open) => (open ? "OPEN" : "CLOSE");
    const dialogs = c.dialogs.map((d) => ({ dialogId: d.id, dialogType: d.kind, channelType: "MESSAGING", state: state(d.open), creationTs: d.createdAt, endTs: d.endedAt ?? undefined, metaDataLastUpdateTs: c.updatedAt, participantsDetails: [{ id: c.consumer, role: "CONSUMER", state: "ACTIVE" }, { id: AGENT, role: "ASSIGNED_AGENT", state: "ACTIVE" }] }));
    const details = { convId: c.id, state: dialogs[0].state, stage: state(c.dialogs.some((d) => d.open)), startTs: c.startedAt, endTs: c.endedAt ?? undefined, metaDataLastUpdateTs: c.updatedAt, participants: [{ id: c.consumer, role: "CONSUMER" }], dialogs };
    return { type: "UPSERT", result: { convId: c.id, effectiveTTR: -1, conversationDetails: details } };
  }

  append(c, d, by, role, event, metadata = [], at = Date.now()) {
    const record = { sequence: d.events.length, originatorId: by, originatorMetadata: { id: by, role }, serverTimestamp: at, event, conversationId: c.id, dialogId: d.id, messageAudience: "ALL", metadata };
    d.events.push(record);
    for (const socket of this.sockets) if (socket.dialogs.has(d.id)) socket.notify("ms.MessagingEventNotification", { changes: [record] });
    return record.sequence;
  }

  // What an agent does, always in the newest dialog.

  says(message, { quickReplies, at } = {}) {
    return this.append(this.conversation, this.conversation.dialogs.at(-1), AGENT, "ASSIGNED_AGENT", { type: "ContentEvent", contentType: "text/plain", message, ...(quickReplies ? { quickReplies } : {}) }, [], at);
  }

  shows(content, quickReplies) {
    return this.append(this.conversation, this.conversation.dialogs.at(-1), AGENT, "ASSIGNED_AGENT", { type: "RichContentEvent", content, ...(quickReplies ? { quickReplies } : {}) });
  }

  sendsFile(name, fileType, bytes, type, caption = "") {
    const path = `/v1/AUTH_async-images/mock/${randomUUID()}.${fileType}`;
    this.files.set(path, { bytes, type });
    return this.append(this.conversation, this.conversation.dialogs.at(-1), AGENT, "ASSIGNED_AGENT", { type: "ContentEvent", contentType: "hosted/file", message: { relativePath: path, fileType, caption, name, size: bytes.length } });
  }

  reads(sequenceList, status = "READ") {
    return this.append(this.conversation, this.conversation.dialogs.at(-1), AGENT, "ASSIGNED_AGENT", { type: "AcceptStatusEvent", status, sequenceList });
  }

  types(chatState = "COMPOSING") {
    const c = this.conversation;
    const record = { originatorId: AGENT, originatorMetadata: { id: AGENT, role: "ASSIGNED_AGENT" }, event: { type: "ChatStateEvent", chatState }, conversationId: c.id, dialogId: c.dialogs.at(-1).id };
    for (const socket of this.sockets) socket.notify("ms.MessagingEventNotification", { changes: [record] });
  }

  closes(survey = false) {
    const c = this.conversation;
    const last = c.dialogs.at(-1);
    last.open = false;
    last.endedAt = Date.now();
    if (survey) c.dialogs.push({ id: randomUUID(), kind: "POST_SURVEY", open: true, createdAt: Date.now(), endedAt: null, events: [] });
    else c.endedAt = Date.now();
    this.changed(c);
  }
}

function connect(world, socket) {
  socket.subscriptions = new Set();
  socket.dialogs = new Set();
  socket.notify = (type, body) => socket.send(JSON.stringify({ kind: "notification", type, body }));
  world.sockets.add(socket);
  socket.on("close", () => world.sockets.delete(socket));
  const find = (id) => {
    for (const c of world.conversations) for (const d of c.dialogs) if (d.id === id && c.consumer === socket.consumer) return [c, d];
    return [];
  };
  socket.on("message", (data) => {
    const { id, type, body = {}, metadata = [], headers = [] } = JSON.parse(data);
    const answer = (code, answered) => socket.send(JSON.stringify({ kind: "resp", reqId: id, code, type: "Response", body: answered }));
    const clientId = metadata.find((one) => one.type === "ClientMessageId")?.id;
    switch (type) {
      case "InitConnection": {
        const jwt = headers.find((one) => one.jwt)?.jwt ?? "";
        socket.consumer = JSON.parse(Buffer.from(jwt.split(".")[1], "base64")).sub;
        return answer(200, {});
      }
      case "cqm.SubscribeExConversations": {
        const subscriptionId = randomUUID();
        socket.subscriptions.add(subscriptionId);
        answer(200, { subscriptionId });
        return socket.notify("cqm.ExConversationChangeNotification", { subscriptionId, changes: world.conversations.filter((c) => c.consumer === socket.consumer).map((c) => world.described(c)) });
      }
      case "cqm.UnsubscribeExConversations":
        socket.subscriptions.delete(body.subscriptionId);
        return answer(200, "OK");
      case "ms.SubscribeMessagingEvents": {
        const [, d] = find(body.dialogId);
        if (!d) return answer(404, "no such dialog");
        socket.dialogs.add(d.id);
        answer(200, {});
        return socket.notify("ms.MessagingEventNotification", { changes: d.events.filter((e) => e.sequence >= (body.fromSeq ?? 0)) });
      }
      case "cm.ConsumerRequestConversation": {
        const open = world.conversations.find((c) => c.consumer === socket.consumer && c.dialogs.some((d) => d.open));
        return open ? answer(400, "User already has open conversation. Can't open another one.") : answer(200, { conversationId: world.open(socket.consumer).id });
      }
      case "ms.PublishEvent": {
        const [c, d] = find(body.dialogId);
        if (!d) return answer(404, "no such dialog");
        if (!d.open) return answer(400, "Bad Request, Conversation is close");
        if (body.event.type === "ChatStateEvent") return answer(200, { sequence: 0 });
        if (body.event.message === "refuse this") return answer(400, "event.message: is not taken");
        const known = clientId && world.answered.get(clientId);
        const sequence = known ?? world.append(c, d, socket.consumer, "CONSUMER", body.event, metadata);
        if (clientId) world.answered.set(clientId, sequence);
        return answer(200, { sequence });
      }
      case "cm.UpdateConversationField":
        world.closes();
        return answer(200, "OK Conversation resolved successfully");
      case "userprofile.GetUserProfile":
        return answer(200, { userId: body.userId, firstName: "Ada" });
      case "userprofile.SetUserProfile":
        world.profiles.push(body);
        return answer(200, "OK User Profile set successfully");
      case "ms.GenerateURLForUploadFile":
        return answer(200, { relativePath: `/v1/AUTH_async-images/mock/${randomUUID()}.${body.fileType}`, queryParams: { temp_url_sig: "ab", temp_url_expires: "9" } });
      case "ms.GenerateURLForDownloadFile":
        return answer(200, { relativePath: body.relativePath, queryParams: { temp_url_sig: "ab", temp_url_expires: "9" } });
      default:
        return answer(200, { currentTime: Date.now() });
    }
  });
}

const listen = (server, port) => new Promise((done) => server.listen(port, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`)));

/** Starts both; `config` overrides what the source is set to, `attributes` go into the script tag. */
export async function startMock({ port = 0, config = {}, attributes = "", head = "" } = {}) {
  const world = new World();
  const photo = picture();
  let origin = "";
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://mock");
    const send = (status, type, body, headers = {}) => response.writeHead(status, { "content-type": type, ...headers }).end(body);
    const json = (status, body) => send(status, "application/json", JSON.stringify(body), { "access-control-allow-origin": request.headers.origin ?? "*" });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = Buffer.concat(chunks);
    const file = (name, headers) => {
      const path = join(DIST, name);
      return existsSync(path) ? send(200, TYPES[name.split(".").at(-1)], readFileSync(path), headers) : send(404, "text/plain", "build it first: npm run build\n");
    };
    if (url.pathname === "/widget.js") return file("widget.js");
    if (url.pathname.startsWith("/widget/assets/")) return file(url.pathname.slice("/widget/".length));
    if (url.pathname.startsWith("/widget/frame/")) {
      const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${origin}`;
      return file("frame.html", { "content-security-policy": policy });
    }
    if (url.pathname.startsWith("/widget/config/")) {
      if (config.refuse) return json(403, { code: "origin_not_allowed", message: `the source does not allow pages of ${origin}`, remedy: "add it" });
      return json(200, { account: "mock", source: "shop", allowed_origins: [origin], title: "Kettle & Co", welcome: null, launcher_text: null, texts: {}, color: "#0b6b74", theme: "auto", position: "right", language: "auto", logo_url: null, sign_in: "optional", attachments: { max_bytes: 3 << 20, types: { "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF" } }, ...config });
    }
    if (url.pathname.endsWith("/anonymous/authorize")) {
      const known = asked.length > 0 ? JSON.parse(asked).id_token : null;
      return json(200, { token: known ?? token({ sub: randomUUID() }) });
    }
    if (url.pathname.endsWith("/authenticate")) {
      const { sub } = JSON.parse(Buffer.from(JSON.parse(asked).id_token.split(".")[1], "base64"));
      return json(200, { token: token({ sub, exp: Date.now() / 1000 + 86_400 }) });
    }
    if (url.pathname.startsWith("/v1/")) {
      if (request.method === "PUT") {
        world.files.set(url.pathname, { bytes: asked, type: request.headers["content-type"] ?? "application/octet-stream" });
        return send(201, "text/plain", "");
      }
      const found = world.files.get(url.pathname);
      return found ? send(200, found.type, found.bytes) : send(404, "text/plain", "gone");
    }
    return send(404, "text/plain", "nothing here");
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => connect(world, socket));
  const url = await listen(server, port);
  const page = createServer((request, response) => {
    const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Page</title>${head}</head>
      <body style="margin:0;font:16px system-ui;background:#f3efe8;color:#2a2622"><main style="max-width:60rem;margin:0 auto;padding:4rem 2rem"><h1>Kettle &amp; Co</h1><p>A page that carries the widget.</p></main>
      <script src="${url}/widget.js" data-account="mock" data-source="shop" ${attributes} async></script></body></html>`;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
  });
  origin = await listen(page, port === 0 ? 0 : port + 1);
  const stop = () => {
    for (const socket of sockets.clients) socket.terminate();
    for (const one of [server, page]) {
      one.closeAllConnections();
      one.close();
    }
  };
  return { url, page: origin, world, photo, stop };
}
