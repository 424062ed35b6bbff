import { expect } from 'chai';
import fc from 'fast-check';
import { requireProgram } from '../tools/programs.js';
import type { Argument, Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

type Request = readonly Argument[];

const KEYS = ['a', 'b', 'c'];
/** A sorted set whose scores are all equal: what a range by member is of others means nothing. */
const EQUAL = 'equal';
/** A string at first. ('text' stays one: were it a sorted set, ranges by member of it would mean nothing.) */
const REPLACED = 'replaced';
const key = fc.constantFrom(...KEYS, ...KEYS, 'set', 'text', REPLACED, 'nosuch');
const destination = fc.constantFrom(...KEYS, ...KEYS, 'set', REPLACED, 'nosuch');
const equalKey = fc.constantFrom(EQUAL, EQUAL, 'text', 'missing');
const member = fc.oneof(
  fc.constantFrom('x', 'y', 'z', '', '\0', '\xff', 'xx', 'long'.repeat(20)),
  fc.integer({ min: 0, max: 40 }).map((n) => `m${String(n)}`),
);
const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(
    '0.1',
    '-0.5',
    '1e3',
    'inf',
    '-inf',
    '+inf',
    '3.0',

    '1e17',
    '12345678901234567',
    '1e-7',
    '0x10',
  ),
);
const score = fc.oneof({ weight: 20, arbitrary: number }, { weight: 1, arbitrary: fc.constantFrom('nan', 'x', '') });
const scoreBound = fc.oneof(
  { weight: 10, arbitrary: number.map(String) },
  { weight: 5, arbitrary: number.map((value) => `(${String(value)}`) },
  { weight: 4, arbitrary: fc.constantFrom('-inf', '+inf', '(inf') },
  { weight: 1, arbitrary: fc.constantFrom('', '(', ' 1', '1 ', 'nan', '[1', '1e400') },
);
const memberBound = fc.oneof(
  { weight: 10, arbitrary: member.map((text) => `[${text}`) },
  { weight: 6, arbitrary: member.map((text) => `(${text}`) },
  { weight: 6, arbitrary: fc.constantFrom('-', '+') },
  { weight: 1, arbitrary: fc.constantFrom('', 'x', '-x', '++', '-\0', '+\0x') },
);
const rank = fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constantFrom(0, -1, 100, -100, '9223372036854775807', 'x'));
const words = (...choices: string[]): fc.Arbitrary<string[]> => fc.subarray(choices);
const limit = fc.oneof(
  fc.constant<Request>([]),
  fc.constant<Request>([]),
  fc
    .tuple(fc.integer({ min: -2, max: 5 }), fc.integer({ min: -2, max: 5 }))
    .map(([offset, count]): Request => ['LIMIT', offset, count]),
);
const withScores = fc.constantFrom<Request>([], ['WITHSCORES']);

function request(...parts: (string | fc.Arbitrary<Argument> | fc.Arbitrary<Request>)[]): fc.Arbitrary<Request> {
  const arbitraries: fc.Arbitrary<Argument | Request>[] = parts.map((part) =>
    typeof part === 'string' ? fc.constant(part) : part,
  );
  return fc.tuple(...arbitraries).map((all) => all.flat<(Argument | Request)[]>());
}

const pairs = fc.array(fc.tuple(score, member), { minLength: 1, maxLength: 6 }).map((all): Request => all.flat());
const options = words('NX', 'XX', 'GT', 'LT', 'CH', 'incr').map((all) => (all.length > 2 ? [] : all));
const adding = fc.oneof(
  { weight: 3, arbitrary: request('ZADD', EQUAL, '1', member) },
  { weight: 6, arbitrary: request('ZADD', key, pairs) },
  { weight: 5, arbitrary: request('ZADD', key, options, pairs) },
  { weight: 2, arbitrary: request('ZADD', key, options, score, member) },
  { weight: 2, arbitrary: request('ZINCRBY', key, score, member) },
);
const removing = fc.oneof(
  request('ZREM', key, fc.array(member, { minLength: 1, maxLength: 4 })),
  request('ZREMRANGEBYRANK', key, rank, rank),
  request('ZREMRANGEBYSCORE', key, scoreBound, scoreBound),
  request('ZREMRANGEBYLEX', equalKey, memberBound, memberBound),
  request('ZPOPMIN', key),
  request('ZPOPMAX', key, rank),
  request('ZPOPMIN', key, rank, words('x')),
  request(
    'ZMPOP',
    fc.integer({ min: 0, max: 3 }),
    fc.array(key, { minLength: 1, maxLength: 3 }),
    words('MIN'),
    words('max'),
  ),
  request('ZMPOP', '2', key, key, fc.constantFrom('MIN', 'max', 'x'), 'COUNT', fc.integer({ min: -1, max: 4 })),
);
const reading = fc.oneof(
  request('ZCARD', key),
  request('ZSCORE', key, member),
  request('ZMSCORE', key, fc.array(member, { minLength: 1, maxLength: 3 })),
  request('ZRANK', key, member),
  request('ZREVRANK', key, member),
  request('ZCOUNT', key, scoreBound, scoreBound),
  request('ZLEXCOUNT', equalKey, memberBound, memberBound),
  request('ZRANGE', key, rank, rank, words('REV', 'WITHSCORES')),
  request('ZRANGE', key, scoreBound, scoreBound, 'BYSCORE', words('REV', 'WITHSCORES'), limit),
  request('ZRANGE', equalKey, memberBound, memberBound, 'BYLEX', words('REV', 'WITHSCORES'), limit),
  request('ZRANGE', key, rank, rank, words('BYSCORE', 'REV', 'REV', 'x'), limit),
  request('ZREVRANGE', key, rank, rank, words('WITHSCORES', 'REV')),
  request('ZRANGEBYSCORE', key, scoreBound, scoreBound, withScores, limit),
  request('ZREVRANGEBYSCORE', key, scoreBound, scoreBound, limit, withScores),
  request('ZRANGEBYLEX', equalKey, memberBound, memberBound, limit),
  request('ZREVRANGEBYLEX', equalKey, memberBound, memberBound, limit, words('WITHSCORES')),
  request('ZRANGESTORE', destination, key, rank, rank, words('REV')),
  request('ZRANGESTORE', destination, key, scoreBound, scoreBound, 'BYSCORE', limit),
  request(
    'ZRANDMEMBER',
    fc.constantFrom('nosuch', 'text', 'a'),
    fc.constantFrom('0', 'x', '-9223372036854775808', '1000'),
  ),
  request('ZRANDMEMBER', 'missing', fc.constantFrom('-9223372036854775807', '5'), words('WITHSCORES', 'x')),
  request('ZSCAN', fc.constant('missing'), fc.constantFrom('0', 'x'), words('COUNT', 'x')),
);
const weights = fc.oneof(
  fc.constant<Request>([]),
  fc.array(score, { minLength: 1, maxLength: 3 }).map((all): Request => ['WEIGHTS', ...all]),
);
const aggregate = fc.constantFrom<Request>(
  [],
  [],
  ['AGGREGATE', 'SUM'],
  ['aggregate', 'min'],
  ['AGGREGATE', 'MAX'],
  ['AGGREGATE', 'x'],
);
const someKeys = fc.array(key, { minLength: 1, maxLength: 3 }).map((all): Request => [all.length, ...all]);
const combining = fc.oneof(
  request(fc.constantFrom('ZUNION', 'ZINTER'), someKeys, weights, aggregate, withScores),
  request(fc.constantFrom('ZUNIONSTORE', 'ZINTERSTORE'), destination, someKeys, weights, aggregate),
  request(fc.constantFrom('ZDIFF', 'ZUNION', 'ZINTER'), someKeys, withScores),
  request('ZDIFFSTORE', destination, someKeys),
  request(fc.constantFrom('ZDIFF', 'ZUNIONSTORE', 'ZINTERCARD'), 'a', rank, key),
  request(fc.constantFrom('ZDIFF', 'ZUNION', 'ZINTERCARD'), rank, key, words('WITHSCORES', 'WEIGHTS', 'LIMIT')),
  request(
    'ZINTERCARD',
    someKeys,
    limit.map((all) => all.slice(0, 2)),
  ),
);
const requests = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: adding },
    { weight: 2, arbitrary: removing },
    { weight: 4, arbitrary: reading },
    { weight: 2, arbitrary: combining },
  ),
  { maxLength: 40, size: 'max' },
);

/** A reply, or the text of the error. */
function ours(db: Harness, [name, ...args]: Request): Plain {
  try {
    return db.run(String(name), ...args);
  } catch (error) {
    return (error as Error).message;
  }
}

/** A reply of Redis, whose sorted sets keep the sign of zero when they are not packed, and forget it when they are. */
function unsigned(reply: Plain): Plain {
  if (Array.isArray(reply)) return reply.map(unsigned);
  return reply === '-0' ? '0' : reply;
}

describe('sorted set commands beside redis-server', () => {
  let redis: RedisTwin;
  before(async function () {
    requireProgram(this, 'redis-server');
    redis = await RedisTwin.start();
  });
  after(() => redis?.stop());

  for (const size of [0, 300]) {
    it(`answer alike, and leave the same, with ${size} members there before`, async () => {
      await fc.assert(
        fc.asyncProperty(requests, async (list) => {
          const db = new Harness();
          await redis.ask('FLUSHALL');
          const before: Request[] = [
            ['SET', 'text', 'x'],
            ['SET', REPLACED, 'x'],
          ];
          for (const name of KEYS) {
            const filling = Array.from({ length: size }, (_, i) => [i % 7, `m${String((i * 11) % 331)}`]).flat();
            if (size > 0) before.push(['ZADD', name, ...filling]);
            if (size > 0) before.push(['ZADD', EQUAL, ...filling.map((word, i) => (i % 2 === 0 ? 1 : word))]);
          }
          for (const each of [...before, ...list]) {
            const asked = each.map((word) => String(word)).join(' ');
            expect(ours(db, each), asked).to.deep.equal(unsigned(await redis.ask(...each)));
          }
          for (const name of [...KEYS, EQUAL, REPLACED]) {
            const all = ['ZRANGE', name, 0, -1, 'WITHSCORES'] as const;
            expect(ours(db, all)).to.deep.equal(unsigned(await redis.ask(...all)));
            expect(ours(db.replayed(), all)).to.deep.equal(ours(db, all));
          }
        }),
        { numRuns: size === 0 ? 60 : 15 },
      );
    });
  }
});
