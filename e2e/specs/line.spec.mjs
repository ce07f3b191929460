// LINE's published package against both of ours: what it finds rightly signed passes the connector, what the simulator signs passes it, and its client
// is answered by the simulator as by the vendor.

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { messagingApi, validateSignature } from '@line/bot-sdk';
import { Admin } from '../lib/admin.mjs';
import { Server } from '../lib/server.mjs';
import { simulatorOf } from '../lib/simulator.mjs';
import { until } from '../lib/until.mjs';

const bot = 'U00000000000000000000000000000b07';
const secret = '0123456789abcdef0123456789abcdef';
const sign = (body) => createHmac('sha256', secret).update(body).digest('base64');

describe('webhooks that the published package finds rightly signed', () => {
  let server;
  let admin;
  before(async () => {
    const more = `
[[account.source]]
channel = "line"
name = "Shop on LINE"
address = "${bot}"
skill = "General"
api_base_url = "http://127.0.0.1:9"
[account.source.credentials]
channel_secret = "${secret}"
access_token = "a-token-of-no-value"
`;
    server = await Server.start({ bootstrap: { more } });
    admin = await Admin.signIn(server);
  });
  after(() => server?.stop());

  const post = (body, signature) => fetch(`${server.url}/webhooks/line/${bot}`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-line-signature': signature }, body });
  const event = (user, text) => JSON.stringify({
    destination: bot,
    events: [{ type: 'message', mode: 'active', timestamp: Date.now(), webhookEventId: randomUUID(), deliveryContext: { isRedelivery: false }, source: { type: 'user', userId: user }, replyToken: 'r', message: { type: 'text', id: '1', quoteToken: 'q', text } }],
  });

  it('are taken, and a repeat is taken once', async () => {
    const user = 'U000000000000000000000000000000a1';
    const body = event(user, 'こんにちは ☂');
    assert.ok(validateSignature(body, secret, sign(body)));
    for (let times = 0; times < 3; times += 1) assert.equal((await post(body, sign(body))).status, 200);
    const { id } = await admin.conversationOf(user);
    assert.deepEqual(await admin.texts(id), ['こんにちは ☂']);
  });

  it('are refused with 401 where it refuses them', async () => {
    const user = 'U000000000000000000000000000000a2';
    const body = event(user, 'hi');
    for (const [text, signature] of [[`${body} `, sign(body)], [body, sign(`${body}x`)], [body, 'AAAA']]) {
      assert.equal(validateSignature(text, secret, signature), false);
      assert.equal((await post(text, signature)).status, 401);
    }
    assert.equal(await admin.conversationOf(user), undefined);
  });
});

describe('the simulator', () => {
  let server;
  let base;
  let sink;
  const got = [];
  before(async () => {
    server = await Server.start({ command: 'demo' });
    base = await simulatorOf(server, 'line');
    sink = createServer((request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        got.push({ body: Buffer.concat(pieces), signature: request.headers['x-line-signature'] });
        response.end();
      });
    });
    await new Promise((done) => sink.listen(0, '127.0.0.1', done));
  });
  after(async () => {
    sink?.close();
    await server?.stop();
  });

  const control = (path, body) => fetch(`${base}/_sim${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  it('signs as the published package checks', async () => {
    const endpoint = `http://127.0.0.1:${sink.address().port}/line`;
    await control('/bots', { bot_user_id: bot, channel_id: '1', channel_secret: secret, access_token: 'spec-token', endpoint });
    const { id } = await (await control('/phone/consumers', { line: bot, first_name: 'Ann' })).json();
    await control('/phone/messages', { line: bot, consumer: id, message: { text: 'Grüße こんにちは' } });
    const webhook = await until('the webhook', () => got[0]);
    assert.ok(validateSignature(webhook.body, secret, webhook.signature));
    assert.equal(validateSignature(Buffer.concat([webhook.body, Buffer.from(' ')]), secret, webhook.signature), false);
  });

  it('answers the published client', async () => {
    const client = new messagingApi.MessagingApiClient({ channelAccessToken: 'spec-token', baseURL: base });
    assert.equal((await client.getBotInfo()).userId, bot);
    const { id } = await (await control('/phone/consumers', { line: bot, first_name: 'Bo' })).json();
    assert.equal((await client.getProfile(id)).displayName, 'Bo');
    const key = randomUUID();
    const message = { to: id, messages: [{ type: 'text', text: 'once' }] };
    const first = await client.pushMessage(message, key);
    assert.ok(first.sentMessages[0].id);
    await assert.rejects(client.pushMessage(message, key), (error) => error.status === 409 && JSON.parse(error.body).sentMessages[0].id === first.sentMessages[0].id);
  });
});
