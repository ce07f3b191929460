// A user signs in to an app in Chromium, with scripts switched off: the page, its mistakes, the way back, and the exchange of the code.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { account, password } from '../lib/bootstrap.mjs';
import { keep, launch, violations } from '../lib/browser.mjs';
import { Server } from '../lib/server.mjs';

const SECRET = 'a-secret-of-the-desk';

/** The app's own page, where users come back. */
const desk = () =>
  new Promise((resolve) => {
    const server = createServer((_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Desk</title><h1>Welcome back</h1>');
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

describe('signing in to an app', () => {
  let server;
  let app;
  let back;
  let browser;

  before(async () => {
    server = await Server.start({ bootstrap: {} });
    app = await desk();
    back = `http://127.0.0.1:${app.address().port}/back`;
    const admin = await Admin.signIn(server);
    await admin.post('/apps', { client_id: 'desk', client_secret: SECRET, name: 'Reporting desk', settings: { redirect_uris: [back] } });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    app?.close();
  });

  it('shows who asks, takes the log-in, and comes back with a code that is worth a session', async (test) => {
    // The audit needs scripts of its own: it looks at the page in a context that has them.
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 780 } });
    const page = await context.newPage();
    try {
      const asked = new URLSearchParams({ response_type: 'code', client_id: 'desk', redirect_uri: back, state: 'a b' });
      const begin = `${server.url}/sentinel/api/account/${account}/authorize?v=1.0&${asked}`;
      await page.goto(begin);
      await page.getByRole('heading', { name: 'Sign in to Reporting desk' }).waitFor();
      const colour = await page.getByRole('button', { name: 'Sign in and continue' }).evaluate((it) => getComputedStyle(it).backgroundColor);
      assert.notEqual(colour, 'rgb(239, 239, 239)', 'the style is not held back by the policy');
      await page.getByLabel('Log-in name').fill('alice');
      await page.getByLabel('Password').fill('not-the-password-1');
      await page.getByRole('button', { name: 'Sign in and continue' }).click();
      await page.getByRole('alert').getByText('is wrong').waitFor();
      assert.equal(await page.getByLabel('Log-in name').inputValue(), 'alice');
      assert.equal(await page.getByLabel('Password').inputValue(), '');
      await keep(page, 'app-sign-in');

      const seen = await browser.newContext();
      const audited = await seen.newPage();
      await audited.goto(begin);
      assert.deepEqual(await violations(audited), []);
      await seen.close();

      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in and continue' }).click();
      await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
      const told = new URL(page.url()).searchParams;
      assert.equal(told.get('state'), 'a b');
      const grant = { grant_type: 'authorization_code', code: told.get('code'), redirect_uri: back, client_id: 'desk', client_secret: SECRET };
      const exchange = () =>
        fetch(`${server.url}/sentinel/api/account/${account}/token?v=2.0`, { method: 'POST', body: new URLSearchParams(grant) });
      const tokens = await (await exchange()).json();
      assert.equal(tokens.token_type, 'Bearer');
      const again = await exchange();
      assert.deepEqual([again.status, (await again.json()).error], [400, 'invalid_grant']);
    } catch (error) {
      await keep(page, test.name);
      throw error;
    }
  });
});
