import { expect } from 'chai';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import type { ClosedSegment } from '../../../lib/storage/log/append-only-file.js';
import { FileFrames } from '../../../lib/storage/log/file-frames.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FrameKind } from '../../../lib/storage/log/aof-frame.js';
import { SegmentReader } from '../../../lib/storage/log/segment-reader.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { appendAll, openLog, segment, settled, thrownBy } from './aof-harness.js';

const PAYLOADS = ['first', 'x'.repeat(200), 'the last one'];

/** A disk with the closed segments 1 and 2; the second has a seal in it. */
async function twoClosed(): Promise<{ disk: MemoryDisk; closed: readonly ClosedSegment[] }> {
  const disk = new MemoryDisk();
  const { log } = openLog(disk);
  for (let number = 1; number <= 2; number++) {
    appendAll(log, ...PAYLOADS);
    log.rotate();
    await settled();
  }
  return { disk: disk.kill(), closed: log.closedSegments };
}

function readAll(disk: MemoryDisk, facts: ClosedSegment, path = segment(facts.number)): string[] {
  const reader = SegmentReader.open(disk, path, facts);
  const payloads: string[] = [];
  try {
    while (reader.next()) payloads.push(reader.payload.toString('latin1'));
    expect(reader.offset).to.equal(facts.sizeBytes);
  } finally {
    reader.close();
  }
  return payloads;
}

describe('SegmentReader', () => {
  it('reads the payloads of a closed segment, and not its seals', async () => {
    const { disk, closed } = await twoClosed();
    for (const facts of closed) expect(readAll(disk, facts)).to.deep.equal(PAYLOADS);
  });

  it('refuses every flipped bit, and never returns a payload that is not whole', async () => {
    const { disk, closed } = await twoClosed();
    const path = segment(2);
    for (let bit = 0; bit < 8 * closed[1].sizeBytes; bit += 3) {
      disk.contentOf(path)[bit >> 3] ^= 1 << (bit & 7);
      const error = thrownBy(CorruptionError, () => readAll(disk, closed[1]));
      expect(error.path).to.equal(path);
      expect(error.offset).to.be.at.most(bit >> 3);
      disk.contentOf(path)[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(readAll(disk, closed[1])).to.deep.equal(PAYLOADS);
  });

  it('refuses a file that is shorter or longer than it was when it was closed', async () => {
    const { disk, closed } = await twoClosed();
    const content = Buffer.from(disk.contentOf(segment(1)));
    for (let length = 0; length < content.length; length++) {
      disk.plant(segment(1), content.subarray(0, length));
      expect(thrownBy(CorruptionError, () => readAll(disk, closed[0])).offset).to.be.at.most(length);
    }
    disk.plant(segment(1), Buffer.concat([content, Buffer.alloc(1)]));
    expect(thrownBy(CorruptionError, () => readAll(disk, closed[0])).offset).to.equal(content.length);
  });

  it('refuses another segment, and another log', async () => {
    const { disk, closed } = await twoClosed();
    const other = await twoClosed();
    const [first, second] = closed;
    const wrong = [
      second,
      other.closed[0],
      { ...first, fileId: first.nextFileId },
      { ...first, number: 2 },
      { ...first, nextFileId: first.fileId },
    ];
    for (const facts of wrong) expect(() => readAll(disk, facts, segment(1))).to.throw(CorruptionError, 'another file');
  });

  it('throws DiskError if the disk does, and if there is no such file', async () => {
    const { disk, closed } = await twoClosed();
    const failing = disk.kill({ onRead: () => ({ kind: 'error', code: 'EIO' }) });
    expect(() => readAll(failing, closed[0])).to.throw(DiskError, 'injected');
    expect(() => readAll(failing, closed[0], segment(9))).to.throw(DiskError);
  });
});

/** What FileFrames says of a file: its frames, and how it ends. */
function framesOf(disk: MemoryDisk, path: string) {
  const frames = FileFrames.open(disk, path, 'segment');
  const found: unknown[] = [];
  while (frames.next()) found.push([frames.offset, frames.kind, frames.payload.toString('latin1'), frames.synced]);
  frames.close();
  return { header: frames.header, found, ending: frames.ending, end: frames.end, sizeBytes: frames.sizeBytes };
}

describe('FileFrames', () => {
  it('tells of every frame where it is, its kind, payload and what was durable', async () => {
    const disk = new MemoryDisk();
    const { log } = openLog(disk);
    appendAll(log, 'abc');
    await log.sync();
    appendAll(log, 'de');
    await log.sync();
    log.close();
    const first = FILE_HEADER_BYTES;
    const second = first + FRAME_HEADER_BYTES + 3;
    const third = second + FRAME_HEADER_BYTES + 2;
    const { header, found, ending, end, sizeBytes } = framesOf(disk, segment(1));
    expect(header).to.include({ type: 'segment', number: 1 });
    expect(found).to.deep.equal([
      [first, FrameKind.data, 'abc', FILE_HEADER_BYTES],
      [second, FrameKind.data, 'de', second],
      [third, FrameKind.seal, '', third],
    ]);
    expect([ending, end, sizeBytes]).to.deep.equal(['complete', third + FRAME_HEADER_BYTES, end]);
  });

  it('says where and why a damaged file ends', async () => {
    const { disk } = await twoClosed();
    const content = Buffer.from(disk.contentOf(segment(1)));
    const second = FILE_HEADER_BYTES + FRAME_HEADER_BYTES + PAYLOADS[0].length;
    const endingOf = (bytes: Buffer): unknown[] => {
      disk.plant(segment(1), bytes);
      const { found, ending, end } = framesOf(disk, segment(1));
      return [found.length, ending, end];
    };
    const flipped = (offset: number): Buffer => {
      const bytes = Buffer.from(content);
      bytes[offset] ^= 1;
      return bytes;
    };
    expect(endingOf(content.subarray(0, second + 5))).to.deep.equal([1, 'cut', second]);
    expect(endingOf(content.subarray(0, second + 50))).to.deep.equal([1, 'cut', second]);
    expect(endingOf(flipped(second + 5))).to.deep.equal([1, 'header', second]);
    expect(endingOf(flipped(second + 50))).to.deep.equal([1, 'payload', second]);
    expect(endingOf(Buffer.concat([content, Buffer.alloc(100)]))).to.deep.equal([3, 'header', content.length]);
    expect(endingOf(Buffer.concat([content, Buffer.alloc(3)]))).to.deep.equal([3, 'cut', content.length]);
    expect(endingOf(content.subarray(0, 20))).to.deep.equal([0, 'header', 0]);
    disk.plant(segment(1), flipped(2));
    expect(() => framesOf(disk, segment(1))).to.throw(CorruptionError);
  });
});
