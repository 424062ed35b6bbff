import { appendFileSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { expect } from 'chai';
import type { ServerProcess } from '../../scripts/tools/server-process.js';
import { flipBit, logFiles, manifestFiles, startInVain, tableFiles } from './log-files.js';
import { Servers } from './servers.js';

const KEYS = 200;

describe('ringkv over damaged files', function () {
  this.timeout(20_000);
  let servers: Servers;
  let dir: string;
  beforeEach(() => {
    servers = new Servers();
    dir = servers.dir;
  });
  afterEach(() => servers.end());

  function start(): Promise<ServerProcess> {
    return servers.start(['--appendfsync', 'always']);
  }

  /** Writes keys, each into a frame of its own, and ends the server. */
  async function fill(signal: 'SIGKILL' | 'SIGTERM', save = false): Promise<void> {
    const server = await start();
    const client = await server.connect();
    for (let i = 0; i < KEYS; i++) await client.call('SET', `key:${i}`, `value ${i}`);
    if (save) {
      await client.call('SAVE');
      for (let i = 0; i < KEYS; i++) await client.call('SET', `more:${i}`, `value ${i}`);
    }
    client.close();
    await server.kill(signal);
  }

  /**
   * Starts the server again; what it has, and what it said when it started. `counts`: where keys were written beside those in tables, their number may be an
   * estimate before.
   */
  async function reopen(counts = false): Promise<{ keys: number; last: unknown; output: string }> {
    const server = await start();
    const client = await server.connect();
    if (counts) await client.call('COMPACT');
    const keys = Number(await client.call('DBSIZE'));
    const last = await client.call('GET', `key:${keys - 1}`);
    client.close();
    const output = server.outputTail;
    expect((await server.stop()).code).to.equal(0);
    return { keys, last, output };
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`refuses to start over one flipped bit, names file and offset, and changes nothing (after ${signal})`, async () => {
      await fill(signal);
      const [path] = logFiles(dir);
      const middle = Math.floor(statSync(path).size / 2);
      flipBit(path, middle);
      const damaged = readFileSync(path);
      const { code, stderr } = startInVain(dir);
      expect(code).to.equal(1);
      expect(stderr).to.contain(path).and.to.contain('damaged');
      const offset = Number(/at offset (\d+)/.exec(stderr)?.[1]);
      expect(offset)
        .to.be.at.most(middle)
        .and.to.be.greaterThan(middle - 200);
      expect(readFileSync(path).equals(damaged)).to.equal(true);
      // Nothing has changed: with the bit put right, everything is there.
      flipBit(path, middle);
      expect(await reopen()).to.deep.include({ keys: KEYS, last: `value ${KEYS - 1}` });
    });
  }

  it('refuses to start over one flipped bit in the log behind what is in tables, or in the manifest', async () => {
    await fill('SIGKILL', true);
    // A start that comes to nothing may have begun a new manifest.
    const finds = [() => logFiles(dir)[0], () => manifestFiles(dir)[0], () => manifestFiles(dir)[1]];
    for (const find of finds) {
      const path = find();
      const middle = Math.floor(statSync(path).size / 2);
      flipBit(path, middle);
      const { code, stderr } = startInVain(dir);
      expect({ code, stderr }).to.deep.include({ code: 1 });
      expect(stderr).to.contain(path).and.to.contain('at offset');
      flipBit(path, middle);
    }
    expect((await reopen(true)).keys).to.equal(2 * KEYS);
  });

  it('refuses to start where a file of the log is missing', async () => {
    await fill('SIGKILL', true);
    const [path] = logFiles(dir);
    rmSync(path);
    const { code, stderr } = startInVain(dir);
    expect(code).to.equal(1);
    expect(stderr).to.contain(path).and.to.contain('missing');
  });

  /** What the server answers, key by key: a value, or why not. */
  async function askForAll(server: ServerProcess): Promise<{ values: number; refusals: string[] }> {
    const client = await server.connect();
    const refusals: string[] = [];
    let values = 0;
    for (let i = 0; i < KEYS; i++) {
      await client.call('GET', `key:${i}`).then(
        (value) => {
          expect(value).to.equal(`value ${i}`);
          values++;
        },
        (error: unknown) => refusals.push(String(error)),
      );
    }
    client.close();
    return { values, refusals };
  }

  it('refuses what a damaged table may hold, names the file, and goes on with everything else, after a restart too', async () => {
    await fill('SIGTERM', true);
    const [path] = tableFiles(dir);
    flipBit(path, 200);
    for (const when of ['at first', 'after a restart']) {
      const server = await start();
      const { values, refusals } = await askForAll(server);
      // At first, until the damage is met, the rest of the table is read.
      if (when === 'at first') expect(values).to.be.lessThan(KEYS);
      else expect(values).to.equal(1);
      for (const refusal of refusals) expect(refusal, when).to.contain(path);
      const client = await server.connect();
      expect(await client.call('GET', 'more:7'), when).to.equal('value 7');
      // A blind write needs nothing of what was there.
      expect(await client.call('SET', 'key:1', 'value 1'), when).to.equal('OK');
      expect(await client.call('GET', 'key:1'), when).to.equal('value 1');
      client.close();
      expect(server.outputTail, when).to.contain(path).and.to.contain('quarantined');
      expect((await server.stop()).code).to.equal(0);
    }
  });

  it('starts over a torn tail, says how much it cut, and has the rest', async () => {
    await fill('SIGKILL');
    const [path] = logFiles(dir);
    const { size } = statSync(path);
    truncateSync(path, size - 5);
    const { keys, last, output } = await reopen();
    expect(keys).to.equal(KEYS - 1);
    expect(last).to.equal(`value ${KEYS - 2}`);
    const cut = /^.*(\d+\.aof): cut at offset (\d+): (\d+) bytes/m.exec(output);
    expect(cut, output).not.to.equal(null);
    expect(Number(cut?.[2]) + Number(cut?.[3])).to.equal(size - 5);
    // The cut is for good.
    const again = await reopen();
    expect(again.keys).to.equal(KEYS - 1);
    expect(again.output).not.to.contain('cut at offset');
  });

  it('starts over zeros behind the end, as a file system leaves them', async () => {
    await fill('SIGKILL');
    const [path] = logFiles(dir);
    appendFileSync(path, Buffer.alloc(4096));
    const { keys, output } = await reopen();
    expect(keys).to.equal(KEYS);
    expect(output).to.contain('4096 bytes that a crash left incomplete');
  });

  it('is not there for a second process while one has the directory', async () => {
    const server = await start();
    const { code, stderr } = startInVain(dir);
    expect(code).to.equal(1);
    expect(stderr)
      .to.contain(dir)
      .and.to.match(/in use|lock|another/i);
    await server.stop();
  });
});
