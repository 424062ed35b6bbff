import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RingProcesses } from '../../scripts/ring-faults/ring-processes.js';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import { flipBit, tableFiles } from './log-files.js';

const KEYS = 2000;
const PARALLEL = 50;
const RESTORE_MS_MAX = 30_000;
const LOOK_MS = 50;

describe('A ring of three processes over a table with a flipped bit', function () {
  this.timeout(90_000);
  let dir: string;
  let ring: RingProcesses;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ringkv-rot-'));
    ring = await RingProcesses.start({ count: 3, dir, args: ['--repair-interval', '0'] });
    await inParallel(1, async (client, i) => {
      expect(await client.call('SET', `key:${i}`, valueOf(i))).to.equal('OK');
    });
  });

  after(async () => {
    await ring.stop();
    rmSync(dir, { recursive: true });
  });

  /** Stops node 0 when all it has is in tables, flips a bit of the largest, and starts it again. Returns the path of the table. */
  async function damage(): Promise<string> {
    const client = await ring.node(0).connect();
    expect(await client.call('SAVE')).to.equal('OK');
    client.close();
    await ring.node(0).stop();
    const tables = tableFiles(join(dir, 'node0')).sort((a, b) => statSync(b).size - statSync(a).size);
    flipBit(tables[0], Math.floor(statSync(tables[0]).size / 4));
    await ring.startNode(0);
    return tables[0];
  }

  /** Runs `each` for all keys through a node, many at a time. */
  async function inParallel(
    node: number,
    each: (client: Awaited<ReturnType<ReturnType<RingProcesses['node']>['connect']>>, i: number) => Promise<void>,
  ): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      const client = await ring.node(node).connect();
      for (let i = next++; i < KEYS; i = next++) await each(client, i);
      client.close();
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  async function figure(name: string): Promise<number> {
    const client = await ring.node(0).connect();
    const info = String(await client.call('INFO', 'ring'));
    client.close();
    return Number(new RegExp(`^${name}:(\\d+)\r$`, 'm').exec(info)?.[1]);
  }

  async function restored(): Promise<void> {
    const endMs = performance.now() + RESTORE_MS_MAX;
    while ((await figure('restored_tables')) === 0) {
      expect(performance.now(), ring.logText(0)).to.be.below(endMs);
      await sleep(LOOK_MS);
    }
    expect(await figure('damaged_tables')).to.equal(0);
  }

  /** Nothing is wrong with what node 0 has on disk, and it has everything by itself. */
  async function checkAlone(table: string): Promise<void> {
    const log = ring.logText(0);
    expect(log).to.contain(`${table} is quarantined`).and.to.contain('was restored from the other replicas');
    const client = await ring.node(0).connect();
    await client.call('CONFIG', 'SET', 'read-consistency', 'one');
    client.close();
    await inParallel(0, async (one, i) => {
      expect(await one.call('GET', `key:${i}`)).to.equal(valueOf(i));
    });
    await ring.node(0).stop();
    const { status, stdout } = spawnSync(process.execPath, [EXECUTABLE, 'check', join(dir, 'node0')], {
      encoding: 'utf8',
    });
    expect(status, stdout).to.equal(0);
    expect(tableFiles(join(dir, 'node0'))).to.not.include(table);
    await ring.startNode(0);
  }

  it('answers every read, finds the damage by it, and has what was in the table from the others, by itself', async () => {
    const table = await damage();
    await inParallel(0, async (client, i) => {
      expect(await client.call('GET', `key:${i}`)).to.equal(valueOf(i));
    });
    await restored();
    await checkAlone(table);
  });

  it('finds the damage when replicas are compared, though nobody reads', async () => {
    const table = await damage();
    const client = await ring.node(0).connect();
    expect(await client.call('RING', 'REPAIR')).to.equal('OK');
    client.close();
    await restored();
    await checkAlone(table);
  });
});

function valueOf(i: number): string {
  return `value ${i} ${'x'.repeat(i % 200)}`;
}
