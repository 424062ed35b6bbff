import { expect } from 'chai';
import fc from 'fast-check';
import { PayloadReader } from '../../../lib/cluster/bus/payload-reader.js';
import type { PayloadBuffer } from '../../../lib/cluster/bus/payload-buffer.js';
import { readChunk, readPull, writeChunk, writePull } from '../../../lib/cluster/transfer/transfer-messages.js';

const word = fc.nat(0xffffffff);
const position = fc.nat(2 ** 53 - 1);
const anyChunk = fc.record({
  id: word,
  number: word,
  from: position,
  to: position,
  isLast: fc.boolean(),
  batch: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});

function bytesOf(payload: PayloadBuffer): Buffer {
  const bytes = Buffer.alloc(payload.byteLength);
  payload.writeTo(bytes, 0);
  return bytes;
}

describe('Messages of a transfer', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyChunk, (chunk) => {
        const bytes = bytesOf(writeChunk(chunk));
        expect(readChunk(new PayloadReader(bytes, 0, bytes.length))).to.deep.equal(chunk);
      }),
    );
    const pull = { id: 7, start: 100, end: 200, from: 100 * 2 ** 39 + 5 };
    const bytes = bytesOf(writePull(pull));
    expect(readPull(new PayloadReader(bytes, 0, bytes.length))).to.deep.equal(pull);
  });

  it('are no chunk when a single bit is another one, of their place or of their data', () => {
    fc.assert(
      fc.property(anyChunk, fc.nat(), fc.nat(7), (chunk, at, bit) => {
        const bytes = bytesOf(writeChunk(chunk));
        bytes[at % bytes.length] ^= 1 << bit;
        const read = readChunk(new PayloadReader(bytes, 0, bytes.length));
        // Any byte but 1 says that it is not the last one.
        if (read !== undefined) expect(read).to.deep.equal(chunk);
      }),
    );
  });
});
