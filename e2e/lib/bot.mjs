// Runs one of the bots in a process of its own, because the certificate authority is read from the environment at its start.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { account, password } from './bootstrap.mjs';
import { until } from './until.mjs';

export class Bot {
  /** Starts `bots/<name>.mjs` as a user against a server's TLS listener, with a release of the SDK. */
  static start(name, server, login, secret = password, sdk = 'node-agent-sdk') {
    const bot = new Bot();
    bot.said = [];
    bot.errors = '';
    bot.child = spawn(process.execPath, [resolve(import.meta.dirname, '../bots', `${name}.mjs`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: server.ca, NODE_NO_WARNINGS: '1',
        LP_ACCOUNT: account, LP_USER: login, LP_PASS: secret, LP_CSDS: server.https, SDK: sdk,
      },
    });
    createInterface({ input: bot.child.stdout }).on('line', (line) => {
      try {
        bot.said.push(JSON.parse(line));
      } catch {
        bot.errors += `${line}\n`;
      }
    });
    bot.child.stderr.on('data', (data) => (bot.errors += data));
    return bot;
  }

  /** Waits until the bot said something of this kind that satisfies the check. */
  says(what, check = () => true) {
    return this.saysSince(0, what, check);
  }

  /** The same, of what it said after so many lines. */
  saysSince(start, what, check = () => true) {
    return until(
      () => `the bot to say “${what}”; it said ${JSON.stringify(this.said.slice(-12))} ${this.errors.slice(-2000)}`,
      () => this.said.slice(start).find((line) => line.what === what && check(line)),
    );
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}
