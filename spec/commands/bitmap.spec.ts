import { expect } from 'chai';
import fc from 'fast-check';
import { Harness } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const SYNTAX_ERROR = 'ERR syntax error';
const OFFSET_ERROR = 'ERR bit offset is not an integer or out of range';

/** The bits of a string as text: what the dumb twins work on. */
function bitsOf(bytes: string): string {
  return Array.from(bytes)
    .map((byte) => byte.charCodeAt(0).toString(2).padStart(8, '0'))
    .join('');
}

describe('bitmap commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('SETBIT and GETBIT agree with an array of bits', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const h = new Harness();
        const bits: number[] = [];
        for (const [offset, bit] of steps) {
          expect(h.run('SETBIT', 'k', offset, bit)).to.equal(bits[offset] ?? 0);
          bits[offset] = bit;
        }
        for (let i = 0; i < 210; i++) expect(h.run('GETBIT', 'k', i)).to.equal(bits[i] ?? 0);
        expect(h.run('STRLEN', 'k')).to.equal(Math.ceil(bits.length / 8));
        expect(h.replayed().run('GET', 'k')).to.equal(h.run('GET', 'k'));
      }),
      { numRuns: 40 },
    );
  });

  it('SETBIT keeps the expiry, and writes nothing when nothing changes', () => {
    db.run('SET', 'k', 'a', 'EX', 10);
    db.run('SETBIT', 'k', 100, 1);
    expect(db.run('TTL', 'k')).to.equal(10);
    db.takeWrites();
    expect(db.run('SETBIT', 'k', 100, 1)).to.equal(1);
    expect(db.takeWrites()).to.equal(false);
  });

  it('SETBIT and GETBIT refuse offsets and bits that are none', () => {
    for (const offset of ['-1', 'x', '', '4294967296', '9223372036854775808']) {
      expect(db.error('SETBIT', 'k', offset, 1), offset).to.equal(OFFSET_ERROR);
      expect(db.error('GETBIT', 'k', offset), offset).to.equal(OFFSET_ERROR);
    }
    for (const bit of ['2', '-1', 'x', '']) {
      expect(db.error('SETBIT', 'k', 0, bit), bit).to.equal('ERR bit is not an integer or out of range');
    }
    expect(db.run('GETBIT', 'k', 4294967295)).to.equal(0);
    expect(db.run('EXISTS', 'k')).to.equal(0);
  });

  describe('BITCOUNT and BITPOS', () => {
    const value = fc.string({ unit: fc.constantFrom('\0', '\xff', '\x01', '\x80', 'a'), maxLength: 12 });
    const index = fc.integer({ min: -110, max: 110 });

    it('count as a look at each bit does', () => {
      fc.assert(
        fc.property(value, index, index, fc.boolean(), (text, start, end, inBits) => {
          db.run('SET', 'k', text);
          const bits = part(bitsOf(text), start, end, inBits ? 1 : 8);
          const expected =
            start < 0 && end < 0 && start > end ? 0 : Array.from(bits).filter((bit) => bit === '1').length;
          expect(db.run('BITCOUNT', 'k', start, end, inBits ? 'BIT' : 'BYTE')).to.equal(expected);
          if (!inBits) expect(db.run('BITCOUNT', 'k', start, end)).to.equal(expected);
        }),
      );
    });

    it('find as a look at each bit does', () => {
      fc.assert(
        fc.property(value, index, index, fc.boolean(), fc.constantFrom('0', '1'), (text, start, end, inBits, bit) => {
          db.run('SET', 'k', text);
          const bits = bitsOf(text);
          const [first, last] = ends(bits.length, start, end, inBits ? 1 : 8);
          const found = bits.indexOf(bit, first);
          const expected = first > last || found > last ? -1 : found;
          expect(db.run('BITPOS', 'k', bit, start, end, inBits ? 'bit' : 'byte')).to.equal(expected);
        }),
      );
    });

    it('take the whole string without a range', () => {
      db.run('SET', 'k', 'foobar');
      expect(db.wire('BITCOUNT', 'k')).to.equal(':26\r\n');
      expect(db.run('BITCOUNT', 'k', 1, 1)).to.equal(6);
      expect(db.run('BITPOS', 'k', 1)).to.equal(1);
      expect(db.run('BITPOS', 'k', 1, 2)).to.equal(17);
      expect(db.run('BITCOUNT', 'none')).to.equal(0);
    });

    it('take a string without a given end to go on in zeros', () => {
      db.run('SET', 'k', '\xff\xff\xff');
      expect(db.run('BITPOS', 'k', 0)).to.equal(24);
      expect(db.run('BITPOS', 'k', 0, 1)).to.equal(24);
      expect(db.run('BITPOS', 'k', 0, 0, -1)).to.equal(-1);
      expect(db.run('BITPOS', 'k', 0, 3)).to.equal(-1);
      expect(db.run('BITPOS', 'none', 0)).to.equal(0);
      expect(db.run('BITPOS', 'none', 1)).to.equal(-1);
    });

    it('refuse in the order of Redis', () => {
      db.run('SET', 'k', 'abc');
      expect(db.error('BITCOUNT', 'k', 0)).to.equal(SYNTAX_ERROR);
      expect(db.error('BITCOUNT', 'k', 0, 'x', 'FOO')).to.equal(NOT_AN_INTEGER);
      expect(db.error('BITCOUNT', 'k', 0, 1, 'FOO')).to.equal(SYNTAX_ERROR);
      expect(db.run('BITCOUNT', 'k', -1, -2, 'FOO')).to.equal(0);
      expect(db.error('BITCOUNT', 'k', 'x', 1, 'BIT', 'x')).to.equal(SYNTAX_ERROR);
      expect(db.run('BITCOUNT', 'none', 'x')).to.equal(0);
      expect(db.error('BITPOS', 'k', 2)).to.equal('ERR The bit argument must be 1 or 0.');
      expect(db.error('BITPOS', 'k', 'x')).to.equal(NOT_AN_INTEGER);
      expect(db.error('BITPOS', 'k', 1, 0, 'x', 'FOO')).to.equal(SYNTAX_ERROR);
      expect(db.error('BITPOS', 'k', 1, 'x', 1, 'BIT', 'x')).to.equal(SYNTAX_ERROR);
      expect(db.run('BITPOS', 'none', 1, 'x')).to.equal(-1);
    });
  });

  describe('BITOP', () => {
    it('combines as a look at each byte does', () => {
      const value = fc.option(fc.string({ unit: 'binary-ascii', maxLength: 20 }), { nil: undefined });
      const operations = { AND: and, OR: or, XOR: xor };
      fc.assert(
        fc.property(
          fc.constantFrom('AND', 'OR', 'XOR'),
          fc.array(value, { minLength: 1, maxLength: 5 }),
          (name, values) => {
            const h = new Harness();
            values.forEach((text, i) => text !== undefined && h.run('SET', `k${i}`, text));
            const length = Math.max(...values.map((text) => text?.length ?? 0));
            const padded = values.map((text) => (text ?? '').padEnd(length, '\0'));
            const expected = padded.reduce((a, b) => zip(a, b, operations[name as 'AND']));
            h.run('SET', 'to', 'before', 'EX', 10);
            expect(h.run('BITOP', name, 'to', ...values.map((_, i) => `k${i}`))).to.equal(length);
            expect(h.run('GET', 'to')).to.equal(length === 0 ? null : expected);
            expect(h.run('TTL', 'to')).to.equal(length === 0 ? -2 : -1);
          },
        ),
      );
    });

    it('NOT turns every bit over', () => {
      db.run('SET', 'k', '\x00\xff\x0f');
      expect(db.run('BITOP', 'not', 'k', 'k')).to.equal(3);
      expect(db.run('GET', 'k')).to.equal('\xff\x00\xf0');
    });

    it('refuses other words', () => {
      expect(db.error('BITOP', 'NAND', 'to', 'a')).to.equal(SYNTAX_ERROR);
      expect(db.error('BITOP', 'NOT', 'to', 'a', 'b')).to.equal(
        'ERR BITOP NOT must be called with a single source key.',
      );
    });
  });
});

/** First and last bit of a range in units of `unit` bits. */
function ends(bitCount: number, start: number, end: number, unit: number): [number, number] {
  const count = bitCount / unit;
  const from = Math.max(0, start < 0 ? start + count : start);
  const to = Math.min(count - 1, Math.max(0, end < 0 ? end + count : end));
  return [from * unit, (to + 1) * unit - 1];
}

function part(bits: string, start: number, end: number, unit: number): string {
  const [first, last] = ends(bits.length, start, end, unit);
  return Array.from(bits)
    .filter((_, i) => i >= first && i <= last)
    .join('');
}

function zip(a: string, b: string, operation: (x: number, y: number) => number): string {
  return Array.from(a)
    .map((c, i) => String.fromCharCode(operation(c.charCodeAt(0), b.charCodeAt(i))))
    .join('');
}

function and(x: number, y: number): number {
  return x & y;
}

function or(x: number, y: number): number {
  return x | y;
}

function xor(x: number, y: number): number {
  return x ^ y;
}
