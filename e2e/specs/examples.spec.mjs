// The example programs of the documentation, against the real binary over TLS: each in both languages, with the same story.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Admin } from '../lib/admin.mjs';
import { account } from '../lib/bootstrap.mjs';
import { Example } from '../lib/example.mjs';
import { write } from '../lib/sms.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';
import { Vendor } from '../lib/vendor.mjs';

const keys = { app_key: 'example-app-key-0001', secret: 'example-secret-000001', access_token: 'example-access-token1', access_token_secret: 'example-token-secret1' };
const more = `
[[account.user]]
login = "helper"
nickname = "Helper"
kind = "bot"
profile = "agent"
skills = ["General"]
max_conversations = 100
[[account.user.api_key]]
${Object.entries(keys).map(([name, value]) => `${name} = "${value}"`).join('\n')}
`;

describe('the example programs', () => {
  let server;
  let vendor;
  let admin;
  const running = [];
  const start = (name, env) => {
    const example = Example.start(name, { ANTIPHON_HOST: server.https, ANTIPHON_ACCOUNT: account, NODE_EXTRA_CA_CERTS: server.ca, CA_FILE: server.ca, ...env });
    running.push(example);
    return example;
  };

  before(async () => {
    vendor = await Vendor.start();
    server = await Server.start({ tls: true, bootstrap: { vendor: vendor.url, skills: ['People'], more } });
    admin = await Admin.signIn(server);
  });
  afterEach(() => running.splice(0).forEach((example) => example.stop()));
  after(async () => {
    await server?.stop();
    vendor?.stop();
  });

  for (const [index, language] of ['TypeScript', 'Rust'].entries()) {
    it(`a bot in ${language} answers what it knows and hands over the rest with its reason`, async () => {
      const consumer = `+1415555020${index}`;
      const { items: skills } = await admin.get('/skills');
      const people = skills.find((skill) => skill.name === 'People').id;
      const bot = start(`bot in ${language}`, {
        BOT_LOGIN: 'helper', BOT_APP_KEY: keys.app_key, BOT_SECRET: keys.secret, BOT_ACCESS_TOKEN: keys.access_token,
        BOT_ACCESS_TOKEN_SECRET: keys.access_token_secret, BOT_PEOPLE_SKILL: String(people),
      });
      await bot.prints('online');
      await write(server, consumer, 'hello');
      await vendor.sees(consumer, 'Hello! Ask me for our opening hours, or for a person.');
      await write(server, consumer, 'what are your hours?');
      await vendor.sees(consumer, 'We are open Monday to Friday, 9:00 to 18:00.');
      await write(server, consumer, 'my parcel is broken');
      await vendor.sees(consumer, 'One moment, I am getting a colleague.');
      await bot.prints('handed over');
      const { id } = await admin.conversationOf(consumer);
      const handed = await until('the conversation to wait for people', async () => {
        const it = await admin.get(`/conversations/${id}`);
        return String(it.skill_id) === String(people) && it;
      });
      assert.equal(handed.state, 'open');
      const { items } = await admin.get(`/conversations/${id}/messages?limit=200`);
      const last = items.findLast((item) => item.event.message === 'One moment, I am getting a colleague.');
      assert.equal(last.metadata[0].type, 'ActionReason');
      assert.match(last.metadata[0].reason, /my parcel is broken/);
      assert.equal(vendor.textsTo(consumer).length, 3, 'nothing is said twice');
    });
  }
});
