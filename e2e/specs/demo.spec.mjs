// The demo as a new user meets it: what the simulated phones send arrives whole, photos included, on every channel.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Server } from '../lib/server.mjs';
import { SocketAgent } from '../lib/socket-agent.mjs';
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

  it('shows a card and a question on every phone, and a tap and a typed number come back as the same answer', async () => {
    const agent = await SocketAgent.signIn(server.url, 'demo', DEMO.username, DEMO.password);
    const metadata = [{ type: 'ExternalId', id: 'later' }];
    const button = (title, id) => ({
      type: 'button', title, click: { actions: [{ type: 'publishText', text: `${title}, please` }], metadata: [{ type: 'ExternalId', id }] },
    });
    const content = {
      type: 'vertical',
      elements: [{ type: 'text', tag: 'title', text: 'Blue kettle' }, { type: 'text', text: '1.7 l, 39 EUR' }, button('Buy', 'buy'), button('Later', 'later')],
    };
    const answers = {};
    const typed = [];
    const { channels } = await (await fetch(`${server.url}/simulators/channels`)).json();
    for (const { channel } of channels) {
      const base = `${server.url}/simulators/api/${channel}/phone`;
      const { consumers, lines } = await (await fetch(base)).json();
      const [consumer, line] = [consumers[1].id, lines[0].id];
      const says = async (message) => {
        const body = JSON.stringify({ consumer, line, message });
        const sent = await fetch(`${base}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        assert.ok(sent.ok, await sent.text());
      };
      await says({ text: `a question over ${channel}` });
      const conversation = await until(`the conversation over ${channel}`, async () => {
        const { items } = await get('/api/v1/accounts/demo/conversations?state=open');
        return items.find((item) => item.channel === channel && item.last_message?.text === `a question over ${channel}`);
      });
      const join = [{ field: 'ParticipantsChange', type: 'ADD', role: 'MANAGER' }];
      await agent.ask('.ams.cm.UpdateConversationField', { conversationId: conversation.id, conversationField: join });
      const { sequence } = await agent.publishes(conversation.id, { type: 'RichContentEvent', content });
      const shown = await until(`the card on the phone of ${channel}`, async () => {
        const thread = await (await fetch(`${base}/thread?${new URLSearchParams({ consumer, line })}`)).json();
        return thread.messages.findLast((message) => message.text.includes('Blue kettle'));
      });
      const { buttons } = shown;
      if (buttons.length === 0) {
        assert.equal(shown.text, 'Blue kettle\n1.7 l, 39 EUR\n\n1. Buy\n2. Later\nReply with a number.', channel);
        typed.push(channel);
        await says({ text: '2' });
      } else {
        assert.deepEqual(buttons.map((one) => one.title), ['Buy', 'Later'], channel);
        const { title, kind, payload } = buttons[1];
        await says({ text: title, [kind]: payload });
      }
      answers[channel] = await until(`the answer over ${channel}`, async () => {
        const { items } = await get(`/api/v1/accounts/demo/conversations/${conversation.id}/messages?after_sequence=${sequence}`);
        // Receipts of arrival and reading come in between.
        const answer = items.filter(({ event }) => event.status === 'ACTION' || event.type === 'ContentEvent');
        return answer.length >= 2 ? answer : undefined;
      });
      const [tap, words] = answers[channel];
      assert.deepEqual([tap.event.status, tap.event.sequenceList], ['ACTION', [sequence]], channel);
      assert.equal(words.event.message, 'Later, please');
      for (const one of [tap, words]) assert.deepEqual(one.metadata.filter(({ type }) => type === 'ExternalId'), metadata);
    }
    assert.deepEqual(typed.sort(), ['cm_sms', 'twilio_sms'], 'only text messages have nothing to tap');
    agent.close();
  });
});
