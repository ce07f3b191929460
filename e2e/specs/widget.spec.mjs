// The web widget in Chromium against the real binary: one visitor's story from the first word to the rating, through a reload, a tunnel and a server that
// dies; and the demo's shop, whose visitors are known or not. Set SCREENS_DIR for pictures.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { account, password } from '../lib/bootstrap.mjs';
import { Bot } from '../lib/bot.mjs';
import { BrandPage, openWidget } from '../lib/brand-page.mjs';
import { keep, launch, openPage, signIn, violations } from '../lib/browser.mjs';
import { Server } from '../lib/server.mjs';
import { SocketAgent } from '../lib/socket-agent.mjs';
import { until } from '../lib/until.mjs';
import { photo } from '../lib/vendor.mjs';

const DESK = { width: 1280, height: 820 };
const PHONE = { width: 390, height: 780 };
const SHAPES = [DESK, PHONE].flatMap((size) => ['light', 'dark'].map((colorScheme) => ({ size, colorScheme })));
const pictures = process.env.SCREENS_DIR;
if (pictures) mkdirSync(pictures, { recursive: true });

/** Looks at page and frame in each shape, and comes back to the first. */
async function clean(page, name) {
  for (const { size, colorScheme } of SHAPES) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    for (const frame of page.frames()) {
      assert.deepEqual(await violations(frame), [], `${name}, ${size.width} px, ${colorScheme}, ${frame.url()}`);
      const over = await frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${name} sticks out by ${over} px on ${size.width}`);
    }
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${size.width}-${colorScheme}.png`) });
  }
  await page.setViewportSize(DESK);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(page.problems, [], name);
}

const write = async (frame, text) => {
  await frame.getByRole('textbox').fill(text);
  await frame.getByRole('button', { name: 'Send', exact: true }).click();
};
const row = (frame, text) => frame.locator('.row', { hasText: text });
const once = async (frame, text) => {
  await row(frame, text).first().waitFor();
  assert.equal(await row(frame, text).count(), 1, text);
};
/** Texts of a conversation, each as often as it stands there. */
const times = async (agent, conversation, text) => (await agent.texts(conversation)).filter((one) => one === text).length;
const button = (title) => ({ type: 'button', title, click: { actions: [{ type: 'publishText', text: title }], metadata: [{ type: 'ExternalId', id: title }] } });

describe('the widget on a page of a brand', () => {
  let brand;
  let server;
  let agent;
  let browser;
  let context;
  let page;
  let frame;
  let conversation;
  let bot;
  let options;
  const serve = async (more = {}) => {
    server = await Server.start({ tls: true, bootstrap: options, ...more });
    agent = await SocketAgent.signIn(server.url, account, 'alice', password);
  };

  before(async () => {
    brand = await BrandPage.start();
    const web = `
[[account.source]]
channel = "web"
name = "Kettle & Leaf"
address = "shop"
skill = "General"
[account.source.settings]
allowed_origins = "${brand.url}"
`;
    options = { survey: 'survey-app', more: web };
    await serve();
    brand.carry(server, 'shop');
    browser = await launch();
    context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', locale: 'en-GB' });
    page = await openPage(context);
  });
  afterEach(async (test) => {
    if (page && test.error) await keep(page, test.name);
  });
  after(async () => {
    await browser?.close();
    bot?.stop();
    agent?.close();
    await server?.stop();
    brand?.stop();
  });

  it('lets a visitor chat with an agent', async () => {
    await page.goto(brand.url);
    frame = await openWidget(page);
    await clean(page, 'welcome');
    await write(frame, 'Does the blue kettle whistle?');
    conversation = await agent.takesWhatRings();
    await agent.sees(conversation, 'Does the blue kettle whistle?');
    await agent.writes(conversation, 'It does, softly.');
    await once(frame, 'It does, softly.');
    await once(frame, 'Does the blue kettle whistle?');
    await until('the visitor to have read it', async () => {
      const events = await agent.ask('.ams.ms.QueryMessages', { dialogId: conversation, newerThanSequence: 0 });
      return events.some(({ event }) => event.type === 'AcceptStatusEvent' && event.status === 'READ');
    });
    await clean(page, 'talk');
  });

  it('keeps everything over a reload', async () => {
    await frame.getByRole('textbox').fill('half a sentence');
    await page.reload();
    frame = await until('the frame', () => page.frames().find((one) => one.url().includes('/widget/frame/')));
    await once(frame, 'It does, softly.');
    await once(frame, 'Does the blue kettle whistle?');
    assert.equal(await frame.getByRole('textbox').inputValue(), 'half a sentence');
  });

  it('goes offline and comes back, and nothing is lost or doubled', async () => {
    await context.setOffline(true);
    await frame.getByText(/You are offline/).waitFor();
    await write(frame, 'Written in the tunnel');
    await write(frame, 'And this one too');
    await frame.getByText('Waiting to be sent').first().waitFor();
    await agent.writes(conversation, 'Are you there?');
    await clean(page, 'offline');
    await page.waitForFunction(() => !navigator.onLine);
    await context.setOffline(false);
    await once(frame, 'Are you there?');
    await agent.sees(conversation, 'And this one too');
    assert.deepEqual((await agent.texts(conversation)).slice(-3), ['Are you there?', 'Written in the tunnel', 'And this one too']);
    await frame.getByText('Waiting to be sent').first().waitFor({ state: 'detached' });
    for (const text of ['Written in the tunnel', 'And this one too', 'Are you there?']) await once(frame, text);
  });

  it('outlives the server\'s death, and what was written meanwhile comes once', async () => {
    const { http: listen, https: tlsListen, folder, removeFolder } = server;
    agent.close();
    await server.end('SIGKILL');
    await frame.getByText(/connection was lost/).waitFor();
    await write(frame, 'Hello? Anybody?');
    await serve({ folder, listen, tlsListen });
    server.removeFolder = removeFolder;
    await agent.sees(conversation, 'Hello? Anybody?');
    await agent.writes(conversation, 'Back again.');
    await once(frame, 'Back again.');
    await once(frame, 'Hello? Anybody?');
    assert.equal(await times(agent, conversation, 'Hello? Anybody?'), 1);
  });

  it('shows a file and sends one', async () => {
    await agent.sendsFile(conversation, photo, 'PNG', 'This is the blue one');
    await once(frame, 'This is the blue one');
    const image = row(frame, 'This is the blue one').locator('img');
    await until('the picture to be drawn', () => image.evaluate((element) => element.complete && element.naturalWidth > 0 && !element.classList.contains('blurred')));
    await frame.locator('input[type=file]').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: photo });
    await write(frame, 'And mine looks like this');
    const sent = await until('the visitor\'s picture', async () => {
      const events = await agent.ask('.ams.ms.QueryMessages', { dialogId: conversation, newerThanSequence: 0 });
      return events.map(({ event }) => event.message).find((message) => message?.caption === 'And mine looks like this');
    });
    assert.equal(sent.fileType, 'PNG');
    await once(frame, 'And mine looks like this');
  });

  it('shows a card and quick replies, and what is tapped is said', async () => {
    const card = { type: 'vertical', elements: [{ type: 'text', tag: 'title', text: 'Blue kettle' }, { type: 'text', tag: 'subtitle', text: '1.7 l, 39 EUR' }, button('Reserve it')] };
    await agent.publishes(conversation, { type: 'RichContentEvent', content: card });
    await frame.getByRole('button', { name: 'Reserve it' }).click();
    await agent.sees(conversation, 'Reserve it');
    await agent.writes(conversation, 'When will you come?', { quickReplies: { type: 'quickReplies', itemsPerRow: 2, replies: [button('Today'), button('Tomorrow')] } });
    await frame.getByRole('button', { name: 'Tomorrow' }).waitFor();
    await clean(page, 'card');
    await frame.getByRole('button', { name: 'Tomorrow' }).click();
    await agent.sees(conversation, 'Tomorrow');
    assert.equal(await times(agent, conversation, 'Tomorrow'), 1);
    assert.equal(await times(agent, conversation, 'Reserve it'), 1);
  });

  it('rates the talk when it has ended', async () => {
    bot = Bot.start('survey', server, 'manager');
    await bot.says('done', (line) => line.name === 'subscribeExConversations');
    await frame.getByRole('button', { name: 'More' }).click();
    await frame.getByRole('button', { name: 'End the conversation' }).click();
    await frame.getByRole('button', { name: 'End it' }).click();
    await frame.getByRole('button', { name: '5', exact: true }).waitFor();
    await clean(page, 'survey');
    await frame.getByRole('button', { name: '5', exact: true }).click();
    await bot.says('event', (line) => line.type === 'ContentEvent' && line.answer === 'A5');
    await bot.says('ended', (line) => line.stage === 'CLOSE' && line.cause === 'Completed');
    await once(frame, 'Thank you');
    await frame.getByText('The conversation has ended').first().waitFor();
    await clean(page, 'ended');
    const admin = await Admin.signIn(server);
    assert.equal((await admin.get(`/conversations/${conversation}`)).state, 'closed');
  });

  it('shows the survey and its answer to who reads the conversation later', async () => {
    const desk = await openPage(await browser.newContext({ viewport: { width: 1500, height: 950 }, reducedMotion: 'reduce', locale: 'en-GB' }));
    await signIn(desk, server, 'manager');
    await desk.getByRole('link', { name: 'Conversations' }).first().waitFor();
    await desk.goto(`${server.url}/conversations/closed/${conversation}`);
    const survey = desk.getByRole('region', { name: 'Survey' });
    for (const text of ['How was it?', '5', 'Thank you']) await survey.getByText(text, { exact: true }).first().waitFor();
    assert.deepEqual(await violations(desk), []);
    if (pictures) await desk.screenshot({ path: join(pictures, 'desk-survey-1500-light.png') });
    assert.deepEqual(desk.problems, []);
    await desk.context().close();
  });
});

describe('the shop of the demo', () => {
  let server;
  let agent;
  let browser;
  let context;
  let page;

  before(async () => {
    server = await Server.start({ command: 'demo' });
    agent = await SocketAgent.signIn(server.url, 'demo', 'agent1', 'correct-horse-9A');
    browser = await launch();
    context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', locale: 'en-GB' });
    page = await openPage(context);
  });
  afterEach(async (test) => {
    if (page && test.error) await keep(page, test.name);
  });
  after(async () => {
    await browser?.close();
    agent?.close();
    await server?.stop();
  });
  /** What the admin API says of a conversation's visit. */
  const visitOf = async (conversation) => {
    const answer = await fetch(`${server.url}/api/account/demo/login?v=1.3`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'agent1', password: 'correct-horse-9A' }),
    });
    const { bearer } = await answer.json();
    const told = await fetch(`${server.url}/api/v1/accounts/demo/conversations/${conversation}/visit`, { headers: { authorization: `Bearer ${bearer}` } });
    assert.equal(told.status, 200);
    return told.json();
  };

  it('is reached from the phones, and is accessible', async () => {
    await page.goto(`${server.url}/simulators`);
    await page.getByRole('link', { name: 'Open the shop with the web widget' }).click();
    await page.getByRole('heading', { name: 'In the shop' }).waitFor();
    await page.getByRole('button', { name: 'Add: Blue kettle' }).click();
    await page.getByRole('checkbox', { name: /spring newsletter/ }).check();
    await clean(page, 'shop');
  });

  it('tells agents what an unknown visitor has in the basket and what brought them', async () => {
    const frame = await openWidget(page);
    await write(frame, 'Is the blue one in stock?');
    const conversation = await agent.takesWhatRings();
    await agent.sees(conversation, 'Is the blue one in stock?');
    const visit = await visitOf(conversation);
    const cart = visit.told.find((one) => one.type === 'cart');
    assert.deepEqual([cart.total, cart.products[0].product.sku], [39, 'K-17']);
    assert.deepEqual([visit.campaign.campaignId, visit.campaign.engagementId, visit.vouched], ['spring-2026', 'newsletter', null]);
    await agent.writes(conversation, 'It is: twelve are left, and it ships today.');
    await once(frame, 'It is: twelve are left, and it ships today.');
    await frame.getByRole('status').filter({ hasText: 'Alice' }).waitFor();
    await clean(page, 'shop-talk');
    await page.evaluate(() => globalThis.antiphonWidget.close());
  });

  it('shows the agent in the workspace who writes and what their page told', async () => {
    const desk = await openPage(await browser.newContext({ viewport: { width: 1500, height: 950 }, reducedMotion: 'reduce', locale: 'en-GB' }));
    await signIn(desk, server, 'agent1', 'correct-horse-9A', 'demo');
    await desk.getByRole('button', { name: 'Conversations' }).or(desk.getByRole('link', { name: 'Conversations' })).first().waitFor();
    await desk.locator('[data-conversation]').filter({ hasText: /Visitor \d{4}/ }).first().click();
    const pane = desk.getByRole('region', { name: 'Consumer' });
    await pane.getByText('Told by their page').waitFor();
    for (const text of ['Cart', 'Blue kettle', 'spring-2026']) await pane.getByText(text, { exact: true }).first().waitFor();
    assert.deepEqual(await violations(desk), []);
    if (pictures) await desk.screenshot({ path: join(pictures, 'desk-1500-light.png') });
    assert.deepEqual(desk.problems, []);
    await desk.context().close();
  });

  it('vouches for who signs in, who is somebody else for the agents', async () => {
    await page.getByRole('combobox', { name: 'Customer' }).selectOption('Yusuf Kaya');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Signed in as Yusuf Kaya.').waitFor();
    await page.evaluate(() => globalThis.antiphonWidget.open());
    const frame = page.frames().find((one) => one.url().includes('/widget/frame/'));
    await until('nothing of the visitor before to be in view', async () => (await row(frame, 'Is the blue one in stock?').count()) === 0);
    await write(frame, 'Where is my order?');
    const conversation = await agent.takesWhatRings();
    await agent.sees(conversation, 'Where is my order?');
    const { vouched } = await visitOf(conversation);
    assert.equal(vouched.issuer, 'https://sign-in.shop.example');
    assert.match(JSON.stringify(vouched.attributes), /"customerId":"4712"/);
    assert.match(JSON.stringify(vouched.attributes), /Yusuf/);
    // On the next page it is the same customer with the same conversation; signed out, nothing of it stays.
    await page.reload();
    const again = await until('the frame', () => page.frames().find((one) => one.url().includes('/widget/frame/')));
    await once(again, 'Where is my order?');
    await page.evaluate(() => globalThis.antiphonWidget.close());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await until('nothing of the customer to stay in view', async () => (await row(again, 'Where is my order?').count()) === 0);
    assert.deepEqual(page.problems, []);
  });
});
