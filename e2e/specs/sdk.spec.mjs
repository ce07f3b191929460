// The published agent SDK, unchanged, over TLS with discovery's address and the certificate authority and nothing else.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { Bot } from '../lib/bot.mjs';
import { account, password } from '../lib/bootstrap.mjs';
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

/** Somebody of another skill. */
const carol = `
[[account.user]]
login = "carol"
password = "${password}"
nickname = "Carol"
kind = "human"
profile = "agent"
skills = ["Billing"]
max_conversations = 10
`;
const bad = ['error', 'warn', 'refused', 'event before its conversation', 'event of a dialog that nobody knows'];
/** The releases that the registry has of the two that programs use: the newest, and the one that the published samples pin. */
const releases = { '1.2.0': 'node-agent-sdk', '0.2.22': 'node-agent-sdk-0' };

describe('the published agent SDK', () => {
  let server;
  let vendor;
  let admin;
  const bots = [];
  const visitors = [];
  const start = (name, login, secret, sdk) => {
    const bot = Bot.start(name, server, login, secret, sdk);
    bots.push(bot);
    return bot;
  };
  const complaints = (...of) => of.flatMap((bot) => bot.said.filter((line) => bad.includes(line.what)));

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ tls: true, bootstrap: { vendor: vendor.url, survey: 'survey-app', skills: ['Billing'], more: carol + web } });
    admin = await Admin.signIn(server);
  });
  afterEach(() => [...bots.splice(0), ...visitors.splice(0)].forEach((one) => one.stop()));
  after(async () => {
    await server?.stop();
    vendor?.stop();
  });

  for (const [release, sdk] of Object.entries(releases)) {
    const line = (number) => `+1415555${release.startsWith('1') ? '01' : '02'}${number}`;

    it(`${release} runs the agent flow: ring, accept, read, echo, close`, async () => {
      const consumer = line('01');
      const bot = start('echo', 'alice', password, sdk);
      await bot.says('connected', (said) => typeof said.agentId === 'string');
      await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
      await write(server, consumer, 'hello');
      await bot.says('ring', (said) => said.state === 'WAITING');
      await bot.says('conversation', (said) => said.role === 'ASSIGNED_AGENT');
      await bot.says('event', (said) => said.text === 'hello' && said.sequence === 0);
      await vendor.sees(consumer, 'echo : hello');
      await bot.says('event', (said) => said.type === 'AcceptStatusEvent' && said.status === 'READ');
      await bot.says('done', (said) => said.name === 'getUserProfile' && Array.isArray(said.body));
      await write(server, consumer, 'again');
      await vendor.sees(consumer, 'echo : again');
      assert.deepEqual(vendor.textsTo(consumer), ['echo : hello', 'echo : again']);
      await write(server, consumer, '#close');
      const { id } = await bot.says('gone');
      assert.equal((await admin.get(`/conversations/${id}`)).state, 'closed');
      assert.deepEqual(complaints(bot), []);
    });

    it(`${release} transfers to a skill, where another agent goes on`, async () => {
      const consumer = line('02');
      const billing = (await admin.get('/skills')).items.find((skill) => skill.name === 'Billing');
      const [first, second] = [start('echo', 'alice', password, sdk), start('echo', 'carol', password, sdk)];
      for (const bot of [first, second]) await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
      await write(server, consumer, 'hello');
      await vendor.sees(consumer, 'echo : hello');
      await write(server, consumer, `#skill ${billing.id}`);
      const { id } = await first.says('gone', (said) => said.stage === 'OPEN');
      await second.says('conversation', (said) => said.id === id && said.role === 'ASSIGNED_AGENT');
      await second.says('event', (said) => said.text === 'echo : hello' && !said.own);
      await write(server, consumer, 'who is there?');
      await vendor.sees(consumer, 'echo : who is there?');
      assert.deepEqual(vendor.textsTo(consumer), ['echo : hello', 'echo : who is there?']);
      const { skill_id: skill, assigned_agent: agent } = await admin.get(`/conversations/${id}`);
      assert.deepEqual([skill, agent === undefined], [billing.id, false]);
      await write(server, consumer, '#close');
      await second.says('gone', (said) => said.id === id && said.stage === 'CLOSE');
      assert.deepEqual(complaints(first, second), []);
    });

    it(`${release} greets as agent_manager`, async () => {
      const consumer = line('03');
      const bot = start('greeting', 'manager', password, sdk);
      await bot.says('done', (said) => said.name === 'subscribeExConversations');
      await write(server, consumer, 'anybody there?');
      await vendor.sees(consumer, 'welcome from bot');
      const { id } = await admin.conversationOf(consumer);
      const closer = start('close', 'manager', password, sdk);
      await closer.says('gone', (said) => said.id === id);
      assert.deepEqual(complaints(bot, closer), []);
    });

    it(`${release} comes back after the server was killed, and nothing is lost or said twice`, async () => {
      const consumer = line('04');
      const bot = start('echo', 'alice', password, sdk);
      await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
      await write(server, consumer, 'before');
      await vendor.sees(consumer, 'echo : before');
      await bot.says('event', (said) => said.status === 'READ');
      await server.end('SIGKILL');
      const lines = bot.said.length;
      const { folder, http, https, removeFolder } = server;
      server = await Server.start({ tls: true, folder, listen: http, tlsListen: https, bootstrap: null });
      server.removeFolder = removeFolder;
      // Written before the bot is back, and after.
      await write(server, consumer, 'meanwhile');
      await bot.saysSince(lines, 'connected');
      await vendor.sees(consumer, 'echo : meanwhile');
      await write(server, consumer, 'after');
      await vendor.sees(consumer, 'echo : after');
      assert.deepEqual(vendor.textsTo(consumer), ['echo : before', 'echo : meanwhile', 'echo : after']);
      admin = await Admin.signIn(server);
      await write(server, consumer, '#close');
      await bot.saysSince(lines, 'gone', (said) => said.stage === 'CLOSE');
      const unexpected = complaints(bot).filter((said) => said.what !== 'error' && said.what !== 'refused');
      assert.deepEqual(unexpected, []);
    });
  }

  it('1.2.0 transfers to an agent', async () => {
    const consumer = '+14155550105';
    const [carols] = (await admin.get('/users')).items.filter((user) => user.login === 'carol');
    const general = (await admin.get('/skills')).items.find((skill) => skill.name === 'General');
    const [first, second] = [start('echo', 'alice'), start('echo', 'carol')];
    for (const bot of [first, second]) await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
    await write(server, consumer, 'hello');
    await vendor.sees(consumer, 'echo : hello');
    await write(server, consumer, `#agent ${account}.${carols.id} ${general.id}`);
    const { id } = await first.says('gone', (said) => said.stage === 'OPEN');
    await second.says('conversation', (said) => said.id === id && said.role === 'ASSIGNED_AGENT');
    await write(server, consumer, 'and you?');
    await vendor.sees(consumer, 'echo : and you?');
    assert.deepEqual(vendor.textsTo(consumer), ['echo : hello', 'echo : and you?']);
    assert.equal((await admin.get(`/conversations/${id}`)).skill_id, general.id);
    await write(server, consumer, '#close');
    await second.says('gone', (said) => said.id === id && said.stage === 'CLOSE');
    assert.deepEqual(complaints(first, second), []);
  });

  it('1.2.0 gives a returning consumer their former agent back', async () => {
    const consumer = '+14155550106';
    const billing = (await admin.get('/skills')).items.find((skill) => skill.name === 'Billing');
    const before = [start('echo', 'alice'), start('echo', 'carol')];
    for (const bot of before) await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
    await write(server, consumer, `hello`);
    await vendor.sees(consumer, 'echo : hello');
    await write(server, consumer, `#skill ${billing.id}`);
    const [alice, carols] = before;
    const { id: first } = await carols.says('conversation');
    await carols.says('event', (said) => said.text === 'echo : hello');
    await write(server, consumer, '#close');
    await carols.says('gone', (said) => said.id === first && said.stage === 'CLOSE');
    alice.stop();
    const bot = start('same-agent', 'manager');
    await bot.says('done', (said) => said.name === 'subscribeRoutingTasks');
    await write(server, consumer, 'me again');
    const former = await bot.says('former agent');
    assert.deepEqual([String(former.skill), former.status], [billing.id, 'ONLINE']);
    const { id } = await carols.says('conversation', (said) => said.id !== first);
    await vendor.sees(consumer, 'echo : me again');
    const transferred = await admin.get(`/conversations/${id}`);
    assert.equal(transferred.skill_id, billing.id);
    await write(server, consumer, '#close');
    await carols.says('gone', (said) => said.id === id && said.stage === 'CLOSE');
    assert.deepEqual(complaints(bot, carols), []);
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
    assert.deepEqual(complaints(bot, agent), []);
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
