/**
 * Every screen, wide and narrow, light and dark: pictures into `SCREENS_DIR` when it is set, and an accessibility audit of
 * each. Fails on any violation, on any error in the console and on any breach of the content security policy.
 */
import { mkdirSync } from "node:fs";
import { audit, launch, signIn, watch } from "./browser.mjs";
import { uuid } from "./data.mjs";
import { startMock } from "./server.mjs";

const out = process.env.SCREENS_DIR ?? null;
if (out) mkdirSync(out, { recursive: true });
const only = process.argv[2]?.split(",");

const SCREENS = [
  { name: "sign-in", signedOut: true, path: "/" },
  { name: "list", path: "/conversations/mine" },
  { name: "conversation", path: `/conversations/mine/${uuid(1)}`, prepare: async (page) => {
    await page.getByRole("textbox", { name: /Message to/ }).fill("I can send it today. It will be with you on Friday – shall I go ahead?");
  } },
  { name: "rings", path: `/conversations/mine/${uuid(3)}`, ring: true },
  { name: "rtl-text", path: `/conversations/mine/${uuid(2)}` },
  { name: "long-text", path: `/conversations/mine/${uuid(5)}` },
  { name: "opted-out", path: `/conversations/mine/${uuid(4)}` },
  { name: "consumer-pane", path: `/conversations/mine/${uuid(1)}?pane=consumer` },
  { name: "beside", path: `/conversations/mine/${uuid(1)}?pane=consumer&beside=${uuid(901)}` },
  { name: "all", login: "manager1", path: "/conversations/all" },
  { name: "watching", login: "manager1", path: `/conversations/all/${uuid(7)}` },
  { name: "closed", path: "/conversations/closed" },
  { name: "search", path: "/conversations/mine?q=nora" },
  { name: "search-empty", path: "/conversations/mine?q=zzzz" },
  { name: "transfer", path: `/conversations/mine/${uuid(1)}`, prepare: async (page) => page.keyboard.press("Alt+Shift+KeyR") },
  { name: "close", path: `/conversations/mine/${uuid(1)}`, prepare: async (page) => page.keyboard.press("Alt+Shift+KeyW") },
  { name: "shortcuts", path: "/conversations/mine", prepare: async (page) => page.keyboard.press("?") },
  { name: "user-menu", login: "admin", path: "/conversations/mine", prepare: async (page) => page.getByRole("button", { name: "Your account" }).click() },
  { name: "state-menu", path: "/conversations/mine", prepare: async (page) => page.keyboard.press("Alt+Shift+KeyS") },
  { name: "password", path: "/conversations/mine", prepare: async (page) => { await page.getByRole("button", { name: "Your account" }).click(); await page.getByRole("menuitem", { name: "Change password" }).click(); } },
  { name: "offline", path: `/conversations/mine/${uuid(1)}`, offline: true },
  { name: "session-ended", path: `/conversations/mine/${uuid(1)}`, expire: true },
  { name: "not-found", path: "/nowhere" },
  { name: "users", login: "admin", path: "/admin/users" },
  { name: "user-edit", login: "admin", path: "/admin/users", prepare: async (page) => page.getByRole("button", { name: /Maya Lindqvist/ }).click() },
  { name: "skills", login: "admin", path: "/admin/skills" },
  { name: "sources", login: "admin", path: "/admin/sources" },
  { name: "source-edit", login: "admin", path: "/admin/sources", prepare: async (page) => page.getByRole("button", { name: /Acme page/ }).click() },
  { name: "source-new", login: "admin", path: "/admin/sources", prepare: async (page) => page.getByRole("button", { name: "New source" }).click() },
  { name: "apps", login: "admin", path: "/admin/apps" },
  { name: "app-edit", login: "admin", path: "/admin/apps", prepare: async (page) => page.getByRole("button", { name: /Loyalty cards/ }).click() },
  { name: "deliveries", login: "admin", path: "/admin/deliveries" },
  { name: "channel-log", login: "admin", path: "/admin/channel-log" },
  { name: "channel-log-entry", login: "admin", path: "/admin/channel-log", prepare: async (page) => page.locator("tbody button").nth(3).click() },
  { name: "dead-letters", login: "admin", path: "/admin/dead-letters" },
  { name: "dead-letter", login: "admin", path: "/admin/dead-letters", prepare: async (page) => page.locator("tbody button").first().click() },
];

const shapes = process.env.SHAPES?.split(",").map(Number);
const SHAPES = [
  { size: { width: 1440, height: 900 }, theme: "light" },
  { size: { width: 1440, height: 900 }, theme: "dark" },
  { size: { width: 390, height: 844 }, theme: "light" },
  { size: { width: 390, height: 844 }, theme: "dark" },
];

const browser = await launch();
let bad = 0;
let seen = 0;
for (const { size, theme } of SHAPES.filter((_, i) => !shapes || shapes.includes(i))) {
  for (const locale of process.env.RTL ? ["pseudo"] : [null]) {
    for (const screen of SCREENS) {
      if (only && !only.includes(screen.name)) continue;
      const mock = await startMock();
      const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin" });
      const page = await context.newPage();
      const problems = [];
      watch(page, problems);
      try {
        if (screen.signedOut) await page.goto(mock.url + screen.path);
        else {
          await signIn(page, mock.url, screen.login);
          if (locale) await page.evaluate((l) => localStorage.setItem("antiphon.locale", l), locale);
          await page.goto(mock.url + screen.path);
          await page.locator('[data-connection="live"]').first().waitFor({ state: "attached", timeout: 1500 }).catch(() => undefined);
        }
        if (screen.ring) mock.world.offer([...mock.world.conversations.values()].find((c) => c.consumer.name === "陈美玲"), "77");
        await page.waitForTimeout(250);
        if (screen.prepare && !locale) await screen.prepare(page);
        if (screen.offline) {
          mock.control.refuse = true;
          await page.getByRole("textbox", { name: /Message to/ }).fill("Written while the line is down");
          await page.keyboard.press("Enter");
          mock.cut();
          await page.getByRole("button", { name: "Try now" }).waitFor();
        }
        if (screen.expire) {
          mock.sessions.clear();
          mock.cut();
          await page.getByRole("dialog").waitFor();
        }
        await page.waitForTimeout(350);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > size.width) problems.push(`wider than the screen: ${width}`);
        problems.push(...(await audit(page)));
        const file = `${screen.name}-${size.width}-${theme}${locale ? `-${locale}` : ""}`;
        if (out) await page.screenshot({ path: `${out}/${file}.png` });
        seen += 1;
        for (const p of new Set(problems)) console.log(`${file}: ${p}`);
        bad += problems.length;
      } catch (e) {
        bad += 1;
        console.log(`${screen.name} ${size.width} ${theme}: ${e.message.split("\n").slice(0, 3).join(" ")}`);
        if (out) await page.screenshot({ path: `${out}/${screen.name}-${size.width}-${theme}-broken.png` }).catch(() => undefined);
      }
      await context.close();
      await mock.stop();
    }
  }
}
await browser.close();
console.log(`${seen} screens, ${bad} problems`);
process.exitCode = bad > 0 ? 1 : 0;
