// A consumer on the web: signs up and speaks the consumers' socket, as a published client would.

import { WebSocket } from 'ws';
import { account } from './bootstrap.mjs';
import { until } from './until.mjs';

export class Visitor {
  /** Signs up and connects. */
  static async connect(server, features = ['MULTI_DIALOG', 'RICH_CONTENT']) {
    const answer = await fetch(`${server.url}/api/account/${account}/signup`, { method: 'POST' });
    if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
    const { jwt } = await answer.json();
    const visitor = new Visitor();
    visitor.id = JSON.parse(atob(jwt.split('.')[1])).sub;
    visitor.heard = [];
    visitor.waiting = new Map();
    visitor.last = 0;
    visitor.socket = new WebSocket(`wss://${server.https}/ws_api/account/${account}/messaging/consumer?v=3`, { ca: server.caText() });
    visitor.socket.on('message', (data) => visitor.take(JSON.parse(data)));
    await new Promise((done, failed) => visitor.socket.once('open', done).once('error', failed));
    await visitor.ask('InitConnection', undefined, {
      headers: [
        { type: '.ams.headers.ClientProperties', deviceFamily: 'DESKTOP', features },
        { type: '.ams.headers.ConsumerAuthentication', jwt },
      ],
    });
    await visitor.ask('cqm.SubscribeExConversations', { convState: ['OPEN', 'CLOSE'] });
    return visitor;
  }

  take(frame) {
    if (frame.kind === 'resp') {
      this.waiting.get(frame.reqId)?.(frame);
      this.waiting.delete(frame.reqId);
    } else {
      this.heard.push(frame);
    }
  }

  /** Asks, and gives the body; anything but success is an error. */
  async ask(type, body, more = {}) {
    const id = String((this.last += 1));
    const answered = new Promise((done) => this.waiting.set(id, done));
    this.socket.send(JSON.stringify({ kind: 'req', id, type, body, ...more }));
    const answer = await answered;
    if (answer.code > 399) throw new Error(`${type}: ${answer.code} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Opens a conversation and gives its id. */
  async open() {
    const { conversationId } = await this.ask('cm.ConsumerRequestConversation', {});
    await this.ask('ms.SubscribeMessagingEvents', { dialogId: conversationId, fromSeq: 0 });
    return conversationId;
  }

  publish(dialogId, event, metadata) {
    return this.ask('ms.PublishEvent', { dialogId, event }, { metadata });
  }

  write(dialogId, message, metadata) {
    return this.publish(dialogId, { type: 'ContentEvent', contentType: 'text/plain', message }, metadata);
  }

  /** Every event that was told, in order. */
  get events() {
    return this.heard.filter((frame) => frame.type === 'ms.MessagingEventNotification').flatMap((frame) => frame.body.changes);
  }

  /** Waits for an event that satisfies the check. */
  hears(what, check) {
    return until(() => `the visitor to hear ${what}; heard ${JSON.stringify(this.heard.slice(-6))}`, () => this.events.find(check));
  }

  /** Waits for a state of a conversation that satisfies the check. */
  sees(what, check) {
    const states = () =>
      this.heard.filter((frame) => frame.type === 'cqm.ExConversationChangeNotification').flatMap((frame) => frame.body.changes.map((one) => one.result));
    return until(() => `the visitor to see ${what}; heard ${JSON.stringify(this.heard.slice(-3))}`, () => states().find(check));
  }

  stop() {
    this.socket.terminate();
  }
}
