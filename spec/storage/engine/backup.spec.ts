import { expect } from 'chai';

import type { Fault, Step } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { keepEverything, keepNothing } from '../../sim/crash-fate.js';
import { ToolNode, check } from '../../tools/tool-node.js';

const BACKUPS = '/backups';
const TARGET = `${BACKUPS}/one`;
const PARTIAL = `${TARGET}.partial`;

type Plan = (step: Step) => Fault | undefined;

/** A disk with a durable directory for backups. */
function diskWith(plan: Plan = () => undefined): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory(BACKUPS);
  disk.syncDirectory('/');
  return disk.kill({ plan });
}

/** A node with tables of two levels and something in the log. */
async function filledNode(disk: MemoryDisk, configText = ''): Promise<ToolNode> {
  const node = await ToolNode.start(disk, '/data', `appendfsync always\n${configText}`);
  for (let i = 0; i < 20; i++) await node.ask('SET', `key${i}`, `value ${i}`);
  await node.ask('COMPACT');
  for (let i = 10; i < 25; i++) await node.ask('SET', `key${i}`, `new ${i}`);
  await node.ask('SAVE');
  await node.ask('SET', 'key1', 'last');
  await node.ask('DEL', 'key2');
  return node;
}

/** What a node finds in a backup, started on it as it is. */
async function contentsOf(disk: MemoryDisk, directory: string): Promise<Map<string, unknown>> {
  const node = await ToolNode.start(disk, directory);
  const contents = await node.contents();
  await node.stop();
  return contents;
}

describe('BACKUP', () => {
  it('makes a directory that holds all that was written before, and is whole; the node goes on', async () => {
    const node = await filledNode(diskWith());
    const before = await node.contents();
    expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
    expect(await node.ask('SET', 'key3', 'after')).to.equal('OK');
    await node.ask('COMPACT');
    expect(node.disk.list(BACKUPS)).to.deep.equal(['one']);
    expect(check(node.disk, TARGET).damaged).to.deep.equal([]);
    const disk = node.disk.kill();
    expect(check(disk).damaged).to.deep.equal([]);
    expect(await contentsOf(disk, TARGET)).to.deep.equal(before);
  });

  it('is as durable as it says', async () => {
    const node = await filledNode(diskWith());
    const before = await node.contents();
    expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
    const disk = node.disk.crash(keepNothing);
    expect(check(disk, TARGET).damaged).to.deep.equal([]);
    expect(await contentsOf(disk, TARGET)).to.deep.equal(before);
  });

  it('gives tables a second name, and copies them where they cannot have one', async () => {
    for (const code of [undefined, 'EXDEV', 'EPERM']) {
      const links: string[] = [];
      const disk = diskWith(({ name, path }) => {
        if (name === 'link') links.push(path);
        return name === 'link' && code !== undefined ? { kind: 'error', code } : undefined;
      });
      const node = await filledNode(disk);
      expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
      expect(links).to.have.length(2);
      expect(check(disk, TARGET).damaged).to.deep.equal([]);
    }
  });

  it('never appends to files of the data directory, nor the node to those of the backup', async () => {
    const node = await filledNode(diskWith());
    await node.ask('BACKUP', TARGET);
    const segment = node.disk.list(`${TARGET}/aof`)[0];
    const copied = Buffer.from(node.disk.contentOf(`${TARGET}/aof/${segment}`));
    await node.ask('SET', 'key3', 'after');
    expect(node.disk.contentOf(`${TARGET}/aof/${segment}`)).to.deep.equal(copied);
    expect(node.disk.contentOf(`/data/aof/${segment}`).length).to.be.greaterThan(copied.length);
  });

  it('works without a log: it saves first', async () => {
    const node = await filledNode(diskWith(), 'appendonly no');
    const before = await node.contents();
    expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
    expect(node.disk.list(`${TARGET}/aof`)).to.deep.equal([]);
    const disk = node.disk.kill();
    expect(check(disk, TARGET).damaged).to.deep.equal([]);
    expect(await contentsOf(disk, TARGET)).to.deep.equal(before);
  });

  it('of a node with nothing in it can be started from', async () => {
    const node = await ToolNode.start(diskWith());
    expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
    const disk = node.disk.kill();
    expect(check(disk, TARGET).damaged).to.deep.equal([]);
    expect(await contentsOf(disk, TARGET)).to.deep.equal(new Map());
  });

  it('takes an empty directory, and refuses every other place with its reason', async () => {
    const node = await filledNode(diskWith());
    const { disk } = node;
    disk.makeDirectory(`${BACKUPS}/empty`);
    expect(await node.ask('BACKUP', `${BACKUPS}/empty/`)).to.equal('OK');
    expect(check(disk, `${BACKUPS}/empty`).damaged).to.deep.equal([]);
    expect(await node.ask('BACKUP', `${BACKUPS}/empty`)).to.equal('-ERR /backups/empty is not empty');
    expect(await node.ask('BACKUP', 'one')).to.equal('-ERR one is not an absolute path');
    expect(await node.ask('BACKUP', '/data/backup')).to.equal('-ERR /data/backup is in the data directory');
    expect(await node.ask('BACKUP', '/backups/../data')).to.match(/is in the data directory$/);
    expect(await node.ask('BACKUP', '/nowhere/one')).to.equal('-ERR there is no directory /nowhere');
    expect(disk.list(BACKUPS)).to.deep.equal(['empty']);
  });

  it('refuses while a table is in quarantine: it would lack what that holds', async () => {
    const { disk } = await filledNode(diskWith());
    const next = disk.kill();
    const table = `/data/tables/${next.list('/data/tables')[0]}`;
    next.remove(table);
    const node = await ToolNode.start(next);
    expect(await node.ask('BACKUP', TARGET)).to.match(
      new RegExp(`^-ERR ${table} is not to be read, .*: the file is missing$`),
    );
    expect(next.list(BACKUPS)).to.deep.equal([]);
  });

  it('takes the place of one that a crash has broken off, but of nothing else that is there', async () => {
    const node = await filledNode(diskWith());
    const { disk } = node;
    disk.makeDirectory(`${PARTIAL}/tables`);
    disk.plant(`${PARTIAL}/tables/0000000001.sst`, Buffer.from('half'));
    disk.plant(`${PARTIAL}/CURRENT.tmp`, Buffer.from('half'));
    expect(await node.ask('BACKUP', TARGET)).to.equal('OK');
    expect(disk.list(BACKUPS)).to.deep.equal(['one']);
    disk.makeDirectory(`${BACKUPS}/two.partial`);
    disk.plant(`${BACKUPS}/two.partial/novel.txt`, Buffer.from('mine'));
    expect(await node.ask('BACKUP', `${BACKUPS}/two`)).to.match(/^-ERR .*two\.partial: the directory is not empty$/);
    expect(disk.contentOf(`${BACKUPS}/two.partial/novel.txt`).toString()).to.equal('mine');
  });

  it('refuses a second one meanwhile', async () => {
    const node = await filledNode(diskWith());
    const [first, second] = await Promise.all([
      node.ask('BACKUP', TARGET),
      node.beside().ask('BACKUP', `${BACKUPS}/two`),
    ]);
    expect([first, second]).to.deep.equal(['OK', '-ERR a backup is being made already']);
    expect(node.disk.list(BACKUPS)).to.deep.equal(['one']);
  });
});

/** Runs `filledNode` and a backup on a disk that does something wrong at a step of the backup: for each of these, in turn. */
async function atEachStep(
  fault: Fault,
  then: (node: ToolNode, reply: unknown, step: Step, before: Map<string, unknown>) => Promise<void>,
): Promise<number> {
  let first = 0;
  for (let at = 0; ; at++) {
    let failed: Step | undefined;
    const disk = diskWith((step) => {
      if (first === 0 || step.number !== first + at) return undefined;
      failed = step;
      return fault;
    });
    const node = await filledNode(disk);
    const before = await node.contents();
    first = disk.stepCount + 1;
    const reply = await Promise.race([node.ask('BACKUP', TARGET), disk.died]);
    if (failed === undefined) return at;
    await then(node, reply, failed, before);
  }
}

describe('BACKUP at any step', () => {
  it('that fails: says why, leaves nothing, and the node serves on', async function () {
    this.timeout(60_000);
    for (const code of ['ENOSPC', 'EIO']) {
      const count = await atEachStep({ kind: 'error', code }, async (node, reply, { name, path }, before) => {
        const what = `${code} at ${name} ${path}`;
        expect(reply, what).to.match(/^-ERR .*injected/);
        expect(node.disk.list(BACKUPS), what).to.deep.equal([]);
        expect(await node.contents(), what).to.deep.equal(before);
        expect(await node.ask('SET', 'key3', 'more'), what).to.equal('OK');
        expect(await node.ask('BACKUP', TARGET), what).to.equal('OK');
        expect(check(node.disk, TARGET).damaged, what).to.deep.equal([]);
      });
      expect(count).to.be.greaterThan(20);
    }
  });

  it('at which the power fails: what has its name is whole, and the data is what it was', async function () {
    this.timeout(60_000);
    const count = await atEachStep({ kind: 'power' }, async ({ disk }, _reply, { name, path }, before) => {
      for (const fate of [keepNothing, keepEverything]) {
        const next = disk.crash(fate);
        const what = `power failure at ${name} ${path}`;
        expect(check(next).damaged, what).to.deep.equal([]);
        if (next.exists(TARGET)) {
          expect(check(next, TARGET).damaged, what).to.deep.equal([]);
          expect(await contentsOf(next, TARGET), what).to.deep.equal(before);
          continue;
        }
        const node = await ToolNode.start(next);
        expect(await node.contents(), what).to.deep.equal(before);
        expect(await node.ask('BACKUP', TARGET), what).to.equal('OK');
        expect(next.list(BACKUPS), what).to.deep.equal(['one']);
      }
    });
    expect(count).to.be.greaterThan(20);
  });
});
