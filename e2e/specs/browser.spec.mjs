// The workspace in Chromium against the real binary: an agent's day, by role and label, with the accessibility audit on each screen.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { keep, launch, openPage, signIn, violations } from '../lib/browser.mjs';
import { Server } from '../lib/server.mjs';
import { write } from '../lib/sms.mjs';
import { until } from '../lib/until.mjs';
import { Vendor, photo } from '../lib/vendor.mjs';

const composer = (page) => page.getByRole('textbox', { name: /^Message to/ });
const transcript = (page) => page.getByRole('region', { name: /^Transcript with/ });
const send = async (page, text) => {
  await composer(page).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
};
const online = async (page) => {
  await page.getByTitle('Connection: Live').first().waitFor({ state: 'attached' });
  const go = page.getByRole('button', { name: 'Go online' });
  await go.click({ timeout: 3_000 }).catch(() => undefined);
};
/** Accepts the first offer. */
const accept = (page) => page.getByRole('button', { name: /^Accept/ }).first().click();
const occurrences = (page, text) => transcript(page).getByText(text, { exact: true }).count();

describe('the workspace', () => {
  let server;
  let vendor;
  let browser;
  let context;
  let page;
  let admin;

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ bootstrap: { vendor: vendor.url } });
    admin = await Admin.signIn(server);
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' });
    page = await openPage(context);
  });
  afterEach(async (test) => {
    if (page && test.error) await keep(page, test.name);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    vendor?.stop();
  });

  it('refuses a wrong password with a sentence, and lets the right one in', async () => {
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
    await signIn(page, server, 'alice', 'wrong-password-1A');
    await page.getByRole('alert').first().waitFor();
    await signIn(page, server, 'alice');
    await page.getByRole('heading', { name: 'Conversations' }).or(page.getByRole('link', { name: 'Conversations' })).first().waitFor();
    assert.deepEqual(await violations(page), []);
  });

  it('rings, is accepted, and shows what the consumer wrote', async () => {
    await online(page);
    await write(server, '+14155550401', 'Is my order on its way?');
    await page.getByRole('button', { name: /^Accept/ }).first().waitFor();
    assert.deepEqual(await violations(page), []);
    await accept(page);
    await transcript(page).getByText('Is my order on its way?', { exact: true }).waitFor();
    assert.deepEqual(await violations(page), []);
  });

  it('sends a reply and shows its receipts', async () => {
    await send(page, 'It left this morning.');
    const message = await vendor.sees('+14155550401', 'It left this morning.');
    await vendor.report(message, 'sent');
    await vendor.report(message, 'delivered');
    await transcript(page).getByText('Delivered').first().waitFor({ state: 'attached' });
    assert.equal(await occurrences(page, 'It left this morning.'), 1);
  });

  it('shows a photo inline and sends one', async () => {
    await vendor.sendPhoto(server, '+14155550401', 'Look at this');
    const image = transcript(page).getByRole('img').last();
    await image.waitFor();
    await until('the photo to be drawn', () => image.evaluate((element) => element.naturalWidth > 0));
    await page.locator('input[type=file]').first().setInputFiles({ name: 'reply.png', mimeType: 'image/png', buffer: photo });
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const message = await until('the photo to be sent', () => vendor.to('+14155550401').find((one) => one.media.length > 0));
    const fetched = await fetch(message.media[0]);
    assert.equal(fetched.status, 200);
    assert.match(fetched.headers.get('content-type'), /image\/png/);
  });

  it('keeps a file that was chosen and not sent over a reload', async () => {
    await page.locator('input[type=file]').first().setInputFiles({ name: 'kept.png', mimeType: 'image/png', buffer: photo });
    await page.getByRole('button', { name: 'Remove kept.png' }).waitFor();
    await until('the upload', () => page.getByRole('button', { name: 'Send', exact: true }).isEnabled());
    await page.reload();
    await page.getByRole('button', { name: 'Remove kept.png' }).waitFor();
    const before = vendor.to('+14155550401').length;
    await send(page, 'Here it is.');
    const message = await until('the kept photo to be sent', () => vendor.to('+14155550401').slice(before).find((one) => one.media.length > 0));
    assert.equal((await fetch(message.media[0])).status, 200);
    await page.reload();
    await composer(page).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Remove kept.png' }).count(), 0);
  });

  it('notifies of a message while nobody looks, once for two tabs', async () => {
    const tabs = [await openPage(context), await openPage(context)];
    for (const tab of tabs) {
      await tab.addInitScript(() => {
        globalThis.told = [];
        globalThis.Notification = class {
          static permission = 'granted';
          constructor(title, { body }) {
            globalThis.told.push(`${title}: ${body}`);
          }
          close() {}
        };
        Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
        localStorage.setItem('antiphon.preferences', JSON.stringify({ sound: true, notifications: true }));
      });
      await tab.goto(`${server.url}/conversations/mine`);
      await tab.getByTitle('Connection: Live').first().waitFor({ state: 'attached' });
    }
    // The page that is seen would speak for all.
    const address = page.url();
    await page.goto('about:blank');
    await write(server, '+14155550401', 'Nobody looks');
    const told = async () => (await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.told)))).flat();
    await until('a notification', async () => (await told()).length > 0);
    await page.goto(address);
    await transcript(page).getByText('Nobody looks', { exact: true }).waitFor();
    assert.deepEqual(await told(), ['+14155550401: Nobody looks']);
    for (const tab of tabs) {
      assert.deepEqual(tab.problems, []);
      await tab.close();
    }
  });

  it('agrees between two tabs of one agent', async () => {
    const second = await openPage(context);
    await second.goto(page.url());
    await transcript(second).getByText('It left this morning.', { exact: true }).waitFor();
    await send(second, 'From the other tab.');
    await transcript(page).getByText('From the other tab.', { exact: true }).waitFor();
    await vendor.sees('+14155550401', 'From the other tab.');
    assert.equal(await occurrences(page, 'From the other tab.'), 1);
    assert.equal(await occurrences(second, 'From the other tab.'), 1);
    assert.deepEqual(second.problems, []);
    await second.close();
  });

  it('loses and doubles nothing when the server is killed and comes back', async () => {
    const { http: listen, folder } = server;
    await server.end('SIGKILL');
    await page.getByTitle(/^Connection: (Offline|Connecting)/).first().waitFor();
    await send(page, 'Written while the line was cut.');
    const old = server;
    server = await Server.start({ folder, listen, bootstrap: { vendor: vendor.url } });
    server.removeFolder = old.removeFolder;
    await write(server, '+14155550401', 'Are you still there?');
    await transcript(page).getByText('Are you still there?', { exact: true }).waitFor({ timeout: 60_000 });
    await vendor.sees('+14155550401', 'Written while the line was cut.');
    for (const text of ['Are you still there?', 'Written while the line was cut.', 'It left this morning.']) {
      assert.equal(await occurrences(page, text), 1, text);
    }
    assert.equal(vendor.textsTo('+14155550401').filter((text) => text === 'Written while the line was cut.').length, 1);
  });

  it('closes, and a new message opens a new conversation with the earlier one in view', async () => {
    await page.keyboard.press('Alt+Shift+KeyW');
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog')).first();
    await dialog.waitFor();
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('button', { name: 'Close', exact: true }).click();
    const closed = await until('the conversation to close', async () => {
      const { items } = await admin.get('/conversations?state=closed');
      return items.find((item) => item.consumer.address === '+14155550401');
    });
    await write(server, '+14155550401', 'One more thing');
    await accept(page);
    await transcript(page).getByText('One more thing', { exact: true }).waitFor();
    const { items } = await admin.get('/conversations?state=open');
    assert.notEqual(items.find((item) => item.consumer.address === '+14155550401').id, closed.id);
  });

  it('has a sheet of shortcuts, a dark face and a narrow one, all accessible', async () => {
    await page.locator('body').click({ position: { x: 2, y: 2 } });
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await violations(page), []);
    await page.setViewportSize({ width: 390, height: 800 });
    assert.deepEqual(await violations(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390), 'nothing may stick out at 390 px');
    assert.deepEqual(page.problems, []);
  });
});
