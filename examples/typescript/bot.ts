// A bot, whole: it signs in with its keys, takes conversations of its skills, answers what it knows, and hands over what it
// does not, with a reason that the agent sees. It speaks the published agent socket and needs no library but a WebSocket.
//
//   ANTIPHON_HOST=localhost:8443 ANTIPHON_ACCOUNT=12345678 BOT_LOGIN=helper BOT_APP_KEY=… BOT_SECRET=… BOT_ACCESS_TOKEN=… \
//   BOT_ACCESS_TOKEN_SECRET=… BOT_PEOPLE_SKILL=2 NODE_EXTRA_CA_CERTS=data/tls/ca.pem npm run bot
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';

const env = (name: string): string => process.env[name] ?? (console.error(`${name} is not set`), process.exit(2));
const host = env('ANTIPHON_HOST');
const account = env('ANTIPHON_ACCOUNT');
const peopleSkill = env('BOT_PEOPLE_SKILL');

/** What the bot knows. Anything else goes to a person. */
const ANSWERS: [RegExp, string][] = [
  [/\b(hello|hi|good (morning|evening))\b/i, 'Hello! Ask me for our opening hours, or for a person.'],
  [/\b(hours|open|closed?)\b/i, 'We are open Monday to Friday, 9:00 to 18:00.'],
];

type Json = Record<string, any>;

/** Where a service of the account lives: everything is found under the one host that one changes to move. */
async function discover(): Promise<Map<string, string>> {
  const answer = await fetch(`https://${host}/api/account/${account}/service/baseURI.json?version=1.0`);
  if (!answer.ok) throw new Error(`discovery answered ${answer.status}`);
  const list = ((await answer.json()) as { baseURIs: { service: string; baseURI: string }[] }).baseURIs;
  return new Map(list.map((one) => [one.service, one.baseURI]));
}

/** Signs in with the bot's keys. */
async function logIn(agentVep: string): Promise<{ bearer: string; userId: string }> {
  const body = {
    username: env('BOT_LOGIN'), appKey: env('BOT_APP_KEY'), secret: env('BOT_SECRET'),
    accessToken: env('BOT_ACCESS_TOKEN'), accessTokenSecret: env('BOT_ACCESS_TOKEN_SECRET'),
  };
  const answer = await fetch(`https://${agentVep}/api/account/${account}/login?v=1.3`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the log-in was answered with ${answer.status}: ${await answer.text()}`);
  const session = (await answer.json()) as { bearer: string; config: { userId: string } };
  return { bearer: session.bearer, userId: session.config.userId };
}

/** One connection, from log-in to close. */
class Bot {
  private readonly waiting = new Map<string, (response: Json) => void>();
  /** What was answered already, per dialog: after a reconnect the history comes again. */
  private static readonly answered = new Map<string, number>();
  private readonly mine = new Set<string>();

  private constructor(private readonly socket: WebSocket, private readonly me: string) {}

  /** Works until the socket closes. */
  static async run(): Promise<void> {
    const services = await discover();
    const { bearer, userId } = await logIn(services.get('agentVep') ?? host);
    const socket = new WebSocket(`wss://${services.get('facadeMsg')}/ws_api/account/${account}/messaging/brand/${bearer}?v=2.1`);
    const closed = new Promise<void>((done) => socket.on('close', () => done()));
    await new Promise<void>((open, failed) => socket.once('open', open).once('error', failed));
    const bot = new Bot(socket, `${account}.${userId}`);
    socket.on('error', (error) => console.error(`the socket failed: ${error.message}`));
    socket.on('message', (text) => bot.hear(JSON.parse(String(text))));
    const alive = setInterval(() => bot.ask('.GetClock', {}).catch(() => socket.terminate()), 30_000);
    await bot.ask('.ams.aam.SubscribeExConversations', { agentIds: [bot.me], convState: ['OPEN'] });
    await bot.ask('.ams.routing.SubscribeRoutingTasks', { channelType: 'MESSAGING', agentId: bot.me, brandId: account });
    await bot.ask('.ams.routing.SetAgentState', { availability: 'ONLINE', channels: ['MESSAGING'], agentUserId: bot.me });
    console.log('online');
    await closed;
    clearInterval(alive);
    for (const fail of bot.waiting.values()) fail({ code: 503, body: 'the socket closed' });
  }

  /** Sends a request and waits for its one response. */
  private ask(type: string, body: Json, metadata?: Json[]): Promise<any> {
    const id = randomUUID();
    return new Promise((done, failed) => {
      this.waiting.set(id, (response) =>
        response.code > 399 ? failed(new Error(`${type}: ${response.code} ${JSON.stringify(response.body)}`)) : done(response.body));
      this.socket.send(JSON.stringify({ kind: 'req', id, type, body, ...(metadata && { metadata }) }));
    });
  }

  private hear(frame: Json): void {
    if (frame.kind === 'resp') {
      this.waiting.get(frame.reqId)?.(frame);
      this.waiting.delete(frame.reqId);
      return;
    }
    const changes: Json[] = frame.body.changes ?? [];
    if (frame.type.endsWith('.RoutingTaskNotification')) {
      for (const ring of changes.flatMap((change) => change.result.ringsDetails as Json[])) {
        if (ring.ringState === 'WAITING') this.quietly(this.ask('.ams.routing.UpdateRingState', { ringId: ring.ringId, ringState: 'ACCEPTED' }));
      }
    } else if (frame.type.endsWith('.ExConversationChangeNotification')) {
      for (const change of changes) {
        const id: string = change.result.convId;
        if (change.type === 'DELETE') {
          this.mine.delete(id);
        } else if (!this.mine.has(id)) {
          this.mine.add(id);
          this.quietly(this.catchUp(id));
        }
      }
    } else if (frame.type.endsWith('.OnlineEventDistribution')) {
      this.quietly(this.consider(frame.body));
    }
  }

  /** Reads what was said before the conversation became ours: only the last thing the consumer said still waits. */
  private async catchUp(conversation: string): Promise<void> {
    const events: Json[] = await this.ask('.ams.ms.QueryMessages', { dialogId: conversation, newerThanSequence: 0 });
    const last = events.findLast((event) => event.event.type !== 'AcceptStatusEvent');
    if (last) await this.consider(last);
  }

  /** Answers an event, once. */
  private async consider(event: Json): Promise<void> {
    const { dialogId, sequence } = event;
    if (event.originatorMetadata.role !== 'CONSUMER' || event.event.type !== 'ContentEvent' || !this.mine.has(dialogId)) return;
    if ((Bot.answered.get(dialogId) ?? -1) >= sequence) return;
    Bot.answered.set(dialogId, sequence);
    await this.publish(dialogId, { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [sequence] });
    const said = typeof event.event.message === 'string' ? event.event.message : '';
    const known = ANSWERS.find(([pattern]) => pattern.test(said));
    if (known) {
      // The client's own id makes a repeat after a lost connection harmless.
      await this.publish(dialogId, text(known[1]), [{ type: 'ClientMessageId', id: `${dialogId}:${sequence}` }]);
    } else {
      await this.handOver(dialogId, `the bot does not know what to say to “${said.slice(0, 40)}”`);
    }
  }

  /** Gives the conversation to people. The reason travels with the change and with the last message. */
  private async handOver(conversation: string, reason: string): Promise<void> {
    const metadata = [
      { type: 'ActionReason', reason: reason.slice(0, 64), reasonId: 'unknown_request' },
      { type: 'BotResponse', externalConversationId: conversation, intents: [{ id: 'unknown', name: 'unknown', confidence: 'LOW' }] },
    ];
    await this.publish(conversation, text('One moment, I am getting a colleague.'), metadata);
    await this.ask('.ams.cm.UpdateConversationField', {
      conversationId: conversation,
      conversationField: [
        { field: 'ParticipantsChange', type: 'REMOVE', role: 'ASSIGNED_AGENT', userId: this.me },
        { field: 'Skill', type: 'UPDATE', skill: peopleSkill },
      ],
    }, metadata);
    console.log(`handed over ${conversation}: ${reason}`);
  }

  private publish(dialogId: string, event: Json, metadata?: Json[]): Promise<Json> {
    return this.ask('.ams.ms.PublishEvent', { dialogId, event }, metadata);
  }

  /** A request that fails must not end the bot: a conversation may have closed in between. */
  private quietly(work: Promise<unknown>): void {
    work.catch((error: Error) => console.error(error.message));
  }
}

const text = (message: string): Json => ({ type: 'ContentEvent', contentType: 'text/plain', message });

// A new connection takes up where the last one ended; the pauses grow to half a minute.
for (let pause = 500; ; pause = Math.min(pause * 2, 30_000)) {
  const began = Date.now();
  await Bot.run().catch((error: Error) => console.error(error.message));
  if (Date.now() - began > 60_000) pause = 500;
  await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
}
