import { expect } from 'chai';
import fc from 'fast-check';

import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FrameKind,
  encodeFrameHeader,
} from '../../../lib/storage/log/aof-frame.js';
import { FrameReader } from '../../../lib/storage/log/aof-reader.js';
import { FrameScanner } from '../../../lib/storage/log/aof-scanner.js';
import { MemoryDisk } from '../../sim/memory-disk.js';

const SEED = 12345;

/** The frames of a file from `offset` on, one for each payload. */
function framesOf(payloads: readonly Uint8Array[], offset: number): Buffer {
  const parts: Uint8Array[] = [];
  let at = offset;
  for (const payload of payloads) {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    encodeFrameHeader(header, 0, FrameKind.data, SEED, at, 0, payload);
    parts.push(header, payload);
    at += FRAME_HEADER_BYTES + payload.length;
  }
  return Buffer.concat(parts);
}

function fileOf(content: Buffer) {
  const disk = new MemoryDisk();
  disk.plant('/f', content);
  return disk.open('/f');
}

const withHeader = (payloads: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.alloc(FILE_HEADER_BYTES), framesOf(payloads, FILE_HEADER_BYTES)]);

describe('FrameReader', () => {
  it('reads frames of all sizes across its window, larger ones than it too', () => {
    const sizes = [1, 2 ** 20 - 100, 17, 2 ** 20 + 1, 3, 3 * 2 ** 20, 700_000, 700_000, 5];
    const payloads = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    const reader = new FrameReader(fileOf(withHeader(payloads)), SEED);
    for (const payload of payloads) {
      expect(reader.next()).to.equal(true);
      expect(reader.payload.equals(payload)).to.equal(true);
    }
    expect(reader.next()).to.equal(false);
    expect(reader.isAtEnd).to.equal(true);
  });

  it('stops at a frame that is not whole, and says where', () => {
    const payloads = [Buffer.from('one'), Buffer.from('two')];
    const content = withHeader(payloads);
    const second = FILE_HEADER_BYTES + FRAME_HEADER_BYTES + 3;
    for (let length = second; length < content.length; length++) {
      const reader = new FrameReader(fileOf(content.subarray(0, length)), SEED);
      expect([reader.next(), reader.next(), reader.end]).to.deep.equal([true, false, second]);
      expect(reader.isAtEnd).to.equal(length === second);
    }
  });

  it('makes no room for a length that no checksum vouches for', () => {
    const content = withHeader([Buffer.from('one')]);
    content.writeUInt32LE(2 ** 29, FILE_HEADER_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    expect(new FrameReader(fileOf(content), SEED).next()).to.equal(false);
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(2 ** 24);
  });
});

describe('FrameScanner', () => {
  /** All whole frames at or behind `from`, found by reading from each offset alone. */
  function plainScan(content: Buffer, from: number): number[] {
    const found: number[] = [];
    for (let offset = from; offset <= content.length - FRAME_HEADER_BYTES;) {
      const reader = new FrameReader(fileOf(content), SEED);
      reader.end = offset;
      if (reader.next()) found.push(offset);
      offset = reader.end === offset ? offset + 1 : reader.end;
    }
    return found;
  }

  it('finds the frames that a reader finds at each offset by itself', () => {
    const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 });
    const flips = fc.array(fc.nat(), { maxLength: 2 });
    fc.assert(
      fc.property(payloads, flips, fc.nat(60), (list, bits, from) => {
        const content = withHeader(list);
        for (const bit of bits) content[(bit >> 3) % content.length] ^= 1 << (bit & 7);
        const scanner = new FrameScanner(fileOf(content), SEED, from);
        const found: number[] = [];
        while (scanner.next()) found.push(scanner.start);
        expect(found).to.deep.equal(plainScan(content, from));
      }),
      { numRuns: 30 },
    );
  });

  it('finds frames across and beyond its window', () => {
    const payloads = [100, 2 ** 20 - 30, 2 ** 21, 50].map((size, index) => Buffer.alloc(size, index + 1));
    const content = withHeader(payloads);
    content[FILE_HEADER_BYTES] ^= 1;
    const scanner = new FrameScanner(fileOf(content), SEED, 0);
    const found: number[] = [];
    while (scanner.next()) found.push(scanner.end - scanner.start - FRAME_HEADER_BYTES);
    expect(found).to.deep.equal([2 ** 20 - 30, 2 ** 21, 50]);
  });
});
