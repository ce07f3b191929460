// A connector, whole: it joins a made-up text-message gateway to the Connector API. What consumers write goes in by the Send
// API, what agents answer comes back as signed webhooks. It needs no library at all.
//
// The gateway: it POSTs {"id","from","text"} to /gateway, and takes {"to","text"} at GATEWAY_URL.
//
//   ANTIPHON_HOST=localhost:8443 ANTIPHON_ACCOUNT=12345678 CLIENT_ID=my-gateway CLIENT_SECRET=… GATEWAY_URL=http://localhost:7000/sms \
//   PORT=7001 STATE_FILE=state.json NODE_EXTRA_CA_CERTS=data/tls/ca.pem npm run connector
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';

const env = (name: string): string => process.env[name] ?? (console.error(`${name} is not set`), process.exit(2));
const host = env('ANTIPHON_HOST');
const account = env('ANTIPHON_ACCOUNT');
const clientId = env('CLIENT_ID');
const clientSecret = env('CLIENT_SECRET');
const gateway = env('GATEWAY_URL');
const stateFile = env('STATE_FILE');

type Json = Record<string, any>;

/** What must survive a restart: each number's open conversation, and the sequence up to which it was told the answers. */
const state: Record<string, { conversation: string; told: number }> = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : {};
function save(): void {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state));
  renameSync(`${stateFile}.new`, stateFile);
}

// ── The platform ──────────────────────────────────────────────────────────────────────────────────────────────────────

const services: Map<string, string> = await (async () => {
  const answer = await fetch(`https://${host}/api/account/${account}/service/baseURI.json?version=1.0`);
  if (!answer.ok) throw new Error(`discovery answered ${answer.status}`);
  const list = ((await answer.json()) as { baseURIs: { service: string; baseURI: string }[] }).baseURIs;
  return new Map(list.map((one) => [one.service, one.baseURI]));
})();

/** The app's token lives for an hour; a new one is fetched five minutes before. */
let app: { token: string; until: number } | undefined;
async function appToken(): Promise<string> {
  if (app && Date.now() < app.until) return app.token;
  const form = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' });
  const answer = await fetch(`https://${services.get('sentinel')}/sentinel/api/account/${account}/app/token?v=1.0`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`the token service answered ${answer.status}`);
  const token = ((await answer.json()) as Json).access_token as string;
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
  app = { token, until: exp * 1000 - 5 * 60_000 };
  return token;
}

/** A consumer's token never expires. The number is the consumer's identity: it gives the same consumer for ever. */
const consumers = new Map<string, string>();
async function consumerToken(number: string): Promise<string> {
  const known = consumers.get(number);
  if (known) return known;
  const answer = await fetch(`https://${services.get('idp')}/api/account/${account}/consumer?v=1.0`, {
    method: 'POST', headers: { authorization: await appToken(), 'content-type': 'application/json' }, body: JSON.stringify({ ext_consumer_id: number }),
  });
  if (answer.status !== 201) throw new Error(`the identity service answered ${answer.status}`);
  const { token } = (await answer.json()) as { token: string };
  consumers.set(number, token);
  return token;
}

/** One call of the Send API on behalf of a consumer. The same key is worked on once, however often we try. */
async function send(number: string, path: string, key: string, body: unknown): Promise<{ status: number; body: any }> {
  const answer = await fetch(`https://${services.get('asyncMessagingEnt')}/api/account/${account}/messaging/consumer/${path}?v=3`, {
    method: 'POST',
    headers: {
      authorization: await appToken(), 'x-lp-on-behalf': await consumerToken(number), 'content-type': 'application/json',
      'idempotency-key': key, 'client-properties': JSON.stringify({ type: '.ClientProperties', features: ['AUTO_MESSAGES'] }),
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const request = (type: string, body: Json): Json => ({ kind: 'req', id: randomUUID(), type, body });

async function open(number: string, key: string): Promise<string> {
  const profile = { authenticatedData: { lp_sdes: [{ type: 'personal', personal: { contacts: [{ phone: number }] } }] } };
  const { status, body } = await send(number, 'conversation', `open-${key}`, [
    request('userprofile.SetUserProfile', profile),
    request('cm.ConsumerRequestConversation', { brandId: account, channelType: 'MESSAGING' }),
  ]);
  const id: unknown = status === 200 ? body[1].body.conversationId : undefined;
  if (typeof id !== 'string') throw new Error(`opening a conversation was answered with ${status}: ${JSON.stringify(body)}`);
  state[number] = { conversation: id, told: -1 };
  save();
  return id;
}

/** A consumer wrote: into their open conversation, or into a new one when it was closed meanwhile. */
async function consumerWrites({ id, from, text }: { id: string; from: string; text: string }): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const conversation = state[from]?.conversation ?? (await open(from, id));
    const event = { type: 'ContentEvent', contentType: 'text/plain', message: text };
    const { status, body } = await send(from, 'conversation/send', id, request('ms.PublishEvent', { dialogId: conversation, event }));
    if (status === 200) return;
    if (status !== 400) throw new Error(`sending was answered with ${status}: ${JSON.stringify(body)}`);
    delete state[from];
  }
  throw new Error('the conversation closed twice while the message was on its way');
}

/** Something happened in a conversation of the account. Only our own consumers' conversations concern us. */
async function agentAnswers(notification: Json): Promise<void> {
  const change = notification.body.changes[0];
  const id: string = change.conversationId ?? change.result?.convId;
  const [number, open] = Object.entries(state).find(([, open]) => open.conversation === id) ?? [];
  if (!number || !open) return;
  if (change.result?.conversationDetails.stage === 'CLOSE') {
    delete state[number];
    return save();
  }
  const { event, originatorMetadata, messageAudience, sequence } = change;
  const ours = originatorMetadata?.role !== 'CONSUMER' && messageAudience === 'ALL';
  if (!ours || typeof event.message !== 'string' || sequence <= open.told) return;
  const answered = await fetch(gateway, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: number, text: event.message }),
  });
  // The platform delivers a notification again when it was not answered with 200.
  if (!answered.ok) throw new Error(`the gateway answered ${answered.status}`);
  open.told = sequence;
  save();
  const receipt = { type: 'AcceptStatusEvent', status: 'ACCEPT', sequenceList: [sequence] };
  await send(number, 'conversation/send', `${id}-${sequence}`, request('ms.PublishEvent', { dialogId: id, event: receipt }));
}

// ── The listener ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function bytes(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The signature covers the exact bytes of the body, so it is checked before they are parsed. */
function signed(body: Buffer, signature: string | undefined): boolean {
  const expected = Buffer.from(`sha1=${createHmac('sha1', clientSecret).update(body).digest('base64')}`);
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** One thing after the other: what a consumer writes keeps its order. */
let turn = Promise.resolve();
const inTurn = (work: () => Promise<void>): Promise<void> => {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
};

const server = createServer(async (incoming, outgoing) => {
  const answer = (status: number, text = '') => outgoing.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  try {
    const body = await bytes(incoming);
    if (incoming.url === '/webhook') {
      if (!signed(body, incoming.headers['x-liveperson-signature'] as string | undefined)) return void answer(401);
      await inTurn(() => agentAnswers(JSON.parse(body.toString())));
    } else if (incoming.url === '/gateway') {
      await inTurn(() => consumerWrites(JSON.parse(body.toString())));
    } else {
      return void answer(404);
    }
    answer(200, 'OK');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    answer(503);
  }
});
server.listen(Number(env('PORT')), '127.0.0.1', () => console.log('ready'));
