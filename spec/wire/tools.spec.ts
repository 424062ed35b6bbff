/** The subcommands of the executable, and BACKUP under load: real processes, real files. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { ringkvOnly, startServer } from './wire-server.js';

const RUN_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 2 ** 28;
const VALUE = 'v'.repeat(1000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ringkv(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [EXECUTABLE, ...args], {
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return { code: status, stdout, stderr };
}

describe('ringkv check, dump and restore', function () {
  this.timeout(60_000);
  let root: string;
  let data: string;
  const servers: ServerProcess[] = [];

  before(function () {
    ringkvOnly(this);
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ringkv-tools-'));
    data = join(root, 'data');
    mkdirSync(data);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.kill();
    rmSync(root, { recursive: true });
  });

  async function start(dir: string, ...args: string[]): Promise<ServerProcess> {
    const server = await startServer(args, { dir });
    servers.push(server);
    return server;
  }

  it('make a backup under load, check it, show what is in it, and make a node of it', async () => {
    // Small segments, so that flushes and compactions go on meanwhile.
    const server = await start(data, '--aof-segment-size', '256kb');
    const [writer, operator] = [await server.connect(), await server.connect()];
    let written = 0;
    let isDone = false;
    const writing = (async () => {
      while (!isDone) {
        const batch = Array.from({ length: 50 }, () =>
          writer.call('SET', `key:${written++ % 5000}`, `${written}:${VALUE}`),
        );
        await Promise.all(batch);
      }
    })();
    const backups: { dir: string; marker: number }[] = [];
    for (let marker = 1; marker <= 2; marker++) {
      const before = written;
      while (written < before + 1500) await new Promise((resolve) => setTimeout(resolve, 5));
      if (marker === 2) expect(await operator.call('SAVE')).to.equal('OK');
      await operator.call('SET', 'marker', marker);
      const dir = join(root, `backup ${marker}`);
      expect(await operator.call('BACKUP', dir)).to.equal('OK');
      backups.push({ dir, marker });
    }
    isDone = true;
    await writing;
    // When nothing changes, tables of a backup on the same file system are those of the node.
    expect(await operator.call('COMPACT')).to.equal('OK');
    const last = join(root, 'backup 3');
    expect(await operator.call('BACKUP', last)).to.equal('OK');
    const tables = readdirSync(join(last, 'tables')).map((name) => statSync(join(last, 'tables', name)).nlink);
    expect(tables).to.include(2).and.not.to.include(1);
    for (const client of [writer, operator]) client.close();

    const live = ringkv('check', data);
    expect(live.code).to.equal(2);
    expect(live.stderr).to.match(/is in use by the process \d+: stop it first/);
    expect((await server.stop()).code).to.equal(0);
    const stopped = ringkv('check', data);
    expect(stopped.code, stopped.stdout).to.equal(0);

    for (const { dir, marker } of backups) {
      const { code, stdout } = ringkv('check', dir);
      expect(code, stdout).to.equal(0);
      const restored = join(root, `restored ${marker}`);
      expect(ringkv('restore', dir, restored).code).to.equal(0);
      const node = await start(restored);
      const client = await node.connect();
      expect(await client.call('GET', 'marker')).to.equal(String(marker));
      expect(await client.call('SET', 'marker', 'more')).to.equal('OK');
      client.close();
      expect((await node.stop()).code).to.equal(0);
      expect(ringkv('check', dir).code).to.equal(0);
    }
    expect(readdirSync(root).filter((name) => name.includes('partial'))).to.deep.equal([]);
    for (const file of ['aof', 'tables', '.']) {
      const name = readdirSync(join(data, file)).find((each) => /\.(aof|sst)$|^manifest-/.test(each)) ?? '';
      const { code, stdout } = ringkv('dump', join(data, file, name));
      expect(code, stdout.slice(-300)).to.equal(0);
      expect(stdout.trimEnd().split('\n').at(-1)).to.match(/^Ends at offset \d+ of \d+: every byte was read\.$/);
    }
  });

  it('end with 1 and name the file when something is damaged', async () => {
    const server = await start(data);
    const client = await server.connect();
    await client.call('SET', 'k', 'v');
    await client.call('SAVE');
    client.close();
    await server.stop();
    const [name] = readdirSync(join(data, 'tables'));
    const path = join(data, 'tables', name);
    const bytes = readFileSync(path);
    bytes[20] ^= 1;
    writeFileSync(path, bytes);
    const checked = ringkv('check', data);
    expect(checked.code).to.equal(1);
    expect(checked.stdout).to.match(new RegExp(`^DAMAGED  tables/${name} +at offset 0: a data block`, 'm'));
    expect(checked.stdout.trimEnd().split('\n').at(-1)).to.match(/; 1 DAMAGED$/);
    const dumped = ringkv('dump', path);
    expect([dumped.code, dumped.stderr]).to.deep.equal([
      1,
      `ringkv: stops here: ${path}: at offset 0: a data block does not fit its checksum\n`,
    ]);
    const target = join(root, 'restored');
    expect(ringkv('restore', data, target).code).to.equal(1);
    expect(existsSync(target)).to.equal(false);
  });

  it('say how they are called, and ringkv --help that they exist', () => {
    for (const name of ['check', 'dump', 'restore']) {
      const { code, stderr } = ringkv(name);
      expect([code, stderr.startsWith(`ringkv: Usage: ringkv ${name} <`)]).to.deep.equal([2, true]);
      expect(ringkv('--help').stdout).to.include(`  ${name} <`);
    }
    expect(ringkv('restore', 'one').stderr).to.equal('ringkv: Usage: ringkv restore <backup> <dir>\n');
    expect(ringkv('check', 'a', 'b').code).to.equal(2);
  });

  it('end quietly when nobody reads on (dump | head)', async () => {
    const server = await start(data);
    const client = await server.connect();
    for (let i = 0; i < 3000; i++) void client.call('SET', `key:${i}`, VALUE);
    await client.call('PING');
    client.close();
    await server.stop();
    const segment = join(data, 'aof', readdirSync(join(data, 'aof'))[0]);
    const child = spawn(process.execPath, [EXECUTABLE, 'dump', segment], { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(child, 'exit');
    let complaints = '';
    child.stderr.on('data', (chunk) => (complaints += String(chunk)));
    for await (const chunk of child.stdout) if (String(chunk).length > 0) break; // which closes the pipe
    expect(await exited).to.deep.equal([0, null]);
    expect(complaints).to.equal('');
  });
});
