import { expect } from 'chai';
import fc from 'fast-check';
import { PayloadBuffer } from '../../../lib/cluster/bus/payload-buffer.js';
import { PayloadReader } from '../../../lib/cluster/bus/payload-reader.js';

const piece = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 3000 }) }),
);

describe('PayloadBuffer', () => {
  it('is read as it was put together, and says when it ends too soon', () => {
    const payload = new PayloadBuffer();
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(), (pieces, cut) => {
        payload.clear();
        for (const one of pieces) {
          if (one.kind === 'byte') payload.byte(one.value);
          else if (one.kind === 'word') payload.word(one.value);
          else payload.bytes(one.value);
        }
        const bytes = Buffer.alloc(payload.byteLength + 2, 0xee);
        payload.writeTo(bytes, 1);
        const read = (end: number): PayloadReader => {
          const reader = new PayloadReader(bytes, 1, end);
          for (const one of pieces) {
            if (reader.failed) break;
            const value = one.kind === 'byte' ? reader.byte() : one.kind === 'word' ? reader.word() : reader.bytes();
            if (!reader.failed)
              expect(Buffer.isBuffer(value) ? Uint8Array.from(value) : value).to.deep.equal(one.value);
          }
          return reader;
        };
        const whole = read(1 + payload.byteLength);
        expect([whole.failed, whole.isAtEnd]).to.deep.equal([false, true]);
        if (payload.byteLength > 0) expect(read(1 + (cut % payload.byteLength)).failed).to.equal(true);
        expect([bytes[0], bytes.at(-1)]).to.deep.equal([0xee, 0xee]);
      }),
    );
  });
});
