/** The distribution's Chromium, driven for checks; and the workspace signed in. */
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { ACCOUNT, PASSWORD } from "./data.mjs";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--autoplay-policy=no-user-gesture-required"],
  });

/** Collects what must never happen: errors in the console, violations of the content security policy. */
export function watch(page, problems) {
  page.on("pageerror", (e) => problems.push(`page error: ${e.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource|WebSocket connection/.test(m.text())) problems.push(`console: ${m.text()}`);
  });
}

export async function signIn(page, url, login = "agent1") {
  await page.goto(url);
  await page.getByLabel("Account").fill(ACCOUNT);
  await page.getByLabel("Login").fill(login);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor({ state: "attached" });
}

/** The accessibility violations of what is on screen, as short lines. */
export async function audit(page) {
  // The policy of the page forbids scripts from elsewhere; the tool is put in by the debugger instead.
  const session = await page.context().newCDPSession(page);
  const { readFileSync } = await import("node:fs");
  await session.send("Runtime.evaluate", { expression: `${readFileSync(axePath, "utf8")};undefined` });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.target.join(' ') + ' :: ' + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? '')) }))))",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return JSON.parse(result.value).flatMap((v) => v.nodes.slice(0, 4).map((n) => `${v.id} (${v.impact}): ${n}`));
}
