import { expect } from 'chai';
import fc from 'fast-check';
import type { Words } from './collection-twin.js';
import { expectTwins } from './collection-twin.js';
import type { Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

const key = fc.constantFrom('s', 's', 't', 'u', 'text', 'none');
const member = fc.constantFrom('', '1', '2', '03', 'a', 'b', 'c', 'x'.repeat(100));
const count = fc.constantFrom('0', '-0', 'x', '-9223372036854775808');
const members = fc.array(member, { minLength: 1, maxLength: 4 });
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const named = (...names: string[]): fc.Arbitrary<string> => fc.constantFrom(...names);
const commands = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(named('sadd', 'sadd', 'srem', 'smismember'), key, members) },
  fc.tuple(named('scard', 'smembers', 'del', 'type', 'exists', 'srandmember'), fc.constant('nosuch')),
  fc.tuple(named('scard', 'smembers', 'type', 'exists'), key),
  fc.tuple(named('sismember'), key, member),
  fc.tuple(named('smove'), key, key, member),
  fc.tuple(named('spop', 'srandmember'), key, count),
  fc.tuple(named('spop', 'srandmember'), key, count, count),
  fc.tuple(named('sinter', 'sunion', 'sdiff'), keys),
  fc.tuple(named('sinterstore', 'sunionstore', 'sdiffstore'), key, keys),
  fc.tuple(named('sintercard'), fc.constantFrom('1', '2', '3', '0', 'x'), keys),
  fc.tuple(named('sintercard'), fc.constant('2'), key, key, named('limit', 'x'), fc.constantFrom('0', '1', '-1', 'x')),
  fc.tuple(named('sscan'), key, fc.constantFrom('0', 'x'), fc.constant('match'), fc.constant('no such')),
  fc.tuple(named('rename', 'copy'), key, key),
  fc.constantFrom(['dbsize'], ['set', 'text', 'v']),
) as fc.Arbitrary<(string | string[])[]>;

describe('Set commands', () => {
  let redis: RedisTwin;
  before(async () => {
    redis = await RedisTwin.start();
  });
  after(() => redis.stop());

  it('answer as redis-server does', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(commands, { maxLength: 60, size: 'max' }), async (list) => {
        await redis.ask('flushall');
        const flat = list.map((words) => words.flat() as unknown as Words);
        await expectTwins(new Harness(), redis, [['set', 'text', 'v'], ...flat]);
      }),
      { numRuns: 60 },
    );
  });

  it('answer as redis-server does on large sets', async function () {
    this.timeout(60_000);
    const harness = new Harness();
    await redis.ask('flushall');
    const list: Words[] = [];
    for (let i = 0; i < 1500; i++) list.push(['sadd', ['a', 'b', 'c'][i % 3], i % 400, `m${i % 333}`]);
    list.push(['sinter', 'a', 'b', 'c'], ['sunion', 'a', 'b', 'c'], ['sdiff', 'a', 'b'], ['sdiff', 'b', 'a', 'c']);
    list.push(['sintercard', 2, 'a', 'b', 'limit', 7], ['sintercard', 3, 'a', 'b', 'c']);
    list.push(
      ['sinterstore', 'd', 'a', 'b'],
      ['sunionstore', 'a', 'a', 'b'],
      ['sdiffstore', 'b', 'a', 'b'],
      ['smembers', 'a'],
    );
    for (let i = 0; i < 400; i++) list.push(['srem', 'a', i, 'x'], ['smove', 'd', 'e', i]);
    list.push(['smembers', 'a'], ['smembers', 'b'], ['smembers', 'd'], ['smembers', 'e'], ['scard', 'c']);
    await expectTwins(harness, redis, list);
    await expectTwins(harness.replayed(), redis, [['smembers', 'a'], ['smembers', 'b'], ['smembers', 'd'], ['dbsize']]);
  });

  it('SPOP takes members that were there, each once, and the key with the last', function () {
    this.timeout(20_000);
    for (const size of [20, 3000]) {
      for (const at of [0, 1, 7, size / 2]) {
        const harness = new Harness();
        const left = new Set<Plain>();
        for (let i = 0; i < size; i++) {
          harness.run('sadd', 's', `m${i}`);
          left.add(`m${i}`);
        }
        while (left.size > 0) {
          const popped = at === 0 ? [harness.run('spop', 's')] : (harness.run('spop', 's', at) as Plain[]);
          expect(popped.length).to.equal(Math.min(at === 0 ? 1 : at, left.size));
          for (const each of popped) expect(left.delete(each), String(each)).to.equal(true);
          expect(harness.run('scard', 's')).to.equal(left.size);
        }
        expect([harness.run('exists', 's'), harness.run('spop', 's'), harness.run('spop', 's', 2)]).to.deep.equal([
          0,
          null,
          [],
        ]);
        expect(harness.replayed().run('exists', 's')).to.equal(0);
        while (harness.keyspace.freeFlushed(1000));
        expect(harness.keyspace.usedBytes).to.equal(0);
      }
    }
  });

  it('SRANDMEMBER takes different members with a positive count, and any with a negative one', () => {
    for (const size of [6, 1000]) {
      const harness = new Harness();
      for (let i = 0; i < size; i++) harness.run('sadd', 's', i);
      for (const wanted of [1, 3, size - 1, size, size + 5]) {
        const picked = harness.run('srandmember', 's', wanted) as string[];
        expect(picked.length).to.equal(Math.min(wanted, size));
        expect(new Set(picked).size).to.equal(picked.length);
        expect((harness.run('srandmember', 's', -2 * wanted) as string[]).length).to.equal(2 * wanted);
      }
      expect(harness.run('sismember', 's', harness.run('srandmember', 's') as string)).to.equal(1);
    }
  });

  it('SSCAN returns every member', () => {
    for (const size of [5, 3000]) {
      const harness = new Harness();
      for (let i = 0; i < size; i++) harness.run('sadd', 's', `m${i}`);
      const found = new Set<Plain>();
      let cursor = '0';
      do {
        const [next, items] = harness.run('sscan', 's', cursor, 'count', 50) as [string, Plain[]];
        cursor = next;
        for (const each of items) found.add(each);
      } while (cursor !== '0');
      expect(found.size).to.equal(size);
    }
  });
});
