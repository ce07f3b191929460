// The vendor's published package against both of ours: what it signs passes the connector, and what the simulator signs passes it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { Server } from '../lib/server.mjs';
import { simulatorOf } from '../lib/simulator.mjs';
import { authToken, fields, post, sign, validates, validatesBody, webhook } from '../lib/sms.mjs';
import { until } from '../lib/until.mjs';

describe('webhooks signed by the published package', () => {
  let server;
  let admin;
  before(async () => {
    server = await Server.start();
    admin = await Admin.signIn(server);
  });
  after(() => server?.stop());

  it('are taken, and a repeat is taken once', async () => {
    const url = webhook(server);
    const params = fields({ from: '+14155550201', text: 'Grüße & 100 % = ☂ + “quotes”' });
    const signature = sign(url, params);
    for (let times = 0; times < 3; times += 1) assert.equal((await post(url, params, signature)).status, 200);
    const { id } = await admin.conversationOf('+14155550201');
    assert.deepEqual(await admin.texts(id), [params.Body]);
  });

  it('are taken with fields that appear without notice, empty ones among them', async () => {
    const url = webhook(server);
    const params = { ...fields({ from: '+14155550202', text: 'hi' }), ZNewField: 'x', aNewField: '', FromCity: '' };
    assert.equal((await post(url, params, sign(url, params))).status, 200);
    assert.ok(await admin.conversationOf('+14155550202'));
  });

  it('are refused with 401 when anything was changed, and nothing is stored', async () => {
    const url = webhook(server);
    const params = fields({ from: '+14155550203', text: 'hi' });
    const good = sign(url, params);
    const bad = {
      'no signature': post(url, params),
      'an empty signature': post(url, params, ''),
      'another text': post(url, { ...params, Body: 'ho' }, good),
      'one more field': post(url, { ...params, Extra: '1' }, good),
      'another key': post(url, params, sign(url, params, 'f'.repeat(32))),
      'another path': post(url, params, sign(`${url}/x`, params)),
      'no base64': post(url, params, '%%%'),
      'a cut signature': post(url, params, good.slice(0, -4)),
    };
    for (const [what, answer] of Object.entries(bad)) assert.equal((await answer).status, 401, what);
    assert.equal(await admin.conversationOf('+14155550203'), undefined);
  });

  it('are answered 404 for an unknown source', async () => {
    const url = `${server.url}/webhooks/twilio_sms/%2B15005550099`;
    const params = fields({ from: '+14155550204', text: 'hi' });
    assert.equal((await post(url, params, sign(url, params))).status, 404);
  });

  it('are kept as a dead letter when signed but unusable', async () => {
    const url = webhook(server);
    const params = { AccountSid: 'AC1', Body: 'no sender and no id' };
    assert.equal((await post(url, params, sign(url, params))).status, 200);
    const { items } = await admin.get('/dead-letters');
    assert.equal(items.length, 1);
    assert.ok(items[0].reason.length > 0);
  });
});

describe('the simulator', () => {
  const sid = 'AC0000000000000000000000000000517f';
  const key = 'another_auth_token_0000000000000';
  const line = '+15005550077';
  let server;
  let simulator;
  let receiver;
  let origin;
  const received = [];
  const control = async (path, body) => {
    const answer = await fetch(`${simulator}/_sim${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return answer.json();
  };

  before(async () => {
    receiver = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      received.push({ url: origin + request.url, body, signature: request.headers['x-twilio-signature'] });
      response.setHeader('content-type', 'text/xml');
      response.end('<Response/>');
    });
    await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${receiver.address().port}`;
    server = await Server.start({ command: 'demo' });
    simulator = await simulatorOf(server, 'twilio_sms');
    // Without this the demo's simulator connects to the demo, whatever a webhook's address says.
    await control('/webhook', { url: `${origin}/hook` });
    await control('/accounts', { account_sid: sid, auth_token: key });
    await control('/numbers', { account_sid: sid, phone_number: line, sms_url: `${origin}/hook?a=1&b=%20x` });
  });
  after(async () => {
    receiver?.closeAllConnections();
    receiver?.close();
    await server?.stop();
  });

  it('signs inbound messages so that the published package accepts them', async () => {
    for (const body of ['plain', 'Grüße & 100 % = ☂ +', '']) {
      const before = received.length;
      await control('/inbound', { from: '+14155550211', to: line, body: body || ' ', fields: [['ZNewField', 'x'], ['aEmpty', '']] });
      const hook = await until('the webhook', () => received[before]);
      const params = Object.fromEntries(new URLSearchParams(hook.body));
      assert.equal(params.Body, body || ' ');
      assert.ok(validates(key, hook.signature, hook.url, params), hook.body);
      assert.ok(!validates(authToken, hook.signature, hook.url, params), 'another key must not do');
      assert.ok(!validates(key, hook.signature, hook.url, { ...params, Body: 'other' }), 'another text must not do');
    }
  });

  it('signs JSON bodies so that the published package accepts them', async () => {
    const before = received.length;
    await control('/json-webhook', { account_sid: sid, url: `${origin}/json`, body: '{"a":"ü"}' });
    const hook = await until('the webhook', () => received[before]);
    assert.ok(validatesBody(key, hook.signature, hook.url, hook.body), hook.url);
    assert.ok(!validatesBody(key, hook.signature, hook.url, `${hook.body} `), 'another body must not do');
  });
});
