/** `npm run dev:mock`: the mock backend with some life in it, and Vite in front. */
import { spawn } from "node:child_process";
import { ACCOUNT, PASSWORD } from "./data.mjs";
import { startMock } from "./server.mjs";

const mock = await startMock(8099);
console.log(`mock backend ${mock.url} · account ${ACCOUNT}, login agent1 | manager1 | admin, password ${PASSWORD}`);
const { world } = mock;
const first = [...world.conversations.values()][0];
setInterval(() => world.publish(first, { id: first.consumer.id, role: "CONSUMER" }, { type: "ContentEvent", contentType: "text/plain", message: `It is ${new Date().toLocaleTimeString()}` }), 15_000).unref();
setInterval(() => {
  const waiting = [...world.conversations.values()].find((c) => c.open && c.participants.length === 0);
  if (waiting && ![...world.rings.values()].some((r) => r.state === "WAITING")) world.offer(waiting, "77");
}, 20_000).unref();
const vite = spawn("npx", ["vite"], { stdio: "inherit", env: { ...process.env, ANTIPHON_BACKEND: mock.url } });
vite.on("exit", (code) => process.exit(code ?? 0));
