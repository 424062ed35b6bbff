import { expect } from 'chai';
import fc from 'fast-check';
import { RdbReader } from '../../lib/data/rdb-reader.js';
import { RdbWriter } from '../../lib/data/rdb-writer.js';

/** All that `write` wrote, without version and checksum. */
function written(write: (writer: RdbWriter) => void): Buffer {
  const writer = new RdbWriter(1);
  write(writer);
  return writer.finishDump().subarray(0, -10);
}

const lengths = fc.oneof(
  fc.constantFrom(0, 63, 64, 16383, 16384, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.maxSafeInteger().map(Math.abs),
  fc.nat(),
  fc.nat(20_000),
);

/** What a value can be made of. */
const parts = fc.array(
  fc.oneof(
    lengths.map((length) => ({ kind: 'length' as const, length })),
    fc.nat(255).map((byte) => ({ kind: 'byte' as const, byte })),
    fc.uint8Array({ maxLength: 90 }).map((bytes) => ({ kind: 'string' as const, bytes: Buffer.from(bytes) })),
    fc.integer().map((n) => ({ kind: 'string' as const, bytes: Buffer.from(String(n)) })),
  ),
);

describe('data/rdb-writer', () => {
  it('RdbWriter writes each length in the shortest form', () => {
    const hex = (length: number) => written((writer) => writer.length(length)).toString('hex');
    expect(hex(0)).to.equal('00');
    expect(hex(63)).to.equal('3f');
    expect(hex(64)).to.equal('4040');
    expect(hex(16383)).to.equal('7fff');
    expect(hex(16384)).to.equal('8000004000');
    expect(hex(2 ** 32 - 1)).to.equal('80ffffffff');
    expect(hex(2 ** 32)).to.equal('810000000100000000');
  });

  it('RdbReader reads in order what RdbWriter wrote', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const bytes = written((writer) => {
          for (const part of list) {
            if (part.kind === 'length') writer.length(part.length);
            else if (part.kind === 'byte') writer.byte(part.byte);
            else writer.string(part.bytes);
          }
        });
        const reader = new RdbReader(bytes);
        for (const part of list) {
          if (part.kind === 'length') expect(reader.length()).to.equal(part.length);
          else if (part.kind === 'byte') expect(reader.byte()).to.equal(part.byte);
          else expect(reader.string()).to.deep.equal(part.bytes);
        }
        expect(reader.failed).to.equal(false);
        reader.byte();
        expect(reader.failed).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('RdbReader stays failed, and reads nothing behind its end', () => {
    const reader = new RdbReader(Buffer.from([5, 97, 98, 99, 1, 97]), 4);
    expect(reader.string()).to.have.length(0);
    expect(reader.failed).to.equal(true);
    expect(reader.byte()).to.equal(0);
    expect(reader.string()).to.have.length(0);
    expect(reader.failed).to.equal(true);
  });
});
