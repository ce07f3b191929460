// What the bots share: an agent of the published SDK, set up with nothing but discovery's address, and a voice for the specs.

import { createRequire } from 'node:module';

const { Agent } = createRequire(import.meta.url)('node-agent-sdk');

/** Tells the spec what happened. */
export const say = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));

/** Connects as the environment says and reports errors and closures. */
export function connect() {
  const agent = new Agent({
    accountId: process.env.LP_ACCOUNT, username: process.env.LP_USER, password: process.env.LP_PASS, csdsDomain: process.env.LP_CSDS,
  });
  agent.on('error', (error) => say('error', { code: error.code, message: String(error.message ?? error) }));
  agent.on('warn', (warning) => say('warn', { message: warning.message }));
  agent.on('closed', (code) => say('closed', { code }));
  agent.on('connected', () => say('connected', { agentId: agent.agentId }));
  return agent;
}

/** A callback that reports a refused request. */
export const reports = (name) => (error, body) => (error ? say('refused', { name, code: error.code, body: error.body }) : say('done', { name, body }));
