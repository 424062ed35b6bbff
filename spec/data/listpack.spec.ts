import { expect } from 'chai';
import fc from 'fast-check';
import { ListpackReader, ListpackWriter } from '../../lib/data/listpack.js';
import type { PackedEntries } from '../../lib/data/packed-entries.js';
import { ZiplistReader } from '../../lib/data/ziplist.js';
import { ZipmapReader } from '../../lib/data/zipmap.js';
import { IntsetReader, encodeIntset } from '../../lib/data/intset.js';
import { ziplist, zipmap } from './payloads.js';

/** Values on both sides of every limit of the encodings. */
export const entry = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.constantFrom(63, 64, 125, 126, 253, 254, 4095, 4096, 16383, 16384).map((length) => 'x'.repeat(length)),
  fc
    .constantFrom(0, 7, 12, 15, 23, 31, 63)
    .chain((bits) =>
      fc
        .constantFrom(-1n, 0n, 1n)
        .chain((more) => fc.constantFrom(1n, -1n).map((sign) => String(sign * 2n ** BigInt(bits) + more))),
    ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('', '-0', '00', '+1', '9223372036854775808', '-9223372036854775809', '1.5'),
);
const entries = fc.array(entry, { maxLength: 30 });

function listpack(values: readonly string[]): Buffer {
  const writer = new ListpackWriter();
  for (const value of values) writer.append(Buffer.from(value, 'latin1'));
  const { byteLength } = writer;
  const bytes = writer.finish();
  expect(bytes.length).to.equal(byteLength);
  return bytes;
}

/** What a reader gives; undefined if it fails. */
function read(reader: PackedEntries): string[] | undefined {
  const values: string[] = [];
  while (reader.next()) values.push(reader.entry.toString('latin1'));
  return reader.failed ? undefined : values;
}

const READERS = {
  ListpackReader: (bytes: Buffer) => new ListpackReader(bytes),
  ZiplistReader: (bytes: Buffer) => new ZiplistReader(bytes),
  ZipmapReader: (bytes: Buffer) => new ZipmapReader(bytes),
  IntsetReader: (bytes: Buffer) => new IntsetReader(bytes),
};

describe('packed texts', () => {
  it('ListpackReader reads what ListpackWriter has written', () => {
    fc.assert(
      fc.property(entries, (values) => {
        expect(read(new ListpackReader(listpack(values)))).to.deep.equal(values);
      }),
    );
  });

  it('ListpackWriter writes more elements than the header can say', () => {
    const values = Array.from({ length: 70000 }, (_, i) => String(i));
    const bytes = listpack(values);
    expect(bytes.readUInt16LE(4)).to.equal(65535);
    expect(read(new ListpackReader(bytes))).to.deep.equal(values);
  });

  it('ListpackWriter writes what DUMP of Redis 7.0 holds', () => {
    // The listpack in the dump of HSET h a 1 b -300 c 70000 d 12345678901 e 1.5, from redis-cli.
    const values = ['a', '1', 'b', '-300', 'c', '70000', 'd', '12345678901', 'e', '1.5'];
    const hex = '2f0000000a008161020101816202ded402816302f270110104816402f4351cdcdf020000000981650283312e3504ff';
    expect(listpack(values).toString('hex')).to.equal(hex);
  });

  it('ZiplistReader reads ziplists', () => {
    fc.assert(
      fc.property(entries, (values) => {
        expect(read(new ZiplistReader(ziplist(values)))).to.deep.equal(values);
      }),
    );
  });

  it('ZipmapReader reads zipmaps, of which none is empty', () => {
    const pairs = fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 300 }).map((pairs) => pairs.flat());
    fc.assert(
      fc.property(pairs, (values) => {
        expect(read(new ZipmapReader(zipmap(values)))).to.deep.equal(values);
      }),
      { numRuns: 30 },
    );
    expect(read(new ZipmapReader(zipmap([])))).to.equal(undefined);
  });

  it('IntsetReader reads what encodeIntset has written, in order', () => {
    const value = fc.oneof(
      fc.integer({ min: -40000, max: 40000 }).map(BigInt),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 40 }), (values) => {
        const sorted = [...values].sort((a, b) => (a < b ? -1 : 1));
        expect(read(new IntsetReader(encodeIntset(values)))).to.deep.equal(sorted.map(String));
      }),
    );
    expect(read(new IntsetReader(encodeIntset([])))).to.equal(undefined);
  });

  it('IntsetReader refuses integers that do not rise', () => {
    const bytes = encodeIntset([1n, 2n, 3n]);
    bytes.writeInt16LE(2, 8);
    expect(read(new IntsetReader(bytes))).to.equal(undefined);
  });

  for (const [name, open] of Object.entries(READERS)) {
    it(`${name} stands any bytes, and ends`, () => {
      const seed = fc.oneof(
        entries.map(listpack),
        entries.map(ziplist),
        fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 9 }).map((pairs) => zipmap(pairs.flat())),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n }), { maxLength: 9 }).map(encodeIntset),
        fc.uint8Array({ maxLength: 30 }),
      );
      const damage = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 });
      fc.assert(
        fc.property(seed, damage, fc.nat(3), (seed, damage, cut) => {
          const bytes = Buffer.from(seed.subarray(0, seed.length - cut));
          for (const [at, byte] of damage) if (at < bytes.length) bytes[at] = byte;
          const values = read(open(bytes));
          if (values !== undefined) expect(values.length).to.be.at.most(bytes.length);
        }),
        { numRuns: 500 },
      );
    });
  }
});
