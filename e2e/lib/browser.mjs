// Chromium as the distribution ships it, pages that remember their errors, and the accessibility audit.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { account, password } from './bootstrap.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const failures = join(import.meta.dirname, '../failures');

/** Starts the browser. */
export function launch() {
  const places = [process.env.ANTIPHON_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = places.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium found: apt-get install chromium, or set ANTIPHON_CHROMIUM');
  // A container's root has no sandbox to offer.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

/** A page whose console errors and crashes are collected in `problems`. */
export async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    // A refused request and a cut line are part of what is tested here.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket|ERR_/.test(message.text())) page.problems.push(message.text());
  });
  return page;
}

/** Signs in by the form. */
export async function signIn(page, server, login, secret = password, of = account) {
  await page.goto(server.url);
  await page.getByLabel(/^Account/).fill(of);
  await page.getByLabel(/^Login/).fill(login);
  await page.getByLabel(/^Password/).fill(secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The accessibility violations of what a page or frame shows now, one line each. */
export async function violations(page) {
  await page.evaluate(axe);
  // Colours in the middle of a transition are nobody's contrast; inherited ones start a frame later each.
  await page.evaluate(async () => {
    for (let quiet = 0, frames = 0; quiet < 10 && frames < 300; frames += 1) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      quiet = document.getAnimations().some((one) => one instanceof CSSTransition) ? 0 : quiet + 1;
    }
  });
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false }));
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.any[0]?.message ?? rule.help}`));
}

/** Keeps a picture of a page for whoever looks into a failure. */
export async function keep(page, name) {
  mkdirSync(failures, { recursive: true });
  await page.screenshot({ path: join(failures, `${name.replace(/\W+/g, '-')}.png`) }).catch(() => undefined);
}
