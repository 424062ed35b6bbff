import { expect } from 'chai';
import { CorruptionError } from '../../../lib/base/errors.js';
import { StampFile } from '../../../lib/cluster/topology/stamp-file.js';
import { keepEverything, keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from '../../storage/log/aof-harness.js';

const DIRECTORY = '/data';
const PATH = StampFile.pathIn(DIRECTORY);

const below = (bound: number): { bound: number; isExact: boolean } => ({ bound, isExact: false });

describe('StampFile', () => {
  let disk: MemoryDisk;
  let file: StampFile;
  /** What the disk does later. */
  let ends: (() => void)[] = [];
  const endAll = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      for (const end of ends.splice(0)) end();
      await settled();
    }
  };
  const durable = (): unknown => StampFile.read(disk.snapshot(keepNothing), DIRECTORY);

  beforeEach(() => {
    ends = [];
    disk = new MemoryDisk({ later: (run) => ends.push(run) });
    disk.makeDirectory(DIRECTORY);
    disk.syncDirectory('/');
    file = new StampFile(disk, DIRECTORY);
    file.prepare();
  });

  it('has what was written when that is said to be durable', async () => {
    expect(StampFile.read(disk, DIRECTORY)).to.equal(undefined);
    for (const bound of [10, 20, 30]) {
      const written = file.writeLater(below(bound));
      await endAll();
      expect(await written).to.equal(true);
      expect(durable()).to.deep.equal(below(bound));
    }
    file.writeNow({ bound: 25, isExact: true });
    expect(durable()).to.deep.equal({ bound: 25, isExact: true });
  });

  it('does not let what was begun before take the place of what was written at once', async () => {
    for (const isFirst of [true, false]) {
      const written = file.writeLater(below(10));
      if (!isFirst) await endAll();
      file.writeNow(below(20));
      expect(durable()).to.deep.equal(below(20));
      await endAll();
      expect(await written).to.equal(!isFirst);
      expect(durable()).to.deep.equal(below(20));
    }
  });

  it('is written to again from the start when it has grown, also while it is written at once', async () => {
    const begun = file.writeLater(below(1));
    await endAll();
    await begun;
    for (let bound = 2; disk.sizeOf(PATH) <= 64 * 1024; bound++) file.writeNow(below(bound));
    const written = file.writeLater(below(1_000_000));
    file.writeNow(below(2_000_000));
    await endAll();
    expect(await written).to.equal(false);
    expect(durable()).to.deep.equal(below(2_000_000));
    const again = file.writeLater(below(3_000_000));
    await endAll();
    expect(await again).to.equal(true);
    expect(durable()).to.deep.equal(below(3_000_000));
    expect(disk.sizeOf(PATH)).to.be.below(100);
  });

  it('passes over what a crash has left of a line', async () => {
    const written = file.writeLater(below(1000));
    await endAll();
    await written;
    void file.writeLater(below(2000));
    for (let seed = 0; seed < 50; seed++) {
      const state = StampFile.read(disk.snapshot(keepRandomly(new SeededRandom(seed))), DIRECTORY);
      expect(state?.bound).to.be.oneOf([1000, 2000]);
    }
    expect(StampFile.read(disk.snapshot(keepEverything), DIRECTORY)).to.deep.equal(below(2000));
  });

  it('stops the start when nothing in it can be read', () => {
    for (const content of ['', 'ringkv stamps 1\n', 'ringkv stamps 1\n1000 below 00000000\n', 'something else\n']) {
      disk.plant(PATH, Buffer.from(content));
      expect(() => StampFile.read(disk, DIRECTORY)).to.throw(CorruptionError);
    }
  });
});
