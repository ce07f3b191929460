// Follows a chapter of the documentation to the letter: writes the files it shows, runs its commands, and waits for the output
// it promises. Only ports, and the path of the binary, are others than the reader's.
//
// A fenced block `toml NAME` or `sh NAME` is a file, `sh` is run to its end, `sh background` goes on running and may have a name,
// `text` is what the last command prints, and `text NAME` what that one does. A comment `<!-- NAME: … -->` stands where the reader does something by hand: the spec says how.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { binary, temporaryFolder } from './server.mjs';
import { until } from './until.mjs';

const root = resolve(import.meta.dirname, '../..');

/** What the reader does once for all chapters, and `make test` has done before it comes here. */
const DONE = ['make build'];

/** The pieces of a chapter, in their order. */
function pieces(markdown) {
  const pattern = /^```(\w+)(?: ([^\n]+))?\n([\s\S]*?)^```$|^<!-- (\w+): (.*?) -->$/gm;
  return [...markdown.matchAll(pattern)].map(([, language, info, text, hand, what]) => (hand ? { hand, what } : { language, info, text }));
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return String(port);
}

export class Chapter {
  /** `ports` are those that the chapter names; `hands` are what the reader does by hand, by the comment's name. */
  static async open(file, { ports, hands = {} }) {
    const chapter = new Chapter();
    const folder = temporaryFolder();
    Object.assign(chapter, { path: folder.path, remove: folder.remove, running: [], last: { output: '' }, hands });
    chapter.ports = new Map();
    for (const port of ports) chapter.ports.set(port, await freePort());
    mkdirSync(join(folder.path, 'target/release'), { recursive: true });
    symlinkSync(binary, join(folder.path, 'target/release/antiphon'));
    // As a fresh checkout has it.
    const fresh = (path) => !/node_modules|\/dist$/.test(path);
    cpSync(join(root, 'examples'), join(folder.path, 'examples'), { recursive: true, filter: fresh });
    chapter.text = readFileSync(join(root, file), 'utf8');
    return chapter;
  }

  /** The chapter's text with our ports. */
  ours(text) {
    let all = text;
    for (const [theirs, ours] of this.ports) all = all.replaceAll(theirs, ours);
    return all;
  }

  /** Where the reader's browser would go. */
  url(port, path = '') {
    return `http://127.0.0.1:${this.ports.get(port)}${path}`;
  }

  /** Follows it to its end. */
  async follow() {
    for (const piece of pieces(this.text)) {
      const text = piece.text && this.ours(piece.text);
      if (piece.hand) await this.hands[piece.hand](this.ours(piece.what), this);
      else if (piece.language === 'text') for (const line of text.trim().split('\n')) await this.prints(line, piece.info);
      else if (piece.info && !piece.info.startsWith('background')) this.write(piece.info, text);
      else if (piece.language === 'sh') await this.run(text, piece.info);
    }
  }

  write(name, text) {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  async run(script, info) {
    if (DONE.includes(script.trim())) return;
    const [background, name] = info?.split(' ') ?? [];
    const command = { script, name, output: '' };
    const { PATH, HOME } = process.env;
    // A group of its own, so that what the shell started ends with it.
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: this.path, env: { PATH, HOME }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (command.output += data));
    command.ended = new Promise((done) => child.on('close', (code) => done((command.code = code))));
    command.stop = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    };
    this.running.push(command);
    this.last = command;
    if (background) return;
    const code = await command.ended;
    if (code !== 0) throw new Error(`the command ended with ${code}:\n${script}\n${command.output.slice(-3000)}`);
  }

  prints(line, name) {
    const last = name ? this.running.find((command) => command.name === name) : this.last;
    const told = () => `“${line}” from\n${last.script}\n${last.output.slice(-3000)}`;
    return until(told, () => {
      if (last.output.includes(line)) return true;
      if (last.code) throw new Error(`the command ended with ${last.code} before ${told()}`);
      return false;
    }, { deadline: 60_000 });
  }

  close() {
    this.running.forEach((command) => command.stop());
    this.remove();
  }
}
