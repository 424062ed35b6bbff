import { expect } from 'chai';
import fc from 'fast-check';

import type { Operation } from './history.js';
import { NOTHING } from './history.js';
import { checkRegister } from './register-checker.js';

const write = (
  value: string,
  invokedUs: number,
  returnedUs: number,
  outcome: Operation['outcome'] = 'ok',
): Operation => ({
  client: 'c',
  kind: 'write',
  key: 'k',
  value,
  invokedUs,
  returnedUs: outcome === 'unknown' ? Infinity : returnedUs,
  outcome,
});
const read = (value: string, invokedUs: number, returnedUs: number): Operation => ({
  ...write(value, invokedUs, returnedUs),
  kind: 'read',
});

describe('checkRegister', () => {
  const good: Record<string, Operation[]> = {
    'an empty history': [],
    'a read of what was written': [read(NOTHING, 0, 1), write('a', 2, 3), read('a', 4, 5)],
    'a read of a write that is under way, or not yet seen': [
      write('a', 0, 10),
      read('a', 1, 2),
      read('a', 3, 4),
      write('b', 20, 30),
      read('a', 21, 22),
      read('b', 23, 24),
    ],
    'two writes at a time in either order': [
      write('a', 0, 10),
      write('b', 0, 10),
      read('a', 11, 12),
      read('a', 13, 14),
    ],
    'a write of unknown outcome that appears late': [
      write('a', 0, 0, 'unknown'),
      write('b', 1, 2),
      read('b', 3, 4),
      read('a', 5, 6),
    ],
    'a write of unknown outcome that never appears': [write('a', 0, 0, 'unknown'), read(NOTHING, 5, 6)],
    'a write that is restamped while it is under way': [
      write('a', 0, 10),
      write('b', 1, 9),
      read('a', 2, 3),
      read('b', 4, 5),
      read('a', 11, 12),
    ],
    'reads at a time that differ': [write('a', 0, 1), write('b', 2, 10), read('b', 3, 9), read('a', 4, 8)],
  };
  for (const [name, operations] of Object.entries(good)) {
    it(`takes ${name}`, () => expect(checkRegister(operations)).to.deep.equal([]));
  }

  const bad: Record<string, [Operation[], string]> = {
    'an acknowledged write that is lost': [[write('a', 0, 1), read(NOTHING, 2, 3)], 'went back'],
    'an old value after a newer one was acknowledged': [
      [write('a', 0, 1), write('b', 2, 3), read('a', 4, 5)],
      'went back',
    ],
    'reads that go back in time behind an unfinished write': [
      [write('a', 0, 1), write('b', 2, 2, 'unknown'), read('b', 3, 4), read('a', 5, 6)],
      'went back',
    ],
    'a read of nothing after somebody read something': [
      [write('a', 0, 0, 'unknown'), read('a', 1, 2), read(NOTHING, 3, 4)],
      'went back',
    ],
    'reads at a time that see two acknowledged writes in both orders': [
      [write('a', 0, 10), write('b', 0, 10), read('a', 11, 20), read('b', 12, 19)],
      'each is newer',
    ],
    'two values that take turns': [
      [write('a', 0, 10), write('b', 0, 10), read('a', 11, 12), read('b', 13, 14), read('a', 15, 16)],
      'went back',
    ],
    'a value that nobody wrote': [[read('x', 0, 1)], 'nobody wrote'],
    'a value from the future': [[read('a', 0, 1), write('a', 2, 3)], 'before it was written'],
    'a value whose write had failed': [[write('a', 0, 1, 'failed'), read('a', 2, 3)], 'had failed'],
  };
  for (const [name, [operations, complaint]] of Object.entries(bad)) {
    it(`reports ${name}`, () => expect(checkRegister(operations).join('\n')).to.include(complaint));
  }

  it('never complains about a register that is one: each operation takes effect at a moment while it runs', () => {
    const drawn = fc.record({
      isWrite: fc.boolean(),
      at: fc.integer({ min: 0, max: 1000 }),
      before: fc.integer({ min: 0, max: 100 }),
      after: fc.integer({ min: 0, max: 100 }),
      fate: fc.constantFrom<Operation['outcome']>('ok', 'ok', 'ok', 'unknown', 'failed'),
    });
    fc.assert(
      fc.property(fc.array(drawn), (moments) => {
        let value = NOTHING;
        const operations = [...moments]
          .sort((x, y) => x.at - y.at)
          .map(({ isWrite, at, before, after, fate }, index) => {
            if (!isWrite) return read(value, at - before, at + after);
            if (fate !== 'failed') value = `v${index}`;
            return write(`v${index}`, at - before, at + after, fate);
          });
        expect(checkRegister(operations)).to.deep.equal([]);
      }),
    );
  });

  it('throws on a history that it cannot judge: two writes of one value', () => {
    expect(() => checkRegister([write('a', 0, 1), write('a', 2, 3)])).to.throw('two writes');
  });
});
