// The browser library that brands have on their pages: JSONP, no headers, the consumers' socket, from a page of another host.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, it, describe } from 'node:test';
import { Bot } from '../lib/bot.mjs';
import { account } from '../lib/bootstrap.mjs';
import { launch, openPage } from '../lib/browser.mjs';
import { page as windowPage } from '../lib/message-window.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const web = `
[[account.source]]
channel = "web"
name = "Shop"
address = "shop"
skill = "General"
`;

describe('a message window on a page of the brand', () => {
  let server;
  let shop;
  let browser;
  let bot;

  before(async () => {
    server = await Server.start({ tls: true, bootstrap: { more: web } });
    shop = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(windowPage(server.https, account)));
    await new Promise((done) => shop.listen(0, '127.0.0.1', done));
    browser = await launch();
    bot = Bot.start('echo', server, 'alice');
    await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
  });
  after(async () => {
    bot?.stop();
    await browser?.close();
    shop?.close();
    await server?.stop();
  });

  it('finds its hosts, signs up, opens, talks, and finds its conversation again after a reload', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await openPage(context);
    const lines = () => page.evaluate(() => globalThis.lines);
    const shows = (what, expected) =>
      until(() => `the window to show ${what}`, async () => {
        const failed = await page.evaluate(() => globalThis.failed ?? globalThis.endedWith);
        assert.equal(failed, undefined);
        return JSON.stringify(await lines()) === JSON.stringify(expected);
      });
    await page.goto(`http://127.0.0.1:${shop.address().port}/`);
    await page.waitForFunction(() => globalThis.listening);
    await page.evaluate(() => globalThis.say('hello'));
    await shows('both lines', ['me: hello', 'them: echo : hello']);
    const clocks = await page.evaluate(() => globalThis.heard.filter((frame) => frame.type === 'GetClockResponse').map((frame) => frame.reqId));
    assert.deepEqual(clocks, ['1', '1'], 'each request is answered, under one and the same id');

    await page.reload();
    await page.waitForFunction(() => globalThis.listening);
    await shows('the lines of before', ['me: hello', 'them: echo : hello']);
    await page.evaluate(() => globalThis.say('still me'));
    await shows('what came since', ['me: hello', 'them: echo : hello', 'me: still me', 'them: echo : still me']);
    const opened = await page.evaluate(() => globalThis.heard.some((frame) => frame.type === 'cm.RequestConversationResponse'));
    assert.equal(opened, false, 'the snapshot came within the second');
    assert.deepEqual(page.problems, []);
    assert.deepEqual(bot.said.filter((said) => ['error', 'warn', 'refused', 'event before its conversation'].includes(said.what)), []);
    await context.close();
  });
});
