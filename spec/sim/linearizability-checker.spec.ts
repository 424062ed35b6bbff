import { expect } from 'chai';
import fc from 'fast-check';
import type { RegisterCall } from './linearizability-checker.js';
import { checkLinearizable } from './linearizability-checker.js';

type Short = Partial<RegisterCall> & Pick<RegisterCall, 'kind'>;

/** Operations as [from, to, what]. */
function history(...each: [number, number, Short][]): RegisterCall[] {
  return each.map(([invokedUs, returnedUs, short], i) => ({
    client: `c${i}`,
    outcome: 'ok',
    invokedUs,
    returnedUs,
    ...short,
  }));
}

const write = (value: string): Short => ({ kind: 'write', value });
const read = (found?: string): Short => ({ kind: 'read', found });
const swap = (expected: string, value: string, done: boolean): Short => ({ kind: 'swap', expected, value, done });
const increment = (found: string): Short => ({ kind: 'increment', found });
const claim = (value: string, done: boolean): Short => ({ kind: 'claim', value, done });

describe('checkLinearizable', () => {
  const good: [string, RegisterCall[]][] = [
    ['nothing', []],
    [
      'one after the other',
      history([0, 1, write('a')], [2, 3, read('a')], [4, 5, swap('a', 'b', true)], [6, 7, read('b')]),
    ],
    ['a read that overlaps with a write sees either', history([0, 9, write('a')], [1, 2, read()], [3, 4, read('a')])],
    [
      'of two swaps that overlap one wins',
      history([0, 1, write('a')], [2, 5, swap('a', 'b', true)], [2, 5, swap('a', 'c', false)]),
    ],
    [
      'a swap that failed because of one that came first',
      history([0, 1, write('a')], [2, 9, swap('a', 'b', true)], [3, 4, swap('a', 'c', false)], [10, 11, read('b')]),
    ],
    [
      'an unknown write that appears late',
      history([0, Infinity, { ...write('a'), outcome: 'unknown' }], [5, 6, read()], [7, 8, read('a')]),
    ],
    [
      'an unknown write that never appears',
      history([0, Infinity, { ...write('a'), outcome: 'unknown' }], [5, 6, read()]),
    ],
    ['what failed is not there', history([0, 1, { ...write('a'), outcome: 'failed' }], [2, 3, read()])],
    [
      'claims and deletes',
      history(
        [0, 1, claim('a', true)],
        [2, 3, claim('b', false)],
        [4, 5, { kind: 'delete', done: true }],
        [6, 7, claim('c', true)],
      ),
    ],
    [
      'exchanges',
      history(
        [0, 1, { kind: 'exchange', value: 'a', found: undefined }],
        [2, 3, { kind: 'exchange', value: 'b', found: 'a' }],
      ),
    ],
    [
      'increments, of which one was not answered',
      history(
        [0, 1, increment('1')],
        [2, Infinity, { kind: 'increment', outcome: 'unknown' }],
        [4, 5, increment('3')],
        [6, 7, swap('3', '10', true)],
        [8, 9, increment('11')],
      ),
    ],
  ];
  for (const [title, operations] of good) {
    it(`finds nothing wrong with ${title}`, () => expect(checkLinearizable(operations)).to.equal(undefined));
  }

  const bad: [string, RegisterCall[]][] = [
    ['a read of what nobody wrote', history([0, 1, read('a')])],
    ['a read of what was overwritten before', history([0, 1, write('a')], [2, 3, write('b')], [4, 5, read('a')])],
    ['reads that go back', history([0, 9, write('a')], [1, 2, read('a')], [3, 4, read()])],
    [
      'two swaps that both win',
      history([0, 1, write('a')], [2, 5, swap('a', 'b', true)], [2, 5, swap('a', 'c', true)]),
    ],
    ['two claims that both win', history([0, 5, claim('a', true)], [0, 5, claim('b', true)])],
    ['a swap that failed, though nothing else was there', history([0, 1, write('a')], [2, 3, swap('a', 'b', false)])],
    [
      'a write that takes place twice',
      history(
        [0, 9, write('a')],
        [1, 2, read('a')],
        [3, 4, swap('a', 'b', true)],
        [5, 6, read('b')],
        [7, 8, read('a')],
      ),
    ],
    [
      'an unknown swap that was seen, and undone',
      history(
        [0, 1, write('a')],
        [2, Infinity, { ...swap('a', 'b', true), outcome: 'unknown' }],
        [3, 4, read('b')],
        [5, 6, read('a')],
      ),
    ],
    ['two increments that give the same', history([0, 5, increment('1')], [0, 5, increment('1')])],
    ['an increment that was lost', history([0, 1, increment('1')], [2, 3, read()], [4, 5, increment('1')])],
    ['what failed and is there', history([0, 1, { ...write('a'), outcome: 'failed' }], [2, 3, read('a')])],
  ];
  for (const [title, operations] of bad) {
    it(`reports ${title}`, () => expect(checkLinearizable(operations)).to.be.a('string'));
  }

  describe('of a pipeline', () => {
    /** Operations that were sent at once, and answered at once. */
    const pipeline = (...each: Short[]): RegisterCall[] => {
      const calls: RegisterCall[] = [];
      for (const short of each) {
        const [call] = history([0, 9, short]);
        calls.push({ ...call, behind: calls[calls.length - 1] });
      }
      return calls;
    };

    it('takes the operations in their order', () => {
      const good = [write('5'), increment('6'), { kind: 'append', value: '7', found: '2' } as const, read('67')];
      expect(checkLinearizable(pipeline(...good))).to.equal(undefined);
      expect(checkLinearizable(pipeline(increment('6'), write('5')))).to.be.a('string');
      expect(checkLinearizable(pipeline(write('5'), read()))).to.be.a('string');
    });

    it('takes others in between', () => {
      const calls = [...pipeline(write('5'), increment('1')), ...history([0, 9, { kind: 'delete', done: true }])];
      expect(checkLinearizable(calls)).to.equal(undefined);
    });

    it('takes what has no outcome at any time', () => {
      const calls = pipeline({ ...write('5'), outcome: 'unknown', returnedUs: Infinity }, increment('1'), read('5'));
      expect(checkLinearizable(calls)).to.equal(undefined);
    });
  });

  it('says what trying every order says', () => {
    const value = fc.constantFrom('1', '2');
    const kind = fc.oneof(
      value.map(write),
      fc.option(value, { nil: undefined }).map((found) => read(found)),
      fc.tuple(value, value, fc.boolean()).map(([expected, next, done]) => swap(expected, next, done)),
      fc.tuple(value, fc.boolean()).map(([next, done]) => claim(next, done)),
      value.map(increment),
    );
    const operation = fc
      .tuple(fc.nat(6), fc.nat(4), kind, fc.boolean())
      .map(([from, length, what, isKnown]): [number, number, Short] =>
        isKnown ? [from, from + length, what] : [from, Infinity, { ...what, outcome: 'unknown' }],
      );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 5 }), (each) => {
        const operations = history(...each);
        expect(checkLinearizable(operations) === undefined).to.equal(hasOrder(operations, undefined));
      }),
      { numRuns: 500 },
    );
  });
});

/** The dumb twin: whether the operations can be taken one after the other. */
function hasOrder(operations: readonly RegisterCall[], state: string | undefined): boolean {
  const known = operations.filter(({ outcome }) => outcome === 'ok');
  if (known.length === 0) return true;
  const firstReturn = Math.min(...known.map(({ returnedUs }) => returnedUs));
  return operations.some((one, i) => {
    if (one.invokedUs > firstReturn) return false;
    const rest = operations.filter((_, other) => other !== i);
    return [undefined, '1', '2', '3', '4', '5', '6', '7'].some(
      (next) => leadsTo(one, state, next) && hasOrder(rest, next),
    );
  });
}

/** What each operation does, in a table of its own. */
function leadsTo(call: RegisterCall, state: string | undefined, next: string | undefined): boolean {
  const { kind, value, expected, found, done, outcome } = call;
  const isKnown = outcome === 'ok';
  if (kind === 'increment') return next === String(1 + Number(state ?? '0')) && (!isKnown || found === next);
  if (kind === 'write') return next === value;
  if (kind === 'read') return next === state && (!isKnown || found === state);
  const happens = kind === 'swap' ? state === expected : state === undefined;
  if (isKnown && done !== happens) return false;
  return next === (happens ? value : state);
}
