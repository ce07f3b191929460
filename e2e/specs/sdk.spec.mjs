// The published agent SDK, unchanged, over TLS with discovery's address and the certificate authority and nothing else.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { Bot } from '../lib/bot.mjs';
import { write } from '../lib/sms.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';
import { Vendor } from '../lib/vendor.mjs';

describe('the published agent SDK', () => {
  let server;
  let vendor;
  let admin;
  const bots = [];
  const start = (name, login, secret) => {
    const bot = Bot.start(name, server, login, secret);
    bots.push(bot);
    return bot;
  };

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ tls: true, bootstrap: { vendor: vendor.url } });
    admin = await Admin.signIn(server);
  });
  afterEach(() => bots.splice(0).forEach((bot) => bot.stop()));
  after(async () => {
    await server?.stop();
    vendor?.stop();
  });

  it('runs the agent flow: ring, accept, read, echo, close', async () => {
    const consumer = '+14155550101';
    const bot = start('echo', 'alice');
    await bot.says('connected', (line) => typeof line.agentId === 'string');
    await bot.says('done', (line) => line.name === 'subscribeRoutingTasks');
    await write(server, consumer, 'hello');
    await bot.says('ring', (line) => line.state === 'WAITING');
    await bot.says('conversation', (line) => line.role === 'ASSIGNED_AGENT');
    await bot.says('event', (line) => line.text === 'hello' && line.sequence === 0);
    await vendor.sees(consumer, 'echo : hello');
    await bot.says('event', (line) => line.type === 'AcceptStatusEvent' && line.status === 'READ');
    await bot.says('done', (line) => line.name === 'getUserProfile' && Array.isArray(line.body));
    await write(server, consumer, 'again');
    await vendor.sees(consumer, 'echo : again');
    assert.deepEqual(vendor.textsTo(consumer), ['echo : hello', 'echo : again']);
    await write(server, consumer, '#close');
    const { id } = await bot.says('gone');
    assert.equal((await admin.get(`/conversations/${id}`)).state, 'closed');
    assert.deepEqual(bot.said.filter((line) => ['error', 'warn', 'refused', 'event before its conversation'].includes(line.what)), []);
  });

  it('runs the greeting flow as agent_manager', async () => {
    const consumer = '+14155550102';
    const bot = start('greeting', 'manager');
    await bot.says('done', (line) => line.name === 'subscribeExConversations');
    await write(server, consumer, 'anybody there?');
    await vendor.sees(consumer, 'welcome from bot');
    assert.deepEqual(bot.said.filter((line) => ['error', 'warn', 'refused'].includes(line.what)), []);
  });

  it('runs the close-conversation flow as agent_manager', async () => {
    const consumer = '+14155550103';
    await write(server, consumer, 'close me');
    const { id } = await until('the conversation to be listed', () => admin.conversationOf(consumer));
    const bot = start('close', 'manager');
    await bot.says('gone', (line) => line.id === id && line.state === 'CLOSE');
    assert.equal((await admin.get(`/conversations/${id}`)).state, 'closed');
    assert.deepEqual(bot.said.filter((line) => ['error', 'warn', 'refused'].includes(line.what)), []);
  });

  it('is told of a wrong password', async () => {
    const bot = start('echo', 'bob', 'wrong-password-1A');
    // This release of the SDK passes the answer's `error` on as it is, and no status.
    await bot.says('error', (line) => line.message === '[object Object]');
    assert.equal(bot.said.some((line) => line.what === 'connected'), false);
  });

  it('is refused the account-wide view as an ordinary agent, and stays connected', async () => {
    const bot = start('greeting', 'bob');
    await bot.says('refused', (line) => line.name === 'subscribeExConversations' && line.code === 403);
    await bot.says('done', (line) => line.name === 'setAgentState');
    assert.equal(bot.said.some((line) => line.what === 'closed'), false);
  });
});
