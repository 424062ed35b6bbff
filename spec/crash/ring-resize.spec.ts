import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { GrowingRing } from '../../scripts/ring-resize/growing-ring.js';
import { EXECUTABLE } from '../../scripts/tools/executable.js';
import { loadKeys, readKeys } from '../../scripts/tools/pipelined-loader.js';

const run = promisify(execFile);
const KEYS = 14_000;
const VALUE_BYTES = 500;
/** So much is given at once by each source, and the rest slowly, until it is set to be quick. */
const SLOW = '100kb';
const STEP_MS = 30_000;
const LOOK_MS = 50;
/** What was there so long ago is noted on disk. */
const NOTED_MS = 1100;

describe('A ring of processes in three zones that is resized', function () {
  this.timeout(90_000);
  let dir: string;
  let ring: GrowingRing;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ringkv-resize-'));
    ring = await GrowingRing.start({
      count: 3,
      countMax: 4,
      dir,
      args: ['--transfer-rate', SLOW, '--repair-interval', '0'],
      argsOf: (node) => ['--cluster-zone', 'abca'[node]],
    });
    await loadKeys({ port: ring.addresses[0].port, count: KEYS, valueBytes: VALUE_BYTES, stamped: true });
  });
  after(async () => {
    await ring.stop();
    rmSync(dir, { recursive: true });
  });

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + STEP_MS;
    while (!(await isSo())) {
      if (performance.now() > deadlineMs) throw new Error(`it has not come to that in time: ${await isSo()}`);
      await sleep(LOOK_MS);
    }
  }

  async function filledPercent(node: number): Promise<number> {
    const { port } = ring.addresses[node];
    return (await ring.membersBy(0)).find((member) => member.port === port)?.filledPercent ?? -1;
  }

  /** What the change waits for, as a node says. */
  async function waitsFor(node: number): Promise<string> {
    const status = (await ring.ask(node, 'RING', 'STATUS')) as unknown[];
    return String(status[status.indexOf('change-waits-for') + 1]);
  }

  /** Some of what a node takes over is there, and not all of it: how much. */
  async function midway(node: number): Promise<number> {
    let percent = 0;
    await until(async () => (percent = await filledPercent(node)) > 0 && percent < 100);
    return percent;
  }

  async function setRate(rate: string, nodes: readonly number[]): Promise<void> {
    for (const node of nodes) await ring.ask(node, 'CONFIG', 'SET', 'transfer-rate', rate);
  }

  /** These nodes are the ring, every slot has a replica in each zone, and every key is there. */
  async function isWhole(nodes: readonly number[]): Promise<void> {
    await ring.settled(nodes, STEP_MS);
    for (let i = 0; i < 50; i++) {
      const owners = (await ring.ask(nodes[0], 'RING', 'OWNERS', `key:${i}`)) as string[][];
      expect(owners.map((owner) => owner[owner.indexOf('zone') + 1]).sort()).to.deep.equal(['a', 'b', 'c']);
    }
    await readKeys({ port: ring.addresses[1].port, count: KEYS, valueBytes: VALUE_BYTES });
  }

  it('goes on filling who joins where it was when that one is killed, shows how far it is, and drops it when the change is aborted', async () => {
    await ring.startNode(3);
    const percent = await midway(3);
    await sleep(NOTED_MS);
    const { stdout } = await run(process.execPath, [EXECUTABLE, 'ring', `127.0.0.1:${ring.addresses[1].port}`]);
    expect(stdout).to.match(/█░+ +\d+ %/);
    await ring.node(3).kill('SIGKILL');
    await ring.startNode(3);
    await until(async () => (await filledPercent(3)) > 0);
    expect(await filledPercent(3)).to.be.at.least(percent);
    await until(async () => (await waitsFor(1)).includes('to have what it takes over'));
    expect(await ring.ask(1, 'RING', 'ABORT')).to.equal('OK');
    await ring.node(3).exited;
    await isWhole([0, 1, 2]);
  });

  it('has a member that joins filled though one that gives is killed', async () => {
    rmSync(join(dir, 'node3'), { recursive: true });
    await ring.startNode(3);
    await midway(3);
    await ring.node(1).kill('SIGKILL');
    await ring.startNode(1);
    await setRate('0', [0, 1, 2]);
    await isWhole([0, 1, 2, 3]);
  });

  it('keeps a member that was leaving when that is aborted', async () => {
    await setRate(SLOW, [0, 1, 2, 3]);
    await ring.ask(3, 'RING', 'LEAVE');
    await midway(0);
    expect(await ring.ask(1, 'RING', 'ABORT')).to.equal('OK');
    await isWhole([0, 1, 2, 3]);
  });

  it('takes a dead member out though the member that was asked to is killed meanwhile', async () => {
    const id = (await ring.membersBy(0)).find(({ port }) => port === ring.addresses[3].port)?.id ?? '';
    await ring.destroyNode(3);
    expect(await ring.ask(0, 'RING', 'REMOVE', id)).to.equal('OK');
    await midway(0);
    await ring.node(0).kill('SIGKILL');
    await ring.startNode(0);
    await setRate('0', [0, 1, 2]);
    await isWhole([0, 1, 2]);
  });
});
