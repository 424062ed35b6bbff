import { expect } from 'chai';
import fc from 'fast-check';
import { crc64 } from '../../lib/base/crc64.js';

/** The dumb twin: a bit at a time, all 64 bits in one BigInt. */
function crc64ByBits(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc;
}

describe('base/crc64', () => {
  it('crc64 gives the published check value', () => {
    expect(crc64(Buffer.from('123456789'), 0, 9)).to.equal(0xe9c6d914c4b8d9can);
    expect(crc64(Buffer.alloc(0), 0, 0)).to.equal(0n);
  });

  it('crc64 agrees with a bit at a time, on a part of a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(10), fc.nat(10), (bytes, before, after) => {
        const end = Math.max(before, bytes.length - after);
        expect(crc64(bytes, before, end)).to.equal(crc64ByBits(bytes.subarray(before, end)));
      }),
    );
  });
});
