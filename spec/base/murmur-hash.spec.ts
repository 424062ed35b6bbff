import { expect } from 'chai';
import fc from 'fast-check';
import { MurmurHash } from '../../lib/base/murmur-hash.js';

const MASK = 2n ** 64n - 1n;
const FACTOR = 0xc6a4a7935bd1e995n;

/** The dumb twin: all 64 bits in one BigInt. */
function murmurByBigInt(bytes: Uint8Array, seed: number): bigint {
  const times = (value: bigint): bigint => (value * FACTOR) & MASK;
  const mixed = (value: bigint): bigint => value ^ (value >> 47n);
  const word = (at: number, count: number): bigint => {
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
    return value;
  };
  let hash = BigInt(seed) ^ times(BigInt(bytes.length));
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) hash = times(hash ^ times(mixed(times(word(at, 8)))));
  if (at < bytes.length) hash = times(hash ^ word(at, bytes.length - at));
  return mixed(times(mixed(hash)));
}

function valueOf(hash: MurmurHash): bigint {
  return (BigInt(hash.high >>> 0) << 32n) | BigInt(hash.low >>> 0);
}

describe('MurmurHash', () => {
  it('hash agrees with one in a single BigInt, on a part of a buffer', () => {
    const seed = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(9), fc.nat(9), seed, (bytes, before, after, seed) => {
        const end = Math.max(before, bytes.length - after);
        const hash = new MurmurHash(seed);
        hash.hash(bytes, before, end);
        expect(valueOf(hash)).to.equal(murmurByBigInt(bytes.subarray(before, end), seed));
      }),
      { numRuns: 1000 },
    );
  });

  it('hash of nothing under seed 0 is 0', () => {
    const hash = new MurmurHash(0);
    hash.hash(new Uint8Array(0), 0, 0);
    expect(valueOf(hash)).to.equal(0n);
  });
});
