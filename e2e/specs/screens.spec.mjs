// Every screen of the workspace against the real binary, wide and narrow, light and dark: nothing that the accessibility audit finds, nothing that sticks
// out, no error in the console.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { account, password } from '../lib/bootstrap.mjs';
import { keep, launch, openPage, signIn, violations } from '../lib/browser.mjs';
import { Server } from '../lib/server.mjs';
import { fields, post, sign, webhook, write } from '../lib/sms.mjs';
import { until } from '../lib/until.mjs';
import { Vendor, photo } from '../lib/vendor.mjs';

const WIDE = { width: 1400, height: 900 };
const SHAPES = [WIDE, { width: 390, height: 800 }].flatMap((size) => ['light', 'dark'].map((colorScheme) => ({ size, colorScheme })));

/** Looks at what is shown in each shape, and comes back to the wide and light one. */
async function clean(page, name) {
  for (const { size, colorScheme } of SHAPES) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], `${name}, ${size.width} px, ${colorScheme}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= size.width, `${name} is ${wide} px wide on ${size.width}`);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(page.problems, [], name);
}

const field = (page) => page.getByRole('textbox', { name: /^Message to/ });
const transcript = (page) => page.getByRole('region', { name: /^Transcript with/ });
const live = (page) => page.getByTitle('Connection: Live').first().waitFor({ state: 'attached' });
const dialog = (page) => page.getByRole('dialog');
const row = (page, number) => page.locator('[data-conversation]').filter({ hasText: number });

describe('each screen', () => {
  const number = '+14155550501';
  let server;
  let vendor;
  let browser;
  let page;
  let admin;

  const open = async (path, login) => {
    const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce' });
    page = await openPage(context);
    await signIn(page, server, login);
    await live(page);
    if (path) await page.goto(server.url + path);
  };

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ bootstrap: { vendor: vendor.url } });
    admin = await Admin.signIn(server);
    browser = await launch();
  });
  afterEach(async (test) => {
    if (page && test.error) await keep(page, test.name);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    vendor?.stop();
  });

  it('of signing in', async () => {
    page = await openPage(await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce' }));
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await clean(page, 'signing in');
    await signIn(page, server, 'alice', 'wrong-password-1A');
    await page.getByRole('alert').first().waitFor();
    await clean(page, 'a wrong password');
  });

  it('of the list and of offers', async () => {
    await open('', 'alice');
    await clean(page, 'no conversation');
    await page.getByRole('button', { name: 'Go online' }).click();
    await page.keyboard.press('Alt+Shift+KeyS');
    await page.getByRole('menuitemradio', { name: /Away/ }).waitFor();
    await clean(page, 'the agent’s states');
    await page.keyboard.press('Escape');
    await write(server, number, 'Is my order on its way?');
    await page.getByRole('article').waitFor();
    await clean(page, 'an offer');
    await page.keyboard.press('Alt+Shift+KeyN');
    await transcript(page).getByText('Is my order on its way?', { exact: true }).waitFor();
  });

  it('of a conversation', async () => {
    await clean(page, 'a conversation');
    await vendor.sendPhoto(server, number, 'Look at this');
    await until('the photo to be drawn', () => transcript(page).getByRole('img').last().evaluate((image) => image.naturalWidth > 0).catch(() => false));
    await page.locator('input[type=file]').first().setInputFiles({ name: 'reply.png', mimeType: 'image/png', buffer: photo });
    await field(page).fill('€'.repeat(200));
    await clean(page, 'writing, with a file');
    await page.getByRole('button', { name: 'Remove reply.png' }).click();
    await field(page).fill('It left this morning.');
    await page.keyboard.press('Enter');
    await vendor.report(await vendor.sees(number, 'It left this morning.'), 'undelivered');
    await transcript(page).getByText('Not delivered').first().waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Private note' }).click();
    await field(page).fill('Careful with this one');
    await page.keyboard.press('Enter');
    await transcript(page).getByText('Careful with this one').waitFor();
    await clean(page, 'a failed message and a note');
    await page.getByRole('button', { name: 'Private note' }).click();
  });

  it('of what can be done with it', async () => {
    await page.keyboard.press('Alt+Shift+KeyR');
    await dialog(page).waitFor();
    await clean(page, 'a transfer');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menu').waitFor();
    await clean(page, 'more actions');
    await page.keyboard.press('Escape');
    await write(server, number, 'STOP');
    await page.getByText('Private notes are still possible.').waitFor();
    await clean(page, 'an opted-out consumer');
    await write(server, number, 'START');
    await page.getByText('Private notes are still possible.').waitFor({ state: 'detached' });
    await page.keyboard.press('Alt+Shift+KeyW');
    await dialog(page).waitFor();
    await clean(page, 'closing');
    await page.keyboard.press('Enter');
    await row(page, number).waitFor({ state: 'detached' });
  });

  it('of earlier and closed conversations, and of searching', async () => {
    await write(server, number, 'One more thing');
    await page.getByRole('button', { name: /^Accept/ }).first().click();
    await transcript(page).getByText('One more thing', { exact: true }).waitFor();
    await page.getByRole('group', { name: 'Consumer' }).getByRole('link').first().click();
    await page.getByRole('button', { name: 'Back to the consumer' }).waitFor();
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByRole('button', { name: 'Show the consumer' }).click();
    await clean(page, 'an earlier conversation beside');
    await page.getByRole('button', { name: 'Back to the consumer' }).click();
    await clean(page, 'the consumer');
    await page.goto(`${server.url}/conversations/closed`);
    await row(page, number).waitFor();
    await clean(page, 'closed conversations');
    await row(page, number).click();
    await page.getByText('This conversation is closed.').waitFor();
    await clean(page, 'a closed conversation');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('nobody at all');
    await page.getByText('Nobody found').waitFor();
    await clean(page, 'a search in vain');
  });

  it('of the user’s own things', async () => {
    await page.goto(`${server.url}/conversations/mine`);
    await live(page);
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menuitem', { name: 'Change password' }).waitFor();
    await clean(page, 'the user’s menu');
    await page.getByRole('menuitem', { name: 'Change password' }).click();
    await page.getByLabel(/Current password/).fill(password);
    await page.getByLabel(/^New password/).fill('short');
    await page.getByLabel(/Repeat/).fill('short');
    await dialog(page).getByRole('button', { name: 'Change password' }).click();
    await dialog(page).getByText(/at least 12 characters/).waitFor();
    await clean(page, 'a weak password');
    await page.keyboard.press('Escape');
    await page.locator('body').click({ position: { x: 2, y: 2 } });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await clean(page, 'the shortcuts');
    await page.keyboard.press('Escape');
    await page.goto(`${server.url}/nowhere`);
    await page.getByText('There is nothing at this address.').waitFor();
    await clean(page, 'nothing');
  });

  it('of a session that ends', async () => {
    await page.context().close();
    await open('/conversations/mine', 'bob');
    // The browser's own clock is hurried on; the server's goes on as ever, and it has the last word.
    await page.clock.install();
    await page.reload();
    await live(page);
    const warning = page.getByRole('dialog', { name: 'Are you still there?' });
    await page.clock.fastForward('14:30');
    await warning.waitFor();
    await page.clock.resume();
    await clean(page, 'the warning before the idle log-out');
    await page.keyboard.press('Enter');
    await warning.waitFor({ state: 'detached' });
    const { items } = await admin.get('/users');
    await admin.post(`/users/${items.find((user) => user.login === 'bob').id}/password`, { new_password: `${password}-2` });
    const ended = page.getByRole('dialog', { name: 'Your session has ended' });
    await ended.waitFor();
    await clean(page, 'an ended session');
    await ended.getByLabel(/^Password/).fill(`${password}-2`);
    await page.keyboard.press('Enter');
    await ended.waitFor({ state: 'detached' });
    await live(page);
  });

  it('of a manager', async () => {
    await page.context().close();
    await open('/conversations/all', 'manager');
    await row(page, number).click();
    await page.getByText('Join the conversation first.').waitFor();
    await clean(page, 'watching a conversation');
  });

  it('of the administrator', async () => {
    await page.context().close();
    // Signed, and of no use: it names nobody who wrote.
    const { From: _nobody, ...useless } = fields({ from: number, text: 'lost' });
    await post(webhook(server), useless, sign(webhook(server), useless));
    await admin.post('/apps', { client_id: 'loyalty-cards', client_secret: 'kept-by-nobody-1', name: 'Loyalty cards' });
    await admin.post('/api-keys', { name: 'Nightly export', scopes: ['conversations:read', 'audit:read'] });
    await open('', 'admin');
    for (const [name, path] of [['Users', 'users'], ['Skills', 'skills'], ['Sources', 'sources'], ['Apps', 'apps'], ['API keys', 'api-keys'], ['Deliveries', 'deliveries'], ['Channel log', 'channel-log'], ['Dead letters', 'dead-letters']]) {
      await page.goto(`${server.url}/admin/${path}`);
      await page.getByRole('heading', { name, exact: true }).first().waitFor();
      await page.getByRole('table').waitFor();
      await clean(page, name);
      const first = page.getByRole('table').getByRole('button').first();
      if (name === 'Deliveries') continue;
      await first.click();
      await dialog(page).getByRole('heading').first().waitFor();
      await clean(page, `one of ${name}`);
      await page.keyboard.press('Escape');
      const another = page.getByRole('button', { name: /^New / });
      if ((await another.count()) === 0) continue;
      await another.click();
      await dialog(page).getByLabel(/^(Login|Name|Channel|Client)/).first().waitFor();
      await clean(page, `a new one of ${name}`);
      await page.keyboard.press('Escape');
    }
  });

  it('of an app’s secret, which is shown once', async () => {
    await page.goto(`${server.url}/admin/apps`);
    await page.getByRole('button', { name: 'New app' }).click();
    await page.getByLabel(/^Client id/).fill('kiosk');
    await page.getByLabel('Messages').fill('http://kiosk.example/hook');
    await page.getByRole('button', { name: 'Create' }).click();
    const field = page.getByLabel('Messages');
    await until('the refusal to stand at its field', async () => (await field.getAttribute('aria-invalid')) === 'true');
    await clean(page, 'a refused endpoint');
    await field.fill('https://kiosk.example/hook');
    await page.getByRole('button', { name: 'Create' }).click();
    assert.match(await page.getByLabel('Client secret').inputValue(), /^[0-9a-f]{64}$/);
    await clean(page, 'an app’s secret');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('row').filter({ hasText: 'kiosk.example' }).waitFor();
  });

  it('of a key’s secret, which is shown once and opens what it says', async () => {
    await page.goto(`${server.url}/admin/api-keys`);
    await page.getByRole('button', { name: 'New API key' }).click();
    await page.getByLabel(/^Name/).fill('Skills');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Must name at least one scope').first().waitFor();
    await clean(page, 'a refused key');
    await dialog(page).getByLabel('Skills').selectOption('read');
    await page.getByRole('button', { name: 'Create' }).click();
    const secret = await page.getByLabel('Key', { exact: true }).inputValue();
    await clean(page, 'a key’s secret');
    const ask = (path) => fetch(`${server.url}/api/v1/accounts/${account}/${path}`, { headers: { authorization: `Bearer ${secret}` } });
    assert.deepEqual([(await ask('skills')).status, (await ask('users')).status], [200, 403]);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: /^Skills/ }).click();
    await page.getByRole('button', { name: 'Revoke' }).click();
    await clean(page, 'revoking a key');
    await page.getByRole('button', { name: 'Revoke for ever' }).click();
    await page.getByRole('button', { name: /^Skills/ }).waitFor({ state: 'detached' });
    assert.equal((await ask('skills')).status, 401);
  });

  it('of the settings', async () => {
    await page.goto(`${server.url}/admin/settings`);
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    await clean(page, 'the settings');
    await page.getByLabel(/^Time zone/).fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Is no IANA time zone').waitFor();
    await clean(page, 'a refused setting');
    await page.getByLabel(/^Time zone/).fill('Asia/Tokyo');
    await page.getByLabel(/^Private networks/).fill('127.0.0.0/8');
    await page.getByLabel('Unit of: An answered conversation is closed after').selectOption('hours');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const { timezone, auto_close_s, allow_private_endpoints } = await admin.get('/settings');
    assert.deepEqual([timezone, auto_close_s, allow_private_endpoints], ['Asia/Tokyo', 7 * 3600, ['127.0.0.0/8']]);
  });

  it('of an app’s notifications', async () => {
    const told = [];
    const hook = createServer((request, answer) => {
      told.push(request.url);
      request.resume();
      answer.writeHead(told.length > 1 ? 200 : 500).end();
    });
    await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${hook.address().port}/hook`;
      await admin.post('/apps', { client_id: 'listener', client_secret: 'kept-by-nobody-2', name: 'Listener', settings: { webhooks: { 'ms.MessagingEventNotification.ContentEvent': { endpoint } } } });
      await page.goto(`${server.url}/admin/apps`);
      await page.getByRole('link', { name: 'Notifications to Listener' }).click();
      await page.getByText('Nothing here yet.').waitFor();
      await clean(page, 'an app that was told nothing');
      await page.getByRole('button', { name: 'Test', exact: true }).click();
      await page.getByRole('button', { name: 'Send the test' }).click();
      await dialog(page).getByText('500', { exact: true }).waitFor();
      await clean(page, 'a test that failed');
      await page.keyboard.press('Escape');
      await write(server, number, 'Is anybody told?');
      await until('the app to be told', () => told.length > 1);
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.getByRole('table').getByText('Delivered').waitFor();
      await clean(page, 'an app’s notifications');
      await page.getByRole('table').getByRole('button').first().click();
      await dialog(page).getByText(/Is anybody told\?/).waitFor();
      await clean(page, 'a notification');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Send again…' }).click();
      await page.getByRole('checkbox', { name: /^Only those/ }).uncheck();
      await clean(page, 'sending again');
      await page.getByRole('button', { name: 'Send again', exact: true }).click();
      await until('the app to be told again', () => told.length > 2);
      await page.getByRole('button', { name: 'Switch off' }).click();
      await page.getByRole('button', { name: 'Switch on' }).waitFor();
      await page.getByText('Is told nothing').waitFor();
    } finally {
      hook.close();
    }
  });

  it('without the server', async () => {
    await page.goto(`${server.url}/conversations/mine`);
    await live(page);
    await server.end('SIGKILL');
    await page.getByRole('button', { name: 'Try now' }).waitFor();
    await clean(page, 'no line');
  });
});
