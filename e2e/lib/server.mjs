// Starts the real binary on a temporary folder and free ports, and ends it.
// It must never leave a process or a folder behind: `stop` is called in every spec's `after`.

import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { bootstrap } from './bootstrap.mjs';

const root = resolve(import.meta.dirname, '../..');

/** The binary under test. */
export const binary = resolve(root, process.env.ANTIPHON_BIN ?? 'target/debug/antiphon');

/** A fresh folder that is removed with `remove`. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'antiphon-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs a command of the binary to its end. */
export function run(args, { timeout = 60_000, input = '' } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code, signal, out, err, all: out + err }));
    child.stdin.end(input);
  });
}

/** A running server. */
export class Server {
  /**
   * Starts one and waits until it listens.
   * `command` is `serve` or `demo`; `bootstrap` are options of the bootstrap file, or null for none; `folder` continues on an earlier one, and `listen` and
   * `tlsListen` on earlier addresses.
   */
  static async start({ command = 'serve', tls = false, folder, listen = '127.0.0.1:0', tlsListen = '127.0.0.1:0', bootstrap: options = {}, args = [] } = {}) {
    const own = folder ? undefined : temporaryFolder();
    const server = new Server();
    server.folder = folder ?? own.path;
    server.removeFolder = own?.remove ?? (() => {});
    server.data = join(server.folder, 'data');
    const all = [command, '--data', server.data, '--listen', listen, ...args];
    if (tls) all.push('--tls-listen', tlsListen);
    if (command === 'serve' && options !== null) {
      const file = join(server.folder, 'bootstrap.toml');
      writeFileSync(file, bootstrap(options));
      all.push('--bootstrap', file);
    }
    await server.spawn(all, tls);
    return server;
  }

  async spawn(args, tls) {
    this.output = [];
    this.log = '';
    this.child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.child.on('close', (code, signal) => done({ code, signal })));
    this.child.stderr.on('data', (data) => {
      this.log += data;
      if (process.env.ANTIPHON_E2E_LOG) appendFileSync(process.env.ANTIPHON_E2E_LOG, data);
    });
    const wanted = tls ? ['http', 'https'] : ['http'];
    await new Promise((ready, failed) => {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.output.push(line);
        const match = /^listening (https?):\/\/(\S+?)\/?$/.exec(line);
        if (match && !this[match[1]]) this[match[1]] = match[2];
        if (wanted.every((kind) => this[kind])) ready();
      });
      this.child.on('error', failed);
      this.ended.then(({ code, signal }) => failed(new Error(`the server ended with ${code ?? signal} before it listened:\n${this.tail()}`)));
    });
  }

  /** The address with scheme. */
  get url() {
    return `http://${this.http}`;
  }

  /** The certificate authority that clients of the TLS listener trust. */
  get ca() {
    return join(this.data, 'tls', 'ca.pem');
  }

  /** The certificate authority's text. */
  caText() {
    return readFileSync(this.ca, 'utf8');
  }

  /** The last lines of the log, for messages of failures. */
  tail() {
    return [...this.output, ...this.log.split('\n')].slice(-25).join('\n');
  }

  /** Ends it with a signal and gives its exit code. */
  async end(signal = 'SIGTERM') {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }

  /** Ends it and removes its folder. */
  async stop() {
    await this.end('SIGKILL');
    this.removeFolder();
  }
}
