import { expect } from 'chai';
import fc from 'fast-check';
import { crc64 } from '../../lib/base/crc64.js';
import type { DumpFault } from '../../lib/data/dump.js';
import { Dump } from '../../lib/data/dump.js';
import { encodeStringDump } from '../../lib/data/string-dump.js';

// What redis-server 7.0.15 answers to DUMP of a key with each of these.
const redisDumps: [string, string][] = [
  ['', '00000a005d9b5c400f7fa2da'],
  ['a', '0001610a00bffeef9b8f367db4'],
  ['0', '00c0000a009840a778f8500308'],
  ['-1', '00c0ff0a000c937e2485089dc5'],
  ['127', '00c07f0a000db5eb315254c514'],
  ['128', '00c180000a00eb7ab3b510cf4b65'],
  ['-129', '00c17fff0a001760822854808480'],
  ['32768', '00c2008000000a0045d82eedd5bda910'],
  ['-2147483648', '00c2000000800a00c74f873e33558187'],
  ['2147483648', '000a323134373438333634380a00e7b129a34c1d76ee'],
  ['-0', '00022d300a00d5411fd9d6d050cc'],
  ['007', '00033030370a007258e27b4c69bad9'],
  ['9223372036854775807', '0013393232333337323033363835343737353830370a003a657e9481e85f22'],
  ['a'.repeat(20), '001461616161616161616161616161616161616161610a0083b46b5e1b11acf1'],
  ['a'.repeat(21), '00c30615016161e00a000a00fd0cb36807413f68'],
  ['a'.repeat(1000), '00c31243e8016161e0ff00e0ff00e0ff00e0c3000161610a0086c212db54819e3c'],
  ['abcdefghijklmnopqrstuvwxyz', '001a6162636465666768696a6b6c6d6e6f707172737475767778797a0a009e1b3f34abfc5f79'],
  [
    'hello world, hello redis, hello ringkv',
    '00c320260d68656c6c6f20776f726c642c2068600c047265646973e0000c04696e676b760a00dfaab12874589ca4',
  ],
  ['\xff\x00', '0002ff000a0009e8f9b621a3fa98'],
  ['0123456789'.repeat(7) + 'x', '00c31240470a3031323334353637383930e031090139780a00264127e7436b19b5'],
];

/** The string in a payload, or why there is none. */
function decodeStringDump(payload: Buffer): Buffer | DumpFault {
  const dump = Dump.open(payload);
  return typeof dump === 'string' ? dump : dump.string();
}

/** Appends version and checksum to `bytes`. */
function seal(bytes: readonly number[], version = 10): Buffer {
  const payload = Buffer.from([...bytes, version, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  payload.writeBigUInt64LE(crc64(payload, 0, payload.length - 8), payload.length - 8);
  return payload;
}

/** Of all the kinds that have an encoding of their own. */
const values = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.integer().map((n) => Buffer.from(String(n))),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map((n) => Buffer.from(String(n))),
  fc.array(fc.constantFrom('ab', 'cdefg', '\0'), { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))),
  fc.integer({ min: 16_370, max: 16_400 }).map((length) => Buffer.alloc(length, 'ringkv')),
);

describe('data/string-dump', () => {
  it('encodeStringDump gives the bytes that Redis gives, and Dump.open takes them', () => {
    for (const [value, dump] of redisDumps) {
      const bytes = Buffer.from(value, 'latin1');
      expect(encodeStringDump(bytes).toString('hex'), value).to.equal(dump);
      expect(decodeStringDump(Buffer.from(dump, 'hex')), value).to.deep.equal(bytes);
    }
  });

  it('Dump.open gives back what encodeStringDump took', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeStringDump(encodeStringDump(value))).to.deep.equal(value);
      }),
      { numRuns: 300 },
    );
  });

  it('Dump.open refuses a payload in which any one byte was changed', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const payload = encodeStringDump(value);
        payload[at % payload.length] ^= change;
        expect(decodeStringDump(payload)).to.equal('checksum');
      }),
    );
  });

  it('Dump.open refuses newer versions and takes older ones, as Redis does', () => {
    expect(decodeStringDump(seal([0, 1, 97], 11))).to.equal('checksum');
    for (const version of [1, 9, 10]) expect(decodeStringDump(seal([0, 1, 97], version)).toString()).to.equal('a');
    expect(decodeStringDump(Buffer.alloc(0))).to.equal('checksum');
    expect(decodeStringDump(Buffer.alloc(9))).to.equal('checksum');
  });

  it('Dump.open tells malformed values from types that it does not read yet', () => {
    const malformed = [
      [],
      [0],
      [8, 1, 97],
      [20, 1, 97],
      [0, 5, 97],
      [0, 0xc4, 1, 97],
      [0, 0x82, 0, 0],
      [0, 0xc2, 1, 2, 3],
      [0, 0xc3, 2, 5, 97, 97],
      [0, 0xc3, 9, 5, 97, 97],
      [0, 0x81, 255, 255, 255, 255, 255, 255, 255, 255, 97],
    ];
    for (const bytes of malformed) expect(decodeStringDump(seal(bytes)), String(bytes)).to.equal('format');
    expect(decodeStringDump(seal([15, 1, 1, 97]))).to.equal('unsupported');
    expect(decodeStringDump(seal([19]))).to.equal('unsupported');
  });

  it('Dump.open overlooks bytes between the value and the footer, as Redis does', () => {
    expect(decodeStringDump(seal([0, 2, 97, 98, 99, 99])).toString()).to.equal('ab');
  });

  it('Dump.open allocates nothing for a length that the compressed bytes cannot reach', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(decodeStringDump(seal([0, 0xc3, 2, 0x80, 255, 255, 255, 255, 97, 97]))).to.equal('format');
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 24);
  });

  it('Dump.open of any sealed bytes gives a string or a fault', () => {
    const starts = fc.oneof(fc.constantFrom([0], [0, 0xc3], [0, 0x80], [0, 0xc3, 3, 9]), fc.constant([]));
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 12 }), (start, bytes) => {
        const decoded = decodeStringDump(seal([...start, ...bytes]));
        if (typeof decoded === 'string') expect(decoded).to.be.oneOf(['format', 'unsupported']);
      }),
      { numRuns: 1000 },
    );
  });
});
