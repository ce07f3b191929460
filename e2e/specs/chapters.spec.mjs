// The chapters of the documentation for those who write programs, followed to the letter.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Chapter } from '../lib/chapter.mjs';
import { SocketAgent } from '../lib/socket-agent.mjs';
import { until } from '../lib/until.mjs';

describe('the chapters for those who write programs', () => {
  let chapter;
  afterEach(() => chapter?.close());

  it('“Write a bot” leads to a bot that answers and hands over', async () => {
    /** Writes from the demo's text-message phone, and waits for what the phone shows then. */
    const phone = async (what, at) => {
      const [text, answer] = what.split(' -> ');
      const base = at.url('8080', '/simulators/api/twilio_sms/phone');
      const { consumers, lines } = await (await fetch(base)).json();
      const [consumer, line] = [consumers[0].id, lines[0].id];
      const body = JSON.stringify({ consumer, line, message: { text } });
      const sent = await fetch(`${base}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      assert.ok(sent.ok, await sent.text());
      const shows = async () => {
        const url = `${base}/thread?consumer=${encodeURIComponent(consumer)}&line=${encodeURIComponent(line)}`;
        return JSON.stringify(await (await fetch(url)).json()).includes(JSON.stringify(answer).slice(1, -1));
      };
      await until(() => `the phone to show “${answer}”\n${at.last.output.slice(-2000)}`, shows, { every: 100 });
    };
    chapter = await Chapter.open('docs/write-a-bot.md', { ports: ['8080', '8443'], hands: { phone } });
    await chapter.follow();
  });

  it('“Write a connector” leads to a conversation over a gateway of one\'s own', async () => {
    let alice;
    /** Takes the one conversation that rings, sees what the consumer wrote, and answers. */
    const agent = async (what, at) => {
      const [text, answer] = what.split(' -> ');
      alice = await SocketAgent.signIn(at.url('8080'), '12345678', 'alice', 'correct-horse-9A-battery');
      const conversation = await alice.takesWhatRings();
      await alice.sees(conversation, text);
      await alice.writes(conversation, answer);
      alice.conversation = conversation;
    };
    const texts = async (what) => {
      await until('the conversation to hold what was said, once', async () => (await alice.texts(alice.conversation)).join(' | ') === what);
    };
    chapter = await Chapter.open('docs/write-a-connector.md', { ports: ['8080', '8443', '7000', '7001'], hands: { agent, texts } });
    await chapter.follow().finally(() => alice?.close());
  });

  it('“Move from another platform” runs a published bot and a connector\'s requests by the host alone', async () => {
    chapter = await Chapter.open('docs/move-your-programs.md', { ports: ['8080', '8443'] });
    await chapter.follow();
  });
});
