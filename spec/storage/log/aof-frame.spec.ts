import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError } from '../../../lib/base/errors.js';
import type { FileHeader } from '../../../lib/storage/log/aof-frame.js';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FrameHeader,
  FrameKind,
  decodeFileHeader,
  encodeFileHeader,
  encodeFrameHeader,
  frameSeed,
} from '../../../lib/storage/log/aof-frame.js';
import { thrownBy } from './aof-harness.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const fileId = fc.record({ high: word, low: word });
const fileHeader = fc.record({
  type: fc.constantFrom('segment' as const, 'manifest' as const),
  number: word,
  fileId,
  nextFileId: fileId,
  previousBytes: word,
});
const frame = fc.record({
  kind: fc.constantFrom(...Object.values(FrameKind)),
  fileId,
  offset: fc.oneof(fc.nat(10_000), fc.integer({ min: 0xffffffff, max: Number.MAX_SAFE_INTEGER })),
  synced: fc.nat(10_000),
  payload: fc.uint8Array({ maxLength: 300 }),
});

/** The grammar, word for word. */
function plainFrame(value: typeof frame extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const { kind, offset, synced, payload } = value;
  const covered = Buffer.alloc(24);
  covered.writeUInt32LE(value.fileId.low, 0);
  covered.writeUInt32LE(value.fileId.high, 4);
  covered.writeBigUInt64LE(BigInt(offset), 8);
  covered.writeUInt32LE(kind * 2 ** 30 + payload.length, 16);
  covered.writeUInt32LE(synced, 20);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  covered.copy(header, 0, 16, 24);
  header.writeUInt32LE(crc32(covered), 8);
  header.writeUInt32LE(crc32(payload, crc32(covered)), 12);
  return header;
}

describe('encodeFrameHeader', () => {
  it('writes what the grammar says, which FrameHeader.decode reads', () => {
    fc.assert(
      fc.property(frame, fc.nat(20), (value, at) => {
        const { kind, offset, payload } = value;
        const synced = Math.min(value.synced, offset);
        const seed = frameSeed(value.fileId);
        const target = Buffer.alloc(at + FRAME_HEADER_BYTES + 1, 0x7f);
        encodeFrameHeader(target, at, kind, seed, offset, synced, payload);
        const expected = plainFrame({ ...value, synced });
        expect(target.toString('hex')).to.equal('7f'.repeat(at) + expected.toString('hex') + '7f');

        const header = new FrameHeader();
        expect(header.decode(target, at, seed, offset)).to.equal(true);
        expect(header).to.include({ kind, synced, payloadBytes: payload.length });
        expect(header.fits(payload)).to.equal(true);
      }),
    );
  });
});

describe('FrameHeader decode', () => {
  const payload = Buffer.from('a payload');
  const seed = frameSeed({ high: 1, low: 2 });
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
  encodeFrameHeader(bytes, 0, FrameKind.data, seed, 1000, 500, payload);
  const isFrame = (header: Buffer, ofSeed = seed, offset = 1000): boolean => {
    const decoded = new FrameHeader();
    return decoded.decode(header, 0, ofSeed, offset) && decoded.fits(payload);
  };

  it('refuses a frame of another file or another offset', () => {
    expect(isFrame(bytes)).to.equal(true);
    expect(isFrame(bytes, frameSeed({ high: 2, low: 1 }))).to.equal(false);
    expect(isFrame(bytes, seed, 1001)).to.equal(false);
    expect(isFrame(bytes, seed, 1000 + 2 ** 32)).to.equal(false);
  });

  it('refuses every flipped bit', () => {
    for (let bit = 0; bit < 8 * FRAME_HEADER_BYTES; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect(isFrame(flipped), `bit ${bit}`).to.equal(false);
    }
  });

  it('refuses kinds that mean nothing', () => {
    for (const kind of [2, 3]) {
      const other = Buffer.alloc(FRAME_HEADER_BYTES);
      encodeFrameHeader(other, 0, kind as FrameKind, seed, 1000, 500, payload);
      expect(isFrame(other)).to.equal(false);
    }
  });

  it('refuses zeros, and a frame that claims more durable bytes than lie before it', () => {
    expect(isFrame(Buffer.alloc(FRAME_HEADER_BYTES), seed, 0)).to.equal(false);
    const liar = Buffer.alloc(FRAME_HEADER_BYTES);
    encodeFrameHeader(liar, 0, FrameKind.data, seed, 1000, 1001, payload);
    expect(isFrame(liar)).to.equal(false);
  });
});

describe('encodeFileHeader', () => {
  it('writes what decodeFileHeader reads', () => {
    fc.assert(
      fc.property(fileHeader, (header) => {
        expect(decodeFileHeader('f', header.type, encodeFileHeader(header))).to.deep.equal(header);
      }),
    );
  });
});

describe('decodeFileHeader', () => {
  const header: FileHeader = {
    type: 'segment',
    number: 7,
    fileId: { high: 1, low: 2 },
    nextFileId: { high: 3, low: 4 },
    previousBytes: 5,
  };

  it('refuses every flipped bit', () => {
    for (let bit = 0; bit < 8 * FILE_HEADER_BYTES; bit++) {
      const bytes = encodeFileHeader(header);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      const error = thrownBy(CorruptionError, () => decodeFileHeader('the/path', 'segment', bytes));
      expect(error.message, `bit ${bit}`).to.match(/^the\/path: at offset \d+: .*Restore the data directory/);
    }
  });

  it('says so when a newer program wrote the file', () => {
    const bytes = encodeFileHeader(header);
    bytes.writeUInt32LE(2, 8);
    expect(() => decodeFileHeader('f', 'segment', bytes)).to.throw(
      CorruptionError,
      'a segment file of format version 2, and this program knows version 1 only: a newer program wrote it',
    );
  });

  it('tells a manifest from a segment', () => {
    expect(() => decodeFileHeader('f', 'manifest', encodeFileHeader(header))).to.throw(
      CorruptionError,
      'not the manifest',
    );
  });

  it('takes a torn header and one of zeros for none', () => {
    for (let length = 0; length < FILE_HEADER_BYTES; length++) {
      expect(decodeFileHeader('f', 'segment', encodeFileHeader(header).subarray(0, length))).to.equal(undefined);
    }
    expect(decodeFileHeader('f', 'segment', Buffer.alloc(FILE_HEADER_BYTES))).to.equal(undefined);
  });
});
