import { expect } from 'chai';

import { HintWriter } from '../../lib/cluster/replication/hint-file.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { DIRECTORY, check } from './tool-node.js';

const MEMBER = 'ab'.repeat(20);
const FOLDER = `hints/${MEMBER}`;
const NUMBER = 1_700_000_000;
const NAME = `${FOLDER}/${NUMBER}.hints`;
const HINTS = 5;

describe('checkHints', () => {
  let content: Buffer;
  /** Where each hint ends. */
  let ends: number[];

  before(() => {
    const batches = Array.from({ length: HINTS }, (_, i) => batchOf(`key${i}`));
    ({ content, ends } = hintFile(batches));
  });

  it('counts the hints of each member, and changes nothing', () => {
    const disk = diskWith(content);
    const { stepCount } = disk;
    const { lines, damaged } = check(disk);
    expect(damaged).to.deep.equal([]);
    expect(lines.join('\n')).to.match(new RegExp(`ok {7}${NAME} +5 hints, ${content.length} bytes`));
    expect(lines.at(-1)).to.include(', 5 hints for other members');
    expect(lines.join('\n')).not.to.include('not a file of ringkv');
    expect(disk.stepCount).to.equal(stepCount);
  });

  it('sees a flipped bit in the header, and in any hint but the last', () => {
    const random = new SeededRandom(7);
    for (let time = 0; time < 100; time++) {
      const bit = random.uint32() % (ends[HINTS - 2] * 8);
      expect(check(diskWith(flipped(content, bit))).damaged, `bit ${bit}`).to.deep.equal([NAME]);
    }
  });

  it('takes a hint at the end that is not whole for what a crash has left', () => {
    for (const size of [content.length - 1, ends[HINTS - 2] + 1, 7, 0]) {
      const { damaged, lines } = check(diskWith(content.subarray(0, size)));
      expect(damaged, `${size} bytes`).to.deep.equal([]);
      expect(lines.filter((line) => line.startsWith('note') && line.includes(NAME))).to.have.length(1);
    }
  });

  it('sees a hint that is whole and cannot be read', () => {
    const broken = flipped(batchOf('key'), 0);
    const { damaged, lines } = check(diskWith(hintFile([batchOf('before'), broken, batchOf('behind')]).content));
    expect(damaged).to.deep.equal([NAME]);
    expect(lines.join('\n')).to.include('a hint in it cannot be read: at offset 0: batch format');
  });

  it('names what is there and is none', () => {
    const disk = diskWith(content);
    disk.plant(`${DIRECTORY}/${FOLDER}/notes.txt`, Buffer.from('mine'));
    disk.plant(`${DIRECTORY}/hints/somebody/notes.txt`, Buffer.from('his'));
    const { damaged, lines } = check(disk);
    expect(damaged).to.deep.equal([]);
    const notes = lines.filter((line) => line.startsWith('note')).join('\n');
    expect(notes).to.include(`${FOLDER}/notes.txt`).and.to.include('hints/somebody ');
  });
});

function batchOf(key: string): Buffer {
  const batch = new WriteBatch(7);
  batch.entry(0, Buffer.from(key), 0, key.length, 1, 100);
  batch.string(100, true, Buffer.from('v'), 0, 1);
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
}

function hintFile(batches: readonly Buffer[]): { content: Buffer; ends: number[] } {
  const disk = emptyDisk();
  const writer = HintWriter.create(disk, new SeededRandom(1), `${DIRECTORY}/${FOLDER}`, NUMBER);
  const ends = batches.map((batch) => {
    writer.append(batch);
    return writer.file.sizeBytes;
  });
  writer.close();
  return { content: Buffer.from(disk.contentOf(`${DIRECTORY}/${NAME}`)), ends };
}

function diskWith(content: Buffer): MemoryDisk {
  const disk = emptyDisk();
  disk.plant(`${DIRECTORY}/${NAME}`, content);
  return disk;
}

function emptyDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory(`${DIRECTORY}/${FOLDER}`);
  disk.makeDirectory(`${DIRECTORY}/hints/somebody`);
  return disk;
}

function flipped(content: Buffer, bit: number): Buffer {
  const copy = Buffer.from(content);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}
