import { expect } from 'chai';
import fc from 'fast-check';
import {
  POSITION_KEY_BYTES,
  POSITION_LIMIT,
  PositionHasher,
  SLOT_COUNT,
  SLOT_SPAN,
  slotOf,
} from '../../lib/base/position.js';
import { crc16 } from '../../lib/base/crc16.js';
import { halfSipHash } from './half-sip-hash.js';

const bytesBelow = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const keys = fc.uint8Array({ maxLength: 40 });
const positionKeys = fc.uint8Array({ minLength: POSITION_KEY_BYTES, maxLength: POSITION_KEY_BYTES });
/** Keys with braces in every place. */
const braced = fc.array(fc.constantFrom(0x7b, 0x7d, 0x61, 0x62), { maxLength: 8 }).map((list) => Uint8Array.from(list));

const slotOfText = (text: string): number => {
  const bytes = Buffer.from(text);
  return slotOf(bytes, 0, bytes.length);
};

/** The position of a key, with other bytes around it. */
function positionOf(positionKey: Uint8Array, key: Uint8Array, before = 3, after = 5): number {
  const hasher = new PositionHasher(positionKey);
  const bytes = Buffer.concat([Buffer.alloc(before, 0x7b), key, Buffer.alloc(after, 0x7d)]);
  hasher.hash(bytes, before, before + key.length);
  return hasher.position;
}

/** The dumb twins: a bit at a time, a regular expression, and the formula as it stands in the design. */
function crc16ByBits(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

function slotByPattern(key: Uint8Array): number {
  const text = Buffer.from(key).toString('latin1');
  const tag = /^[^{]*\{([^}]+)\}/s.exec(text);
  return crc16ByBits(Buffer.from(tag?.[1] ?? text, 'latin1')) % 16384;
}

function positionByFormula(positionKey: Uint8Array, key: Uint8Array): number {
  const hash = halfSipHash(key, positionKey, { compression: 1, finalization: 3 }, 8).readBigUInt64LE();
  return Number(BigInt(slotByPattern(key)) * 2n ** 39n + (hash & (2n ** 39n - 1n)));
}

describe('crc16', () => {
  it('gives the published check value of XMODEM', () => {
    expect(crc16(Buffer.from('123456789'), 0, 9)).to.equal(0x31c3);
    expect(crc16(Buffer.alloc(0), 0, 0)).to.equal(0);
  });

  it('agrees with a bit at a time, on a part of a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(9), fc.nat(9), (bytes, before, after) => {
        const end = Math.max(before, bytes.length - after);
        expect(crc16(bytes, before, end)).to.equal(crc16ByBits(bytes.subarray(before, end)));
      }),
    );
  });
});

describe('slotOf', () => {
  it('gives the slots that Redis Cluster gives', () => {
    // Asked of redis-server 7.0.15 with CLUSTER KEYSLOT.
    const slots: readonly (readonly [string, number])[] = [
      ['', 0],
      ['a', 15495],
      ['foo', 12182],
      ['123456789', 12739],
      ['user:1000', 1649],
      ['{user1000}.following', 3443],
      ['{user1000}.followers', 3443],
      ['user1000', 3443],
      ['key:{tag}:1', 8338],
      ['tag', 8338],
      ['{}', 15257],
      ['{}foo', 9500],
      ['foo{}{bar}', 8363],
      ['foo{{bar}}zap', 4015],
      ['{bar', 4015],
      ['foo{bar}{zap}', 5061],
      ['foo{bar}', 5061],
      ['bar', 5061],
      ['{a}{b}', 15495],
      ['foo}{bar', 7624],
      ['x{', 3596],
      ['{{}}', 4092],
      ['{', 4092],
      ['}', 12090],
      ['{a', 10276],
      ['a}', 5921],
      ['x'.repeat(300), 11216],
    ];
    for (const [key, slot] of slots) expect(slotOfText(key), key).to.equal(slot);
    const binary = Buffer.from('00ff7b807d', 'hex'); // its tag is the byte 0x80
    expect(slotOf(binary, 0, binary.length)).to.equal(4488);
  });

  it('takes the first tag that is not empty, of the first open brace only', () => {
    fc.assert(
      fc.property(braced, (key) => {
        expect(slotOf(key, 0, key.length)).to.equal(slotByPattern(key));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('halfSipHash, the twin', () => {
  const key = bytesBelow(8);

  it('gives the published vectors of HalfSipHash-2-4 with 64 bits', () => {
    // https://github.com/veorq/SipHash, vectors.h: hashes of the bytes 0, 1, 2 ... below each length.
    const vectors: readonly (readonly [number, string])[] = [
      [0, '218d1f59b9b83cc8'],
      [1, 'be552412f8387315'],
      [2, '064f39ef7c50eb57'],
      [3, 'ce0f1a45f7060679'],
      [4, 'd5e78a175be52ea1'],
      [5, 'cb9d7c3f2f3db580'],
      [7, 'ff202728b07bc684'],
      [8, 'edfee820bce4858c'],
      [16, '7336aad25f7bf3b5'],
      [33, '248477681d28f89c'],
      [63, '2ea63c71bf326087'],
    ];
    for (const [length, hash] of vectors) {
      const found = halfSipHash(bytesBelow(length), key, { compression: 2, finalization: 4 }, 8);
      expect(found.toString('hex'), String(length)).to.equal(hash);
    }
  });

  it('gives the published vectors of HalfSipHash-1-3 with 32 bits', () => {
    // Linux, lib/tests/siphash_kunit.c, for machines of 32 bits.
    const vectors: readonly (readonly [number, number])[] = [
      [0, 0x5814c896],
      [1, 0xe7e864ca],
      [2, 0xbc4b0e30],
      [3, 0x01539939],
      [4, 0x7e059ea6],
      [62, 0x74c1ebf8],
      [63, 0x87178304],
    ];
    for (const [length, hash] of vectors) {
      const found = halfSipHash(bytesBelow(length), key, { compression: 1, finalization: 3 }, 4);
      expect(found.readUInt32LE(), String(length)).to.equal(hash);
    }
  });
});

describe('PositionHasher', () => {
  it('puts a key at slot * 2^39 + 39 bits of HalfSipHash-1-3, wherever the key lies', () => {
    fc.assert(
      fc.property(positionKeys, fc.oneof(keys, braced), fc.nat(6), fc.nat(6), (positionKey, key, before, after) => {
        expect(positionOf(positionKey, key, before, after)).to.equal(positionByFormula(positionKey, key));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same for a key that was kept, and for any that comes instead of it', () => {
    const few = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', '{a}b', 'x'.repeat(64), 'x'.repeat(65)), fc.string());
    fc.assert(
      fc.property(positionKeys, fc.array(fc.tuple(few, fc.boolean())), (positionKey, list) => {
        const hasher = new PositionHasher(positionKey);
        for (const [text, keeps] of list) {
          const key = Buffer.from(`<${text}>`);
          hasher.hash(key, 1, key.length - 1);
          if (keeps) hasher.keep(key, 1, key.length - 1);
          const alone = key.subarray(1, key.length - 1);
          expect(hasher.position).to.equal(positionByFormula(positionKey, alone));
          expect(hasher.slot).to.equal(slotByPattern(alone));
          key.fill(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('hashes keys longer than 255 bytes, of which the length counts modulo 256', () => {
    for (const length of [255, 256, 257, 511, 512, 4096]) {
      const key = Buffer.alloc(length, 'ab');
      expect(positionOf(bytesBelow(8), key)).to.equal(positionByFormula(bytesBelow(8), key));
    }
  });

  it('stays below the limit, inside of its slot, and leaves the same number in halves', () => {
    fc.assert(
      fc.property(positionKeys, keys, (positionKey, key) => {
        const hasher = new PositionHasher(positionKey);
        hasher.hash(key, 0, key.length);
        expect(hasher.position).to.be.within(0, POSITION_LIMIT - 1);
        expect(Number.isSafeInteger(hasher.position)).to.equal(true);
        expect(Math.floor(hasher.position / SLOT_SPAN)).to.equal(hasher.slot);
        expect(hasher.slot).to.equal(slotOf(key, 0, key.length));
        expect(hasher.low).to.equal(hasher.low | 0);
        expect(hasher.high * 2 ** 32 + (hasher.low >>> 0)).to.equal(hasher.position);
      }),
    );
    expect(SLOT_COUNT * SLOT_SPAN).to.equal(POSITION_LIMIT);
  });

  it('orders keys by slot first, and tells keys of one slot apart', () => {
    const positions = Array.from({ length: 2000 }, (_, i) => positionOf(bytesBelow(8), Buffer.from(`{tag}${i}`)));
    expect(new Set(positions).size).to.equal(2000);
    expect(new Set(positions.map((position) => Math.floor(position / SLOT_SPAN)))).to.deep.equal(new Set([8338]));
    const sorted = ['', 'user:1000', 'tag', 'foo', 'a'].map((key) => positionOf(bytesBelow(8), Buffer.from(key)));
    expect(sorted).to.deep.equal([...sorted].sort((a, b) => a - b));
  });

  it('gives other positions under another key, in the same slots', () => {
    const [one, other] = [bytesBelow(8), Buffer.alloc(8, 1)].map((positionKey) =>
      Array.from({ length: 200 }, (_, i) => positionOf(positionKey, Buffer.from(`k${i}`))),
    );
    one.forEach((position, i) => {
      expect(position).to.not.equal(other[i]);
      expect(Math.floor(position / SLOT_SPAN)).to.equal(Math.floor(other[i] / SLOT_SPAN));
    });
  });

  it('spreads keys evenly over the range of a slot', () => {
    const eighths = new Array<number>(8).fill(0);
    for (let i = 0; i < 8000; i++) {
      const position = positionOf(bytesBelow(8), Buffer.from(`{tag}${i}`));
      eighths[Math.floor(((position % SLOT_SPAN) / SLOT_SPAN) * 8)]++;
    }
    // Six standard deviations of a fair draw.
    for (const count of eighths) expect(count).to.be.within(1000 - 180, 1000 + 180);
  });
});
