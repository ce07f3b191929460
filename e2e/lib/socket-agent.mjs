// An agent at the socket, as far as the specs need one: signs in, takes what rings, reads and writes.

import { createRequire } from 'node:module';
import { until } from './until.mjs';

const { WebSocket } = createRequire(import.meta.url)('ws');

export class SocketAgent {
  static async signIn(url, account, username, password) {
    const agent = new SocketAgent();
    const answer = await fetch(`${url}/api/account/${account}/login?v=1.3`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password }),
    });
    if (answer.status !== 200) throw new Error(`the log-in of ${username} was answered with ${answer.status}: ${await answer.text()}`);
    const { bearer, config } = await answer.json();
    agent.url = url;
    agent.me = `${account}.${config.userId}`;
    agent.waiting = new Map();
    agent.rings = [];
    agent.socket = new WebSocket(`${url.replace('http', 'ws')}/ws_api/account/${account}/messaging/brand/${bearer}?v=2.1`);
    agent.socket.on('message', (text) => agent.#hear(JSON.parse(String(text))));
    await new Promise((open, failed) => agent.socket.once('open', open).once('error', failed));
    await agent.ask('.ams.aam.SubscribeExConversations', { agentIds: [agent.me], convState: ['OPEN'] });
    await agent.ask('.ams.routing.SubscribeRoutingTasks', { channelType: 'MESSAGING' });
    await agent.ask('.ams.routing.SetAgentState', { availability: 'ONLINE', channels: ['MESSAGING'] });
    return agent;
  }

  #hear(frame) {
    if (frame.kind === 'resp') {
      this.waiting.get(frame.reqId)?.(frame);
      this.waiting.delete(frame.reqId);
    } else if (frame.type.endsWith('RoutingTaskNotification')) {
      for (const { result } of frame.body.changes) for (const ring of result.ringsDetails) if (ring.ringState === 'WAITING') this.rings.push(ring);
    }
  }

  async ask(type, body) {
    const id = String(this.waiting.size + Math.random());
    const response = await new Promise((done) => {
      this.waiting.set(id, done);
      this.socket.send(JSON.stringify({ kind: 'req', id, type, body }));
    });
    if (response.code > 399) throw new Error(`${type}: ${response.code} ${JSON.stringify(response.body)}`);
    return response.body;
  }

  /** Accepts the first ring; gives the conversation's id. */
  async takesWhatRings() {
    const ring = await until('something to ring', () => this.rings.shift());
    await this.ask('.ams.routing.UpdateRingState', { ringId: ring.ringId, ringState: 'ACCEPTED' });
    return ring.convId;
  }

  /** The texts of a conversation, in order. */
  async texts(dialogId) {
    const events = await this.ask('.ams.ms.QueryMessages', { dialogId, newerThanSequence: 0 });
    return events.map((event) => event.event.message).filter((message) => typeof message === 'string');
  }

  sees(dialogId, text) {
    return until(`“${text}” to be in the conversation`, async () => (await this.texts(dialogId)).includes(text));
  }

  publishes(dialogId, event) {
    return this.ask('.ams.ms.PublishEvent', { dialogId, event });
  }

  writes(dialogId, message, more = {}) {
    return this.publishes(dialogId, { type: 'ContentEvent', contentType: 'text/plain', message, ...more });
  }

  /** Uploads a file and shows it. */
  async sendsFile(dialogId, bytes, fileType, caption) {
    const place = await this.ask('.ams.ms.token.GenerateURLForUploadFile', { fileSize: bytes.length, fileType });
    const { temp_url_sig: signature, temp_url_expires: expires } = place.queryParams;
    const put = await fetch(`${this.url}${place.relativePath}?temp_url_sig=${signature}&temp_url_expires=${expires}`, { method: 'PUT', body: bytes });
    if (put.status !== 201) throw new Error(`the upload was answered with ${put.status}: ${await put.text()}`);
    const message = { caption, relativePath: place.relativePath, fileType };
    await this.publishes(dialogId, { type: 'ContentEvent', contentType: 'hosted/file', message });
  }

  close() {
    this.socket.close();
  }
}
