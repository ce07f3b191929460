// The demo as a new user meets it: what the simulated phones send arrives whole, photos included, on every channel.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const DEMO = { username: 'admin', password: 'correct-horse-9A' };
// The smallest PNG that there is.
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('the demo', () => {
  let server;
  let bearer;
  before(async () => {
    server = await Server.start({ command: 'demo' });
    const answer = await fetch(`${server.url}/api/account/demo/login?v=1.3`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(DEMO),
    });
    assert.equal(answer.status, 200);
    bearer = (await answer.json()).bearer;
  });
  after(() => server?.stop());

  const get = async (path) => {
    const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };

  it('takes text and a photo from a phone of every channel', async () => {
    const { channels } = await (await fetch(`${server.url}/simulators/channels`)).json();
    assert.ok(channels.length >= 2);
    for (const { channel } of channels) {
      const base = `${server.url}/simulators/api/${channel}/phone`;
      const { consumers, lines } = await (await fetch(base)).json();
      const sent = await fetch(`${base}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          consumer: consumers[0].id,
          line: lines[0].id,
          message: { text: `a photo over ${channel}`, media: [{ content_type: 'image/png', name: 'photo.png', base64: PICTURE }] },
        }),
      });
      assert.ok(sent.ok, await sent.text());
      const picture = await until(`the photo over ${channel}`, async () => {
        const { items } = await get('/api/v1/accounts/demo/conversations?state=open');
        const conversation = items.find((item) => item.channel === channel);
        if (!conversation) return undefined;
        const messages = await get(`/api/v1/accounts/demo/conversations/${conversation.id}/messages`);
        const file = messages.items.map((item) => item.event.message).find((message) => message?.relativePath);
        return file && file.state !== 'pending' ? file : undefined;
      });
      assert.equal(picture.state, 'ready', `${channel}: ${picture.reason}`);
    }
  });
});
