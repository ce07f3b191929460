/** A few ways through the built workspace, as a person goes them, against the mock backend. Fails on the first that breaks. */
import assert from "node:assert/strict";
import { launch, signIn, watch } from "./browser.mjs";
import { PASSWORD, uuid } from "./data.mjs";
import { startMock } from "./server.mjs";

const browser = await launch();
const only = process.argv[2];
const results = [];

async function journey(name, walk, login = "agent1") {
  if (only && !name.includes(only)) return;
  const mock = await startMock();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", locale: "en-GB", permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems = [];
  watch(page, problems);
  try {
    await signIn(page, mock.url, login);
    await walk({ page, mock, context, open: (n) => page.goto(`${mock.url}/conversations/mine/${uuid(n)}`) });
    assert.deepEqual(problems, []);
    results.push([name, true]);
    console.log(`ok    ${name}`);
  } catch (e) {
    results.push([name, false]);
    console.log(`FAIL  ${name}: ${e.message.split("\n").slice(0, 6).join("\n      ")}`);
    if (process.env.SCREENS_DIR) await page.screenshot({ path: `${process.env.SCREENS_DIR}/journey-${name.replace(/\W+/g, "-")}.png` }).catch(() => undefined);
  }
  await context.close();
  await mock.stop();
}

const field = (page) => page.getByRole("textbox", { name: /^Message to/ });
const bubble = (page, text) => page.locator("[data-sequence]").filter({ hasText: text });
const conversation = (mock, n) => mock.world.conversations.get(uuid(n));
const consumerSays = (mock, n, message) => mock.world.publish(conversation(mock, n), { id: conversation(mock, n).consumer.id, role: "CONSUMER" }, { type: "ContentEvent", contentType: "text/plain", message });

await journey("a message goes out and its receipts climb", async ({ page, open }) => {
  await open(5);
  await field(page).fill("On its way");
  await field(page).press("Enter");
  await bubble(page, "On its way").waitFor();
  await page.locator('[data-status="read"]').last().waitFor();
  assert.equal(await field(page).inputValue(), "");
});

await journey("an offer is accepted from the keyboard", async ({ page, mock }) => {
  await page.locator('[data-connection="live"]').waitFor();
  mock.world.offer(conversation(mock, 6), "77");
  await page.getByRole("article").waitFor();
  await page.keyboard.press("Alt+Shift+KeyN");
  await page.getByRole("heading", { level: 1, name: /陈美玲/ }).waitFor();
  await field(page).waitFor();
});

await journey("nothing is lost or doubled by a cut", async ({ page, mock, open }) => {
  await open(1);
  await bubble(page, "When would it arrive?").waitFor();
  mock.control.refuse = true;
  mock.cut();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await field(page).fill("written offline");
  await field(page).press("Enter");
  await page.locator("[data-pending]").waitFor();
  consumerSays(mock, 1, "said meanwhile");
  mock.control.refuse = false;
  mock.control.loseAnswers = 1;
  await page.getByRole("button", { name: "Try now" }).click();
  await bubble(page, "said meanwhile").waitFor();
  await bubble(page, "written offline").waitFor();
  await page.waitForFunction(() => document.querySelector("[data-connection]")?.getAttribute("data-connection") === "live");
  assert.equal(await page.locator("[data-pending]").count(), 0);
  assert.equal(await bubble(page, "written offline").count(), 1);
  assert.equal(conversation(mock, 1).events.filter((e) => e.event.message === "written offline").length, 1);
});

await journey("a session that ends while typing loses nothing", async ({ page, mock, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  await field(page).fill("half a sentence");
  mock.sessions.clear();
  mock.cut();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator('[data-connection="live"]').waitFor();
  assert.equal(await field(page).inputValue(), "half a sentence");
});

await journey("who does nothing is warned, stays by one key, and is signed out in the end without losing a word", async ({ page, mock, context, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  mock.control.idleMs = 6_000;
  await field(page).fill("half a thought");
  await page.reload();
  const warning = page.getByRole("dialog", { name: "Are you still there?" });
  await warning.waitFor();
  await page.keyboard.press("Enter");
  await warning.waitFor({ state: "detached" });
  const other = await context.newPage();
  await other.goto(`${mock.url}/conversations/mine/${uuid(1)}`);
  const ended = (p) => p.getByRole("dialog", { name: "Your session has ended" });
  await warning.waitFor();
  await Promise.all([ended(page).waitFor(), ended(other).waitFor()]);
  assert.equal(mock.sessions.size, 0);
  mock.control.idleMs = null;
  await ended(page).getByLabel("Password").fill(PASSWORD);
  await ended(page).getByRole("button", { name: "Sign in", exact: true }).click();
  // The other tab comes along.
  await Promise.all([ended(page).waitFor({ state: "detached" }), ended(other).waitFor({ state: "detached" })]);
  for (const p of [page, other]) {
    await p.locator('[data-connection="live"]').waitFor();
    assert.equal(await field(p).inputValue(), "half a thought");
  }
  await field(other).press("Enter");
  await bubble(page, "half a thought").waitFor();
});

await journey("files that were chosen and not sent survive a reload, in both tabs, until they are sent", async ({ page, mock, context, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "map.png", mimeType: "image/png", buffer: Buffer.from("89504e470d0a1a0a", "hex") });
  await page.getByText("map.png", { exact: true }).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("button")].some((b) => b.textContent === "Send" && !b.disabled));
  await page.reload();
  await page.getByText("map.png", { exact: true }).waitFor();
  const other = await context.newPage();
  await other.goto(`${mock.url}/conversations/mine/${uuid(1)}`);
  await other.getByText("map.png", { exact: true }).waitFor();
  await other.locator('[data-connection="live"]').waitFor();
  await other.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("button", { name: "Remove map.png" }).waitFor({ state: "detached" });
  await page.reload();
  await page.locator('[data-connection="live"]').waitFor();
  assert.equal(await page.getByRole("button", { name: "Remove map.png" }).count(), 0);
  assert.equal(conversation(mock, 1).events.filter((e) => e.event.message?.name === "map.png").length, 1);
  // What lies there is forgotten when the user signs out.
  await page.locator("input[type=file]").setInputFiles({ name: "plan.png", mimeType: "image/png", buffer: Buffer.from("89504e470d0a1a0a", "hex") });
  await page.getByText("plan.png", { exact: true }).waitFor();
  await page.keyboard.press("Alt+Shift+KeyL");
  await page.getByRole("heading", { name: "Sign in to Antiphon" }).waitFor();
  // Signed out here is signed out there.
  await other.getByRole("heading", { name: "Sign in to Antiphon" }).waitFor();
  await signIn(page, mock.url);
  await page.goto(`${mock.url}/conversations/mine/${uuid(1)}`);
  await page.locator('[data-connection="live"]').waitFor();
  assert.equal(await page.getByRole("button", { name: "Remove plan.png" }).count(), 0);
});

await journey("two tabs agree", async ({ page, mock, context, open }) => {
  await open(1);
  const other = await context.newPage();
  await other.goto(`${mock.url}/conversations/mine/${uuid(1)}`);
  await field(page).fill("from the first tab");
  await other.waitForFunction(() => document.querySelector("textarea")?.value === "from the first tab");
  await page.bringToFront();
  await field(page).press("Enter");
  await bubble(other, "from the first tab").waitFor();
  await other.waitForFunction(() => document.querySelector("textarea")?.value === "");
  await page.keyboard.press("Alt+Shift+KeyS");
  await page.getByRole("menuitemradio", { name: /Away/ }).click();
  await other.getByRole("button", { name: /Your state: Away/ }).waitFor();
});

await journey("a failed delivery is explained and tried again", async ({ page, open }) => {
  await open(3);
  await page.getByText("The phone cannot be reached.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The phone cannot be reached.").waitFor({ state: "detached" });
  await page.locator('[data-status="delivered"]').last().waitFor();
});

await journey("transfer and close leave the list", async ({ page, open }) => {
  await open(3);
  await page.locator('[data-connection="live"]').waitFor();
  await page.keyboard.press("Alt+Shift+KeyR");
  await page.getByRole("dialog").getByRole("button", { name: /Technical support/ }).click();
  await page.locator(`[data-conversation="${uuid(3)}"]`).waitFor({ state: "detached" });
  await open(5);
  await page.locator('[data-connection="live"]').waitFor();
  await page.keyboard.press("Alt+Shift+KeyW");
  await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).click();
  await page.locator(`[data-conversation="${uuid(5)}"]`).waitFor({ state: "detached" });
});

await journey("a private note stays inside", async ({ page, mock, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  await page.getByRole("button", { name: "Private note" }).click();
  await field(page).fill("Careful with this one");
  await page.getByRole("button", { name: "Add note" }).click();
  await bubble(page, "Careful with this one").getByText("Private note").waitFor();
  assert.equal(conversation(mock, 1).events.at(-1).audience, "AGENTS_AND_MANAGERS");
});

await journey("a pasted picture is uploaded and sent", async ({ page, mock, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "map.png", mimeType: "image/png", buffer: Buffer.from("89504e470d0a1a0a", "hex") });
  await page.getByText("map.png", { exact: true }).waitFor();
  await field(page).fill("The way to us");
  await page.waitForFunction(() => [...document.querySelectorAll("button")].some((b) => b.textContent === "Send" && !b.disabled));
  await field(page).press("Enter");
  await bubble(page, "The way to us").waitFor();
  assert.equal(conversation(mock, 1).events.filter((e) => e.event.contentType === "hosted/file").at(-1).event.message.name, "map.png");
});

await journey("a long talk is paged and drawn only where seen", async ({ page, open }) => {
  await open(8);
  await bubble(page, "Line 459 ").waitFor();
  assert.ok((await page.locator("[data-sequence]").count()) < 80);
  const log = page.getByRole("region", { name: /Transcript/ });
  const firstSeen = () => log.evaluate((el) => [...el.querySelectorAll("[data-sequence]")].find((row) => row.getBoundingClientRect().bottom > el.getBoundingClientRect().top + 60)?.dataset.sequence);
  let before = Number(await firstSeen());
  for (let i = 0; i < 40 && (await bubble(page, "Line 3 of").count()) === 0; i += 1) {
    await log.evaluate((el) => el.scrollTo(0, 0));
    await page.waitForTimeout(150);
    // Who reads at the top stays at what was read: one page at a time comes in above.
    const now = Number(await firstSeen());
    assert.ok(before - now <= 125, `from ${before} to ${now}`);
    before = now;
  }
  await bubble(page, "Line 3 of").waitFor();
});

await journey("content from outside is never markup", async ({ page, mock, open }) => {
  await open(1);
  await page.locator('[data-connection="live"]').waitFor();
  consumerSays(mock, 1, '<img src=x onerror="document.title=1"><script>1</script> javascript:alert(1)');
  await bubble(page, "<img src=x").waitFor();
  assert.equal(await page.locator("[data-sequence] img[src=x]").count(), 0);
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
});

await journey("a manager sees all, joins and leaves", async ({ page, mock }) => {
  await page.goto(`${mock.url}/conversations/all/${uuid(7)}`);
  await page.getByRole("button", { name: "Join" }).first().click();
  await field(page).fill("Ines here as well");
  await field(page).press("Enter");
  await bubble(page, "Ines here as well").waitFor();
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByText("Join the conversation first.").waitFor();
}, "manager1");

await journey("find by number, sign out", async ({ page }) => {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("447700900123");
  await page.getByRole("link", { name: /Oliver Grant/ }).waitFor();
  await page.keyboard.press("Alt+Shift+KeyL");
  await page.getByRole("heading", { name: "Sign in to Antiphon" }).waitFor();
});

await browser.close();
const failed = results.filter(([, ok]) => !ok).length;
console.log(`${results.length} journeys, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
