// What whoever runs it relies on: locks, signals, checks, backup and restore.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import WebSocket from 'ws';
import { Admin } from '../lib/admin.mjs';
import { account, bootstrap } from '../lib/bootstrap.mjs';
import { Server, run, temporaryFolder } from '../lib/server.mjs';
import { write } from '../lib/sms.mjs';

/** Runs a test with a server that is stopped whatever happens. */
const withServer = (options, test) => async () => {
  const server = await Server.start(options);
  try {
    await test(server);
  } finally {
    await server.stop();
  }
};

const withFolder = (test) => async () => {
  const folder = temporaryFolder();
  try {
    await test(folder.path);
  } finally {
    folder.remove();
  }
};

describe('the data folder', () => {
  it('is locked: a second process exits 1 and names the holder', withServer({}, async (server) => {
    const second = await run(['serve', '--data', server.data, '--listen', '127.0.0.1:0']);
    assert.equal(second.code, 1, second.all);
    assert.match(second.all, new RegExp(`\\b${server.child.pid}\\b`));
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  }));

  it('keeps its master key to its owner', withServer({}, async (server) => {
    assert.equal(statSync(join(server.data, 'master.key')).mode & 0o777, 0o600);
  }));

  it('survives SIGKILL with everything that was acknowledged', async () => {
    const server = await Server.start();
    try {
      await write(server, '+14155550301', 'before the kill');
      await server.end('SIGKILL');
      const next = await Server.start({ folder: server.folder });
      try {
        const admin = await Admin.signIn(next);
        const { id } = await admin.conversationOf('+14155550301');
        assert.deepEqual(await admin.texts(id), ['before the kill']);
      } finally {
        await next.end('SIGKILL');
      }
    } finally {
      await server.stop();
    }
  });
});

describe('signals and probes', () => {
  it('SIGTERM closes sockets with 1001 and exits 0 within ten seconds', withServer({}, async (server) => {
    const { bearer } = await Admin.signIn(server, 'alice');
    const socket = new WebSocket(`ws://${server.http}/ws_api/account/${account}/messaging/brand/${bearer}?v=2.1`);
    await new Promise((open, failed) => socket.on('open', open).on('error', failed));
    const closed = new Promise((done) => socket.on('close', done));
    const began = Date.now();
    const { code } = await server.end('SIGTERM');
    assert.equal(code, 0, server.tail());
    assert.ok(Date.now() - began < 10_000);
    assert.equal(await closed, 1001);
  }));

  it('answers healthz, readyz and metrics', withServer({}, async (server) => {
    for (const path of ['/healthz', '/readyz', '/metrics']) assert.equal((await fetch(server.url + path)).status, 200, path);
  }));

  it('describes the admin API as the committed file does, from which the workspace takes its types', withServer({}, async (server) => {
    const answer = await fetch(`${server.url}/api/v1/openapi.json`);
    assert.equal(answer.status, 200);
    const committed = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
    assert.deepEqual(await answer.json(), committed);
  }));

  it('prints a one-time set-up link when there is no account', withServer({ bootstrap: null }, async (server) => {
    const text = server.output.join('\n') + server.log;
    assert.match(text, /https?:\/\/\S*(setup|set-up)\S*/);
  }));
});

describe('antiphon check', () => {
  it('finds nothing wrong with a good bootstrap file', withFolder(async (folder) => {
    const file = join(folder, 'good.toml');
    writeFileSync(file, bootstrap());
    const found = await run(['check', '--bootstrap', file]);
    assert.equal(found.code, 0, found.all);
  }));

  it('names each problem with its place and exits 1', withFolder(async (folder) => {
    const file = join(folder, 'bad.toml');
    const text = bootstrap().replace('timezone = "Europe/Berlin"', 'timezone = "Mars/Olympus"').replace('profile = "agent_manager"', 'profile = "boss"')
      .replace('login = "bob"', 'login = "alice"').replace('channel = "twilio_sms"', 'channel = "pigeon_post"');
    writeFileSync(file, text);
    const found = await run(['check', '--bootstrap', file]);
    assert.equal(found.code, 1, found.all);
    for (const word of [/Mars\/Olympus/, /boss/, /alice/, /pigeon_post/]) assert.match(found.all, word);
  }));

  it('refuses unknown keys and names them', withFolder(async (folder) => {
    const file = join(folder, 'unknown.toml');
    writeFileSync(file, bootstrap().replace('name = "Acme"', 'name = "Acme"\ncolour = "red"'));
    const found = await run(['check', '--bootstrap', file]);
    assert.equal(found.code, 1);
    assert.match(found.all, /colour/);
    const config = join(folder, 'config.toml');
    writeFileSync(config, '[server]\nno_such_key = 1\n');
    const other = await run(['check', '--config', config]);
    assert.equal(other.code, 1);
    assert.match(other.all, /no_such_key|server/);
  }));
});

describe('backup, restore and doctor', () => {
  it('a backup taken while serving is restored whole', withServer({}, async (server) => {
    await write(server, '+14155550302', 'keep me');
    const copy = join(server.folder, 'copy');
    const backup = await run(['backup', copy, '--data', server.data]);
    assert.equal(backup.code, 0, backup.all);
    assert.match(backup.all, /master.?key/i);
    assert.equal(existsSync(join(copy, 'master.key')), false);

    const restored = join(server.folder, 'restored');
    const into = join(restored, 'data');
    mkdirSync(restored);
    const restore = await run(['restore', copy, '--data', into]);
    assert.equal(restore.code, 0, restore.all);
    const again = await run(['restore', copy, '--data', into]);
    assert.equal(again.code, 1, 'a folder that is not empty must be refused');

    copyFileSync(join(server.data, 'master.key'), join(into, 'master.key'));
    const other = await Server.start({ folder: restored, bootstrap: null });
    try {
      const admin = await Admin.signIn(other);
      const { id } = await admin.conversationOf('+14155550302');
      assert.deepEqual(await admin.texts(id), ['keep me']);
    } finally {
      await other.end('SIGKILL');
    }
  }));

  it('refuses to start without the key that its secrets were sealed with', async () => {
    const server = await Server.start();
    try {
      await server.end('SIGTERM');
      writeFileSync(join(server.data, 'master.key'), 'not the key', { mode: 0o600 });
      const started = await run(['serve', '--data', server.data, '--listen', '127.0.0.1:0'], { timeout: 20_000 });
      assert.equal(started.code, 1, started.all);
      assert.match(started.all, /key/i);
    } finally {
      await server.stop();
    }
  });

  it('doctor says how the store, the disk, the keys and the clock are', async () => {
    const server = await Server.start();
    try {
      await server.end('SIGTERM');
      const doctor = await run(['doctor', '--data', server.data]);
      for (const word of [/store|database/i, /disk/i, /key/i, /clock/i]) assert.match(doctor.all, word);
    } finally {
      await server.stop();
    }
  });
});
