import { expect } from 'chai';
import fc from 'fast-check';
import { requireProgram } from '../tools/programs.js';
import type { Argument, Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

type Request = readonly [string, ...Argument[]];

const key = fc.constantFrom('a', 'a', 'a', 'b', 'b', 'text', 'nosuch');
const element = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('x', 'y', 'z') },
  { weight: 2, arbitrary: fc.constantFrom('', '\0\xff', '-12') },
  { weight: 1, arbitrary: fc.constantFrom('long'.repeat(100), 'longer'.repeat(300)) },
);
const index = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -6, max: 6 }) },
  { weight: 2, arbitrary: fc.constantFrom(100, -100, '9223372036854775807', '-9223372036854775807') },
  { weight: 1, arbitrary: fc.constantFrom('x', '', '1.5', '9223372036854775808') },
);
const end = fc.constantFrom('LEFT', 'RIGHT', 'left', 'Right', 'LEFT', 'RIGHT', 'up');
const elements = fc.array(element, { minLength: 1, maxLength: 8 });
const positionOptions = fc
  .array(fc.tuple(fc.constantFrom('RANK', 'COUNT', 'MAXLEN', 'count', 'ODD'), index), { maxLength: 3 })
  .map((options) => options.flat());
const counted = fc
  .tuple(
    fc.constantFrom<Argument>(1, 2, 2, 3, 0, -1, 'x'),
    key,
    key,
    end,
    fc.constantFrom('COUNT', 'COUNT', 'ODD'),
    index,
  )
  .chain(([count, first, second, where, word, number]) =>
    fc.constantFrom<Argument[]>(
      [count, first, second, where],
      [1, first, where],
      [2, first, second, where, word, number],
      [1, first, where, word, number],
      [1, first, where, word],
    ),
  );

function request(name: string, ...parts: (fc.Arbitrary<Argument> | fc.Arbitrary<Argument[]>)[]): fc.Arbitrary<Request> {
  return fc.tuple(...(parts as fc.Arbitrary<Argument | Argument[]>[])).map((list) => [name, ...list.flat()] as Request);
}

const requests = fc.oneof(
  { weight: 4, arbitrary: request('rpush', key, elements) },
  { weight: 4, arbitrary: request('lpush', key, elements) },
  { weight: 1, arbitrary: request('rpushx', key, elements) },
  { weight: 1, arbitrary: request('lpushx', key, elements) },
  { weight: 2, arbitrary: request('lpop', key) },
  { weight: 2, arbitrary: request('rpop', key, fc.constantFrom<Argument[]>([], [0], [2], [100], [-1], ['x'], [1, 2])) },
  { weight: 1, arbitrary: request('llen', key) },
  { weight: 2, arbitrary: request('lindex', key, index) },
  { weight: 2, arbitrary: request('lset', key, index, element) },
  { weight: 2, arbitrary: request('lrange', key, index, index) },
  {
    weight: 3,
    arbitrary: request(
      'linsert',
      key,
      fc.constantFrom('BEFORE', 'after', 'BEFORE', 'after', 'beside'),
      element,
      element,
    ),
  },
  { weight: 2, arbitrary: request('lrem', key, index, element) },
  { weight: 2, arbitrary: request('ltrim', key, index, index) },
  { weight: 2, arbitrary: request('lpos', key, element, positionOptions) },
  { weight: 3, arbitrary: request('lmove', key, key, end, end) },
  { weight: 2, arbitrary: request('rpoplpush', key, key) },
  { weight: 2, arbitrary: request('lmpop', counted) },
  { weight: 1, arbitrary: request('object', fc.constant('encoding'), key) },
  { weight: 1, arbitrary: request('rename', key, key) },
  { weight: 1, arbitrary: request('copy', key, key, fc.constantFrom<Argument[]>([], ['REPLACE'])) },
  { weight: 1, arbitrary: request('exists', key) },
  { weight: 1, arbitrary: request('type', key) },
  { weight: 1, arbitrary: request('dump', key) },
);

function answer(harness: Harness, [name, ...args]: Request): Plain {
  try {
    return harness.run(name, ...args);
  } catch (error) {
    return (error as Error).message;
  }
}

function contentsOf(harness: Harness): Plain[] {
  return ['a', 'b', 'nosuch'].map((each) => answer(harness, ['lrange', each, 0, -1]));
}

describe('listCommands', () => {
  it('answer as Redis does, and leave what can be replayed', async function () {
    requireProgram(this, 'redis-server');
    this.timeout(60_000);
    const redis = await RedisTwin.start();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(requests, { maxLength: 40, size: 'max' }), async (list) => {
          const harness = new Harness();
          await redis.ask('flushall');
          for (const words of [['set', 'text', 'a string'] as const, ...list]) {
            expect(answer(harness, words), words.map(String).join(' ')).to.deep.equal(await redis.ask(...words));
          }
          expect(contentsOf(harness.replayed())).to.deep.equal(contentsOf(harness));
        }),
        { numRuns: 150 },
      );
    } finally {
      await redis.stop();
    }
  });

  it('rotate a list within itself, which keeps its expiry', () => {
    const harness = new Harness();
    harness.run('rpush', 'a', '1');
    harness.run('expire', 'a', 100);
    for (const [from, to] of [
      ['LEFT', 'LEFT'],
      ['LEFT', 'RIGHT'],
      ['RIGHT', 'LEFT'],
      ['RIGHT', 'RIGHT'],
    ]) {
      expect(harness.run('lmove', 'a', 'a', from, to)).to.equal('1');
    }
    expect(harness.run('ttl', 'a')).to.equal(100);
    harness.run('rpush', 'a', '2', '3');
    harness.run('rpoplpush', 'a', 'a');
    expect(harness.run('lrange', 'a', 0, -1)).to.deep.equal(['3', '1', '2']);
  });

  it('move what is longer than what they keep for it', () => {
    const harness = new Harness();
    const long = 'long'.repeat(20_000);
    harness.run('rpush', 'a', long);
    expect(harness.run('rpoplpush', 'a', 'b')).to.equal(long);
    expect(harness.run('lindex', 'b', 0)).to.equal(long);
    expect(harness.run('exists', 'a')).to.equal(0);
  });
});
