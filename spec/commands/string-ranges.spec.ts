import { expect } from 'chai';
import fc from 'fast-check';
import { Harness } from './harness.js';

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';

describe('string range commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  it('APPEND answers with the new length', () => {
    expect(db.wire('APPEND', 'k', 'ab')).to.equal(':2\r\n');
    expect(db.run('APPEND', 'k', '')).to.equal(2);
    expect(db.run('APPEND', 'k', 'cd')).to.equal(4);
    expect(db.run('GET', 'k')).to.equal('abcd');
    expect(db.run('APPEND', 'empty', '')).to.equal(0);
    expect(db.run('EXISTS', 'empty')).to.equal(1);
  });

  it('SETRANGE fills what lies before with zeros', () => {
    expect(db.run('SETRANGE', 'k', 3, 'x')).to.equal(4);
    expect(db.run('GET', 'k')).to.equal('\0\0\0x');
    expect(db.run('SETRANGE', 'k', 1, 'ab')).to.equal(4);
    expect(db.run('GET', 'k')).to.equal('\0abx');
  });

  it('SETRANGE of nothing makes no key', () => {
    expect(db.run('SETRANGE', 'k', 100, '')).to.equal(0);
    expect(db.run('EXISTS', 'k')).to.equal(0);
    db.run('SET', 'k', 'abc');
    expect(db.run('SETRANGE', 'k', 100, '')).to.equal(3);
  });

  it('SETRANGE refuses offsets that are none', () => {
    expect(db.error('SETRANGE', 'k', -1, 'x')).to.equal('ERR offset is out of range');
    expect(db.error('SETRANGE', 'k', 'x', 'x')).to.equal(NOT_AN_INTEGER);
    expect(db.error('SETRANGE', 'k', '9223372036854775808', 'x')).to.equal(NOT_AN_INTEGER);
  });

  it('nothing grows above proto-max-bulk-len', () => {
    db.valueBytesMax = 10;
    expect(db.run('SETRANGE', 'k', 7, 'abc')).to.equal(10);
    expect(db.error('APPEND', 'k', 'x')).to.equal(TOO_LONG);
    expect(db.error('SETRANGE', 'k', 8, 'abc')).to.equal(TOO_LONG);
    expect(db.error('SETRANGE', 'new', '9223372036854775807', 'a')).to.equal(TOO_LONG);
    expect(db.run('STRLEN', 'k')).to.equal(10);
    expect(db.run('EXISTS', 'new')).to.equal(0);
  });

  it('GETRANGE and SUBSTR count from either end', () => {
    db.run('SET', 'k', 'Hello World');
    const table: [number | string, number | string, string][] = [
      [0, 4, 'Hello'],
      [0, -1, 'Hello World'],
      [-5, -1, 'World'],
      [-5, 8, 'Wor'],
      [5, 3, ''],
      [8, 1000, 'rld'],
      [11, 20, ''],
      [-1000, 0, 'H'],
      [-1000, -1000, 'H'],
      [-1000, -1001, ''],
      ['9223372036854775807', '-9223372036854775808', ''],
      ['-9223372036854775808', '9223372036854775807', 'Hello World'],
    ];
    for (const [start, end, part] of table) {
      expect(db.run('GETRANGE', 'k', start, end), `${start} ${end}`).to.equal(part);
      expect(db.run('SUBSTR', 'k', start, end), `${start} ${end}`).to.equal(part);
    }
    expect(db.wire('GETRANGE', 'none', 0, -1)).to.equal('$0\r\n\r\n');
    expect(db.error('GETRANGE', 'none', 'x', 1)).to.equal(NOT_AN_INTEGER);
    expect(db.error('GETRANGE', 'k', 1, '')).to.equal(NOT_AN_INTEGER);
  });

  it('do what a map of strings does', () => {
    const key = fc.constantFrom('a', 'b');
    const text = fc.string({ unit: 'binary-ascii', maxLength: 60 });
    const index = fc.integer({ min: -70, max: 70 });
    const step = fc.oneof(
      fc.record({ name: fc.constant('SET' as const), key, text }),
      fc.record({ name: fc.constant('APPEND' as const), key, text }),
      fc.record({ name: fc.constant('SETRANGE' as const), key, text, at: fc.integer({ min: 0, max: 200 }) }),
      fc.record({ name: fc.constant('GETRANGE' as const), key, first: index, last: index }),
      fc.record({ name: fc.constant('DEL' as const), key }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const h = new Harness();
        const model = new Map<string, string>();
        for (const s of steps) {
          const old = model.get(s.key) ?? '';
          if (s.name === 'SET') {
            h.run('SET', s.key, s.text);
            model.set(s.key, s.text);
          } else if (s.name === 'APPEND') {
            model.set(s.key, old + s.text);
            expect(h.run('APPEND', s.key, s.text)).to.equal(old.length + s.text.length);
          } else if (s.name === 'SETRANGE') {
            const grown = old.slice(0, s.at).padEnd(s.at, '\0') + s.text + old.slice(s.at + s.text.length);
            if (s.text !== '') model.set(s.key, grown);
            expect(h.run('SETRANGE', s.key, s.at, s.text)).to.equal(model.get(s.key)?.length ?? 0);
          } else if (s.name === 'GETRANGE') {
            expect(h.run('GETRANGE', s.key, s.first, s.last)).to.equal(slice(old, s.first, s.last));
          } else expect(h.run('DEL', s.key)).to.equal(model.delete(s.key) ? 1 : 0);
        }
        for (const copy of [h, h.replayed()]) {
          expect(copy.run('MGET', 'a', 'b')).to.deep.equal([model.get('a') ?? null, model.get('b') ?? null]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** GETRANGE by looking at each byte. Indexes before the start mean the first byte. */
function slice(text: string, first: number, last: number): string {
  if (first < 0 && last < 0 && first > last) return '';
  const from = Math.max(0, first < 0 ? first + text.length : first);
  const to = Math.max(0, last < 0 ? last + text.length : last);
  return Array.from(text)
    .filter((_, i) => i >= from && i <= to)
    .join('');
}
