// The chapters of the documentation for those who write programs, followed to the letter.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Chapter } from '../lib/chapter.mjs';
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
});
