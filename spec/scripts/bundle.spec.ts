import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BUNDLE } from '../../scripts/tools/executable.js';
import { repositoryRoot } from '../../scripts/tools/repository-root.js';
import { ServerProcess } from '../../scripts/tools/server-process.js';

/** `./job-thread.js` in `new URL('./job-thread.js', import.meta.url)` */
const STARTED_BY_NAME = /new URL\('\.\/([^/']+\.js)', import\.meta\.url\)/g;

describe('scripts/bundle.mjs', function () {
  this.timeout(30_000);

  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ringkv-bundle-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('makes an executable that runs wherever it is called from, by a link too, as npm makes one', () => {
    const link = join(dir, 'ringkv');
    symlinkSync(BUNDLE, link);
    const { version } = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as { version: string };
    expect(execFileSync(link, ['--version'], { cwd: dir, encoding: 'utf8' })).to.equal(`ringkv ${version}\n`);
  });

  it('has beside the executable what lib/ starts by its name', () => {
    const lib = join(repositoryRoot(), 'lib');
    const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const started = sources.flatMap((file) =>
      [...readFileSync(join(lib, file), 'utf8').matchAll(STARTED_BY_NAME)].map(([, name]) => name),
    );
    expect(started).to.include.members(['job-thread.js', 'node-sync-worker.js']);
    for (const name of started) expect(existsSync(join(dirname(BUNDLE), name)), name).to.equal(true);
  });

  it('finds Lua and compression, its threads, and what they have written', async () => {
    const args = ['--appendonly', 'yes', '--save', ''];
    const first = await ServerProcess.start({ kind: 'ringkv', dir, args });
    const client = await first.connect();
    expect(await client.call('EVAL', "return redis.call('SET', KEYS[1], ('value '):rep(999))", '1', 'key')).to.equal(
      'OK',
    );
    expect(await client.call('SAVE')).to.equal('OK');
    client.close();
    await first.stop();
    const second = await ServerProcess.start({ kind: 'ringkv', dir, args });
    const reader = await second.connect();
    expect(await reader.call('GET', 'key')).to.equal('value '.repeat(999));
    reader.close();
    await second.stop();
  });
});
