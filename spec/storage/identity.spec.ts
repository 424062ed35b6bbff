import { expect } from 'chai';
import { CorruptionError, DiskError } from '../../lib/base/errors.js';
import { openIdentity } from '../../lib/storage/identity.js';
import type { Identity } from '../../lib/storage/identity.js';
import { keepEverything, keepNothing, keepRandomly } from '../sim/crash-fate.js';
import type { Fault, Step } from '../sim/memory-disk.js';
import { MemoryDisk, PowerFailure } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';

const DIRECTORY = '/data';
const PATH = `${DIRECTORY}/identity`;

function emptyDirectory(plan?: (step: Step) => Fault | undefined): MemoryDisk {
  const disk = new MemoryDisk(plan && { plan });
  disk.makeDirectory(DIRECTORY);
  disk.syncDirectory('/');
  return disk;
}

const open = (disk: MemoryDisk, seed: number): Identity => openIdentity(disk, new SeededRandom(seed), DIRECTORY);

/** A disk with this as the file. */
function diskWith(content: Buffer): MemoryDisk {
  const disk = emptyDirectory();
  const file = disk.create(PATH);
  file.append(content, 0, content.length);
  file.close();
  return disk;
}

describe('openIdentity', () => {
  it('makes an identity at the first boot, and finds it again at every later one', () => {
    const disk = emptyDirectory();
    const first = open(disk, 1);
    expect(first.nodeId).to.match(/^[0-9a-f]{32}$/);
    expect(first.positionKey.length).to.equal(8);
    expect(open(disk, 2)).to.deep.equal(first);
    expect(disk.list(DIRECTORY)).to.deep.equal(['identity']);
    expect(open(emptyDirectory(), 2)).to.not.deep.equal(first);
  });

  it('has made it durable when it returns', () => {
    const disk = emptyDirectory();
    const first = open(disk, 1);
    expect(open(disk.crash(keepNothing), 2)).to.deep.equal(first);
  });

  it('is there wholly or not at all after a power failure at any step', () => {
    const total = ((disk) => (open(disk, 1), disk.stepCount))(emptyDirectory());
    expect(total).to.be.above(5);
    for (let at = 3; at <= total; at++) {
      for (let seed = 0; seed < 20; seed++) {
        const disk = emptyDirectory(({ number }) => (number === at ? { kind: 'power' } : undefined));
        expect(() => open(disk, 1)).to.throw(PowerFailure);
        const next = disk.crash(seed === 0 ? keepEverything : keepRandomly(new SeededRandom(seed)));
        const identity = open(next, 2);
        expect(next.list(DIRECTORY)).to.deep.equal(['identity']);
        expect(open(next.crash(keepNothing), 3)).to.deep.equal(identity);
      }
    }
  });

  it('passes on an error of the disk, and can be tried again', () => {
    const fault: Fault = { kind: 'error', code: 'ENOSPC', takenBytes: 5 };
    let fails = true;
    const disk = emptyDirectory(({ name }) => (name === 'append' && fails ? fault : undefined));
    expect(() => open(disk, 1))
      .to.throw(DiskError)
      .with.property('code', 'ENOSPC');
    fails = false;
    expect(open(disk, 2)).to.deep.equal(open(disk, 3));
  });

  it('refuses a file with any bit changed, cut anywhere, or longer', () => {
    const disk = emptyDirectory();
    open(disk, 1);
    const content = disk.contentOf(PATH);
    const damaged: Buffer[] = [
      Buffer.alloc(0),
      Buffer.concat([content, content]),
      Buffer.concat([content, Buffer.from('\n')]),
    ];
    for (let at = 0; at < content.length; at++) {
      damaged.push(content.subarray(0, at));
      const flipped = Buffer.from(content);
      flipped[at] ^= 1 << (at % 8);
      damaged.push(flipped);
    }
    for (const bytes of damaged) {
      expect(() => open(diskWith(bytes), 2), bytes.toString('latin1')).to.throw(CorruptionError, 'restore the file');
    }
    expect(open(diskWith(content), 2)).to.deep.equal(open(disk, 3));
  });

  it('writes the file as it is described', () => {
    const disk = emptyDirectory();
    const { nodeId, positionKey } = open(disk, 1);
    const lines = disk.contentOf(PATH).toString('latin1').split('\n');
    expect(lines.slice(0, 3)).to.deep.equal([
      'ringkv identity 1',
      `node ${nodeId}`,
      `position-key ${positionKey.toString('hex')}`,
    ]);
    expect([lines.length, lines[4]]).to.deep.equal([5, '']);
    expect(lines[3]).to.match(/^[0-9a-f]{8}$/);
  });
});
