import { expect } from 'chai';
import fc from 'fast-check';
import { requireProgram } from '../tools/programs.js';
import { withoutTies } from './geo-ties.js';
import type { Argument, Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

type Request = readonly Argument[];

const member = fc.integer({ min: 0, max: 60 }).map((n) => `p${String(n)}`);
const degrees = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 10, arbitrary: fc.double({ min: -max, max, noNaN: true }).map(String) },
    { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }).map((n) => String(n / 1000)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(String(max), String(-max), '0', '200', 'x', '-85.05112878', '179.9999999'),
    },
  );
const longitude = degrees(180);
const latitude = degrees(85.05112878);
const place = fc.tuple(longitude, latitude);
const unit = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('m', 'km', 'FT', 'mi') },
  { weight: 1, arbitrary: fc.constant('x') },
);
const length = fc.oneof(
  { weight: 10, arbitrary: fc.double({ min: 0, max: 5_000_000, noNaN: true }).map(String) },
  { weight: 5, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', 'x', '1e9', '21000') },
);
const key = fc.oneof(
  { weight: 9, arbitrary: fc.constant('geo') },
  { weight: 1, arbitrary: fc.constantFrom('nosuch', 'text') },
);
const order = fc.constantFrom<Request>(['ASC'], ['desc']);
const count = fc.oneof(
  fc.constant<Request>([]),
  fc.integer({ min: -1, max: 20 }).map((n): Request => ['COUNT', n]),
);
const extras = fc.subarray(['WITHDIST', 'WITHHASH', 'WITHCOORD']);
const center = fc.oneof(
  member.map((name): Request => ['FROMMEMBER', name]),
  place.map((at): Request => ['FROMLONLAT', ...at]),
);
const shape = fc.oneof(
  fc.tuple(length, unit).map((all): Request => ['BYRADIUS', ...all]),
  fc.tuple(length, length, unit).map((all): Request => ['BYBOX', ...all]),
);
const flat = (...parts: fc.Arbitrary<Argument | Request>[]): fc.Arbitrary<Request> =>
  fc.tuple(...parts).map((all) => all.flat<(Argument | Request)[]>());
const word = (text: string): fc.Arbitrary<Argument> => fc.constant(text);

const adding = flat(
  word('GEOADD'),
  key,
  fc.subarray(['NX', 'CH', 'XX']),
  fc.array(fc.tuple(longitude, latitude, member), { minLength: 1, maxLength: 5 }).map((all): Request => all.flat()),
);
const reading = fc.oneof(
  flat(word('GEOPOS'), key, fc.array(member, { maxLength: 4 })),
  flat(word('GEOHASH'), key, fc.array(member, { maxLength: 4 })),
  flat(word('GEODIST'), key, member, member, fc.array(unit, { maxLength: 2 })),
  flat(word('GEOSEARCH'), key, center, shape, order, count, extras),
  flat(word('GEOSEARCH'), key, shape, center, order, extras),
  flat(
    word('GEOSEARCH'),
    key,
    fc.constantFrom<Request>(['BYRADIUS', 1, 'm', 'ASC'], ['FROMLONLAT', 1, 2, 'ASC'], ['ASC', 'ANY', 'x', 'y', 'z']),
  ),
  flat(word('GEOSEARCH'), key, center, shape, word('COUNT'), word('3'), word('ANY')),
  flat(
    word('GEORADIUS'),
    key,
    place.map((all): Request => all),
    length,
    unit,
    order,
    count,
    extras,
  ),
  flat(
    word('GEORADIUS_RO'),
    key,
    place.map((all): Request => all),
    length,
    unit,
    order,
    word('STORE'),
    word('x'),
  ),
  flat(word('GEORADIUSBYMEMBER'), key, member, length, unit, order, count, extras),
  flat(word('GEORADIUSBYMEMBER_RO'), key, member, length, unit, order),
);
const storing = fc.oneof(
  flat(word('GEOSEARCHSTORE'), word('to'), key, center, shape, order, fc.subarray(['STOREDIST'])),
  flat(word('GEOSEARCHSTORE'), word('to'), key, center, shape, extras),
  flat(
    word('GEORADIUS'),
    key,
    place.map((all): Request => all),
    length,
    unit,
    fc.constantFrom('STORE', 'STOREDIST'),
    word('to'),
  ),
  flat(word('GEORADIUSBYMEMBER'), key, member, length, unit, word('STORE'), word('to'), extras),
);
const requests = fc.array(
  fc.oneof({ weight: 3, arbitrary: adding }, { weight: 5, arbitrary: reading }, { weight: 1, arbitrary: storing }),
  { maxLength: 30, size: 'max' },
);

/** A reply, or the text of the error. */
function ours(db: Harness, [name, ...args]: Request): Plain {
  try {
    return db.run(String(name), ...args);
  } catch (error) {
    return (error as Error).message;
  }
}

describe('geo commands beside redis-server', () => {
  let redis: RedisTwin;
  before(async function () {
    requireProgram(this, 'redis-server');
    redis = await RedisTwin.start();
  });
  after(() => redis?.stop());

  it('answer alike, and leave the same', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(0.001, 1, 40), async (list, spread) => {
        const db = new Harness();
        await redis.ask('FLUSHALL');
        // Around a place, in the middle of the map and all over it.
        const places = Array.from({ length: 60 }, (_, i) => [
          (Math.sin(i * i) * spread * 4).toFixed(9),
          (Math.cos(i * 7) * spread * 2 + i / 1e5).toFixed(9),
          `p${String(i)}`,
        ]);
        const before: Request[] = [
          ['SET', 'text', 'x'],
          ['GEOADD', 'geo', ...places.flat()],
        ];
        for (const each of [...before, ...list]) {
          const [reply, theirs] = [ours(db, each), await redis.ask(...each)];
          expect(withoutTies(db, each, reply), each.join(' ')).to.deep.equal(withoutTies(db, each, theirs));
        }
        for (const name of ['geo', 'to']) {
          const all = ['ZRANGE', name, 0, -1, 'WITHSCORES'] as const;
          const stored = ours(db, all) as string[];
          const theirs = (await redis.ask(...all)) as string[];
          expect(stored.filter((_, i) => i % 2 === 0)).to.have.members(theirs.filter((_, i) => i % 2 === 0));
        }
      }),
      { numRuns: 60 },
    );
  });
});
