// What the bots share: an agent of the published SDK, set up with nothing but discovery's address, and a voice for the specs.

import { createRequire } from 'node:module';

/** Which release of the SDK: the newest one, unless the spec wants another. */
const { Agent } = createRequire(import.meta.url)(process.env.SDK ?? 'node-agent-sdk');

/** Tells the spec what happened. */
export const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));

/** Connects as the environment says and reports errors and closures. */
export function connect({ again = false } = {}) {
  const agent = new Agent({
    accountId: process.env.LP_ACCOUNT, username: process.env.LP_USER, password: process.env.LP_PASS, csdsDomain: process.env.LP_CSDS,
  });
  agent.on('error', (error) => say('error', { code: error.code, message: String(error.message ?? error) }));
  agent.on('warn', (warning) => say('warn', { message: warning.message }));
  agent.on('closed', (code) => say('closed', { code }));
  agent.on('connected', () => say('connected', { agentId: agent.agentId }));
  if (again) comeBack(agent);
  return agent;
}

/** Logs in anew after every loss of the connection, and again until it works. */
function comeBack(agent) {
  let timer;
  let connected = false;
  const lost = () => {
    if (connected || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      agent.reconnect();
    }, 100);
  };
  agent.on('connected', () => (connected = true));
  agent.on('closed', () => {
    connected = false;
    lost();
  });
  agent.on('error', lost);
}

/** A callback that reports a refused request. */
export const reports = (name) => (error, body) => (error ? say('refused', { name, code: error.code, body: error.body }) : say('done', { name, body }));
