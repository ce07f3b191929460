// The published agent SDK, unchanged, over TLS with discovery's address and the certificate authority and nothing else.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { Bot } from '../lib/bot.mjs';
import { write } from '../lib/sms.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';
import { Vendor } from '../lib/vendor.mjs';
import { Visitor } from '../lib/visitor.mjs';

const web = `
[[account.source]]
channel = "web"
name = "Shop"
address = "shop"
skill = "General"
`;

describe('the published agent SDK', () => {
  let server;
  let vendor;
  let admin;
  const bots = [];
  const visitors = [];
  const start = (name, login, secret) => {
    const bot = Bot.start(name, server, login, secret);
    bots.push(bot);
    return bot;
  };

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ tls: true, bootstrap: { vendor: vendor.url, survey: 'survey-app', more: web } });
    admin = await Admin.signIn(server);
  });
  afterEach(() => [...bots.splice(0), ...visitors.splice(0)].forEach((one) => one.stop()));
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

  it('runs the survey flow as agent_manager, with a consumer on the web', async () => {
    const agent = start('echo', 'alice');
    await agent.says('done', (line) => line.name === 'subscribeRoutingTasks');
    const bot = start('survey', 'manager');
    await bot.says('done', (line) => line.name === 'subscribeExConversations');
    const visitor = await Visitor.connect(server);
    visitors.push(visitor);
    const id = await visitor.open();
    await visitor.write(id, 'hello');
    await visitor.hears('the echo', (event) => event.event.message === 'echo : hello');
    const closing = { field: 'DialogChange', type: 'UPDATE', dialog: { dialogId: id, state: 'CLOSE', closedCause: 'Closed by consumer' } };
    await visitor.ask('cm.UpdateConversationField', { conversationId: id, conversationField: closing });
    await bot.says('survey', (line) => line.state === 'CLOSE' && line.stage === 'OPEN');
    const asking = await visitor.sees('the survey', (state) => state.conversationDetails.dialogs[1]?.participantsDetails.some((one) => one.role === 'AGENT'));
    const survey = asking.conversationDetails.dialogs[1];
    assert.deepEqual([survey.dialogType, survey.metaData.appInstallId, survey.dialogId.length], ['POST_SURVEY', 'survey-app', 22]);
    await visitor.ask('ms.SubscribeMessagingEvents', { dialogId: survey.dialogId, conversationId: id, fromSeq: 0 });
    const question = await visitor.hears('the question', (event) => event.event.quickReplies && event.dialogId === survey.dialogId);
    assert.equal(question.sequence, 1);
    await visitor.write(survey.dialogId, 'what?');
    await bot.says('done', (line) => line.name === 'enrich');
    const { metadata } = question.event.quickReplies.replies[1].click;
    await visitor.publish(survey.dialogId, { type: 'AcceptStatusEvent', status: 'ACTION', sequenceList: [question.sequence] }, metadata);
    await visitor.write(survey.dialogId, '5', metadata);
    await bot.says('event', (line) => line.status === 'ACTION' && line.answer === 'A5' && line.conversationId === id);
    await bot.says('event', (line) => line.type === 'ContentEvent' && line.answer === 'A5');
    await bot.says('ended', (line) => line.stage === 'CLOSE' && line.cause === 'Completed');
    const ended = await visitor.sees('the end', (state) => state.conversationDetails.stage === 'CLOSE');
    assert.deepEqual(ended.conversationDetails.dialogs.map((dialog) => [dialog.state, dialog.closedBy]), [['CLOSE', 'CONSUMER'], ['CLOSE', 'AGENT']]);
    const rating = { field: 'CSATRate', csatRate: 5, csatResolutionConfirmation: true, status: 'FILLED' };
    await visitor.ask('cm.UpdateConversationField', { conversationId: id, conversationField: rating });
    await visitor.sees('the rating', (state) => state.conversationDetails.csat?.csatRate === 5);
    // Who had the conversation hears nothing of the survey: an unknown dialog would end it.
    const bad = ['error', 'warn', 'refused', 'event before its conversation', 'event of a dialog that nobody knows'];
    assert.deepEqual([...bot.said, ...agent.said].filter((line) => bad.includes(line.what)), []);
  });

  it('runs the file flow: a place, the picture, the message, and back', async () => {
    const bot = start('files', 'manager');
    await bot.says('done', (line) => line.name === 'subscribeExConversations');
    const visitor = await Visitor.connect(server);
    visitors.push(visitor);
    const id = await visitor.open();
    await bot.says('put', (line) => line.status === 201);
    const shown = await visitor.hears('the picture', (event) => event.event.contentType === 'hosted/file' && event.dialogId === id);
    assert.deepEqual([shown.event.message.caption, shown.event.message.fileType], ['a pixel', 'PNG']);
    await bot.says('got', (line) => line.status === 200 && line.same && line.type === 'image/png');
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
