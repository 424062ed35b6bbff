import { expect } from 'chai';
import fc from 'fast-check';
import { copyBytes } from '../../lib/base/bytes.js';

const GUARD = 0xa5;

describe('copyBytes', () => {
  it('copies short and long runs, and touches nothing around them', () => {
    const lengths = fc.oneof(fc.integer({ min: 0, max: 110 }), fc.constantFrom(95, 96, 97, 1000, 70_000));
    fc.assert(
      fc.property(lengths, fc.nat(9), fc.nat(9), (length, start, at) => {
        const source = Uint8Array.from({ length: start + length + 3 }, (_, i) => i * 7 + 1);
        const target = new Uint8Array(at + length + 3).fill(GUARD);
        expect(copyBytes(source, start, start + length, target, at)).to.equal(at + length);
        const expected = Buffer.concat([
          Buffer.alloc(at, GUARD),
          source.subarray(start, start + length),
          Buffer.alloc(3, GUARD),
        ]);
        expect(expected.equals(target)).to.equal(true);
      }),
    );
  });
});
