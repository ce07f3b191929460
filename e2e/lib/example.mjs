// Runs one of the example programs as the documentation says: in a process of its own, set up by its environment alone.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { until } from './until.mjs';

const root = resolve(import.meta.dirname, '../..');

/** The programs, by name: how each is started. */
const PROGRAMS = {
  'bot in TypeScript': [process.execPath, [resolve(root, 'examples/typescript/dist/bot.js')]],
  'connector in TypeScript': [process.execPath, [resolve(root, 'examples/typescript/dist/connector.js')]],
  'bot in Rust': [resolve(root, 'target/debug/bot'), []],
  'connector in Rust': [resolve(root, 'target/debug/connector'), []],
};

export class Example {
  static start(name, env) {
    const example = new Example();
    const [program, args] = PROGRAMS[name];
    example.output = '';
    example.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...env } });
    for (const stream of [example.child.stdout, example.child.stderr]) stream.on('data', (data) => (example.output += data));
    example.child.on('error', (error) => (example.output += error.message));
    return example;
  }

  /** Waits until it printed a text. */
  prints(text) {
    return until(() => `the program to print “${text}”; it printed ${this.output.slice(-2000)}`, () => this.output.includes(text));
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}
