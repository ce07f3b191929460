/**
 * Every state of the widget, on desktops and phones, light and dark: pictures into `SCREENS_DIR` when it is set, and an
 * accessibility audit of each, page and frame. Fails on any violation, on any error in the console and on any breach of a policy.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch, watch } from "../../mock/browser.mjs";
import { startMock } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** The violations in one frame; a closed shadow root is not looked into. */
async function audit(frame) {
  await frame.evaluate(`${axe};undefined`);
  const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], iframes: false }));
  return violations.flatMap((rule) => rule.nodes.slice(0, 4).map((node) => `${rule.id} (${rule.impact}): ${node.target.join(" ")} :: ${node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? ""}`));
}

const out = process.env.SCREENS_DIR ?? null;
if (out) mkdirSync(out, { recursive: true });
const only = process.argv[2]?.split(",");

const button = (title, text, id) => ({ type: "button", title, click: { actions: [{ type: "publishText", text: text ?? title }], metadata: [{ type: "ExternalId", id: id ?? title }] } });
const link = (title, uri) => ({ type: "button", title, click: { actions: [{ type: "link", uri }] } });
const replies = (...titles) => ({ type: "quickReplies", itemsPerRow: 3, replies: titles.map((title) => button(title)) });
const card = (title, subtitle, ...buttons) => ({ type: "vertical", tag: "generic", elements: [{ type: "image", url: "https://pictures.test/kettle.png", tooltip: title }, { type: "text", tag: "title", text: title }, { type: "text", tag: "subtitle", text: subtitle }, ...buttons] });


/** Opens the window and gives its frame. The button lies in a closed shadow, so it is found as people find it. */
async function open(page) {
  await page.evaluate(() => globalThis.antiphonWidget.open());
  const frame = await until(() => page.frames().find((one) => one.url().includes("/widget/frame/")));
  await frame.getByRole("textbox").waitFor();
  return frame;
}
async function until(check) {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await check();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error("waited in vain");
}
const write = async (frame, text) => {
  await frame.getByRole("textbox").fill(text);
  await frame.getByRole("button", { name: "Send", exact: true }).click();
};
const talk = async (page, mock) => {
  const frame = await open(page);
  await write(frame, "Hello! My order 4711 should have been here on Monday. Where is it?");
  await until(() => mock.world.conversation?.dialogs[0].events.length >= 1);
  mock.world.reads([0]);
  mock.world.says("Good morning! I am sorry about that. Let me have a look.");
  mock.world.says("It left our house on Friday; the carrier says it arrives today between 14:00 and 16:00: https://carrier.example/track/4711");
  await frame.locator(".row", { hasText: "It left our house" }).waitFor();
  return frame;
};

const SCREENS = [
  { name: "button" },
  { name: "button-words", config: { launcher_text: "Questions? Ask us" } },
  { name: "button-unread", run: async (page, mock) => {
    await talk(page, mock);
    await page.evaluate(() => globalThis.antiphonWidget.close());
    await new Promise((done) => setTimeout(done, 300));
    mock.world.says("Is there anything else?");
    mock.world.says("Take your time.");
    await new Promise((done) => setTimeout(done, 600));
  } },
  { name: "welcome", run: (page) => open(page) },
  { name: "welcome-own", config: { welcome: "Moin! Questions about kettles, tea or your order?\nWe are here until six.", color: "#7a1f5c", logo_url: null }, run: (page) => open(page) },
  { name: "talk", run: talk },
  { name: "typing", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await write(frame, "Thank you!");
    mock.world.types();
    await frame.locator(".typing").waitFor();
  } },
  { name: "quick-replies", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.says("Shall we leave it with a neighbour if you are out?", { quickReplies: replies("Yes, please", "No, I wait", "Change the address") });
    await frame.getByRole("button", { name: "Yes, please" }).waitFor();
  } },
  { name: "quick-reply-taken", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.says("Shall we leave it with a neighbour if you are out?", { quickReplies: replies("Yes, please", "No, I wait") });
    await frame.getByRole("button", { name: "Yes, please" }).click();
    await frame.locator(".mine", { hasText: "Yes, please" }).waitFor();
  } },
  { name: "card", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.shows(card("Blue kettle", "1.7 l, whistles softly, 39 EUR", button("Reserve it"), link("Show in the shop", "https://shop.example/kettle")));
    await frame.getByRole("button", { name: "Reserve it" }).waitFor();
  } },
  { name: "carousel", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.says("These three are in stock:");
    mock.world.shows({ type: "carousel", elements: [card("Blue kettle", "1.7 l, 39 EUR", button("Take the blue one")), card("Copper kettle", "1.2 l, handmade, 89 EUR", button("Take the copper one")), card("Travel kettle", "0.5 l, folds away, 24 EUR", button("Take the small one"))] });
    await frame.getByRole("button", { name: "Take the blue one" }).waitFor();
  } },
  { name: "files", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await frame.locator("input[type=file]").setInputFiles({ name: "box.png", mimeType: "image/png", buffer: mock.photo });
    await frame.getByRole("textbox").fill("The box looks like this");
    await frame.getByRole("button", { name: "Send", exact: true }).click();
    mock.world.sendsFile("Label for your return.pdf", "PDF", Buffer.alloc(240_000, 1), "application/pdf");
    mock.world.sendsFile("sea.png", "PNG", mock.photo, "image/png", "And this is the new one");
    await until(async () => (await frame.locator(".picture img:not(.blurred)").count()) >= 2);
  } },
  { name: "file-chosen", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await frame.locator("input[type=file]").setInputFiles([{ name: "a picture with quite a long name.png", mimeType: "image/png", buffer: mock.photo }, { name: "invoice.jpg", mimeType: "image/jpeg", buffer: mock.photo }]);
    await frame.getByText("invoice.jpg").waitFor();
  } },
  { name: "picture-large", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.sendsFile("sea.png", "PNG", mock.photo, "image/png", "The new one");
    await frame.getByRole("button", { name: /Enlarge/ }).click();
    await frame.getByRole("dialog").waitFor();
  } },
  { name: "offline", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await page.context().setOffline(true);
    await frame.getByText(/You are offline/).waitFor();
    await write(frame, "Written in the tunnel");
    await frame.getByText("Waiting to be sent").waitFor();
  } },
  { name: "reconnecting", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.stop();
    await frame.getByText(/connection was lost/).waitFor();
  }, quiet: true },
  { name: "failed", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await write(frame, "refuse this");
    await frame.getByText("Not sent").waitFor();
  } },
  { name: "ended", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.closes();
    await frame.getByText(/The conversation has ended/).waitFor();
  } },
  { name: "survey", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.closes(true);
    mock.world.says("How satisfied are you with this conversation?", { quickReplies: replies("1", "2", "3", "4", "5") });
    await frame.getByRole("button", { name: "5", exact: true }).waitFor();
  } },
  { name: "earlier", run: async (page, mock) => {
    const frame = await talk(page, mock);
    mock.world.closes();
    await frame.getByText(/has ended/).waitFor();
    await write(frame, "One more thing: do you have spare lids?");
    await until(() => mock.world.conversations.length === 2);
    await page.reload();
    const again = await open(page);
    await again.getByText("spare lids").waitFor();
    await again.getByRole("button", { name: "Show the earlier conversation" }).waitFor();
  } },
  { name: "menu", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await frame.getByRole("button", { name: "More" }).click();
  } },
  { name: "end-sure", run: async (page, mock) => {
    const frame = await talk(page, mock);
    await frame.getByRole("button", { name: "More" }).click();
    await frame.getByRole("button", { name: "End the conversation" }).click();
    await frame.getByRole("dialog").waitFor();
  } },
  { name: "sign-in", config: { sign_in: "required" }, run: (page) => open(page) },
  { name: "right-to-left", config: { language: "ar", position: "left" }, run: async (page, mock) => {
    const frame = await open(page);
    await frame.getByRole("textbox").fill("مرحبا، أين طلبي رقم 4711؟");
    await frame.getByRole("button", { name: "إرسال", exact: true }).click();
    await until(() => mock.world.conversation?.dialogs[0].events.length >= 1);
    mock.world.reads([0]);
    mock.world.says("صباح الخير! سيصل اليوم بين الساعة 14 و16.", { quickReplies: replies("شكرًا", "غيّر العنوان") });
    await frame.getByRole("button", { name: "شكرًا" }).waitFor();
  } },
  { name: "long", run: async (page, mock) => {
    const frame = await open(page);
    await write(frame, `${"Averylongwordwithoutanybreak".repeat(8)} and then\n\nsome lines <b>not bold</b> https://shop.example/${"path/".repeat(30)} 👍`);
    await until(() => mock.world.conversation?.dialogs[0].events.length >= 1);
    mock.world.says("👋🏽");
    mock.world.says("Line one\nLine two\n<img src=x onerror=alert(1)> javascript:alert(1)");
    await frame.locator(".row", { hasText: "Line one" }).waitFor();
  } },
];

const SHAPES = [
  { size: { width: 1280, height: 820 }, theme: "light" },
  { size: { width: 1280, height: 820 }, theme: "dark" },
  { size: { width: 320, height: 640 }, theme: "light" },
  { size: { width: 320, height: 640 }, theme: "dark" },
];
const shapes = process.env.SHAPES?.split(",").map(Number);

const browser = await launch();
let bad = 0;
let seen = 0;
for (const { size, theme } of SHAPES.filter((_, at) => !shapes || shapes.includes(at))) {
  for (const screen of SCREENS) {
    if (only && !only.includes(screen.name)) continue;
    const mock = await startMock({ config: screen.config });
    const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin" });
    // Pictures of cards come from elsewhere: here from nowhere further than this.
    await context.route("https://pictures.test/**", (route) => route.fulfill({ contentType: "image/png", body: mock.photo }));
    const page = await context.newPage();
    const problems = [];
    watch(page, problems);
    try {
      await page.goto(mock.page);
      await page.waitForFunction(() => globalThis.antiphonWidget?.open);
      await screen.run?.(page, mock);
      await new Promise((done) => setTimeout(done, 350));
      for (const frame of page.frames()) problems.push(...(await audit(frame)));
      const wide = await Promise.all(page.frames().map((frame) => frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)));
      if (wide.some((more) => more > 0)) problems.push(`scrolls sideways by ${wide.join(", ")} pixels`);
    } catch (error) {
      problems.push(String(error));
    }
    if (out) await page.screenshot({ path: `${out}/${screen.name}-${size.width}-${theme}.png` });
    await context.close();
    mock.stop();
    seen += 1;
    const shown = screen.quiet ? problems.filter((one) => !/ERR_|Failed to fetch/.test(one)) : problems;
    bad += shown.length;
    for (const problem of shown) console.log(`${screen.name} ${size.width} ${theme}: ${problem}`);
  }
}
await browser.close();
console.log(`${seen} screens, ${bad} problems`);
process.exit(bad > 0 ? 1 : 0);
