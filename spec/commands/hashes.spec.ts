import { expect } from 'chai';
import fc from 'fast-check';
import type { Words } from './collection-twin.js';
import { answer, expectTwins } from './collection-twin.js';
import type { Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

const key = fc.constantFrom('h', 'h', 'g', 'text', 'none');
const field = fc.constantFrom('', 'f', 'g', 'i', 'x'.repeat(70));
const value = fc.constantFrom('', 'v', '1', '-7', ' 3', '3.5', 'inf', '9223372036854775807', '1e3', 'y'.repeat(100));
const number = fc.constantFrom('0', '1', '-1', '5', '-3', 'x', '', '9223372036854775807', '9223372036854775808', '1.5');
const count = fc.constantFrom('0', '10', '-0', 'x', '-9223372036854775808', '9223372036854775807');
const commands: fc.Arbitrary<Words> = fc.oneof(
  fc.tuple(fc.constantFrom('hset', 'hmset'), key, field, value),
  fc.tuple(fc.constantFrom('hset', 'hmset'), key, field, value, field, value),
  fc.tuple(fc.constantFrom('hset', 'hmset'), key, field, value, field),
  fc.tuple(fc.constant('hsetnx'), key, field, value),
  fc.tuple(fc.constantFrom('hget', 'hexists', 'hstrlen', 'hdel'), key, field),
  fc.tuple(fc.constantFrom('hmget', 'hdel'), key, field, field, field),
  fc.tuple(fc.constantFrom('hlen', 'hgetall', 'hkeys', 'hvals', 'del', 'type', 'exists'), key),
  fc.tuple(fc.constantFrom('hincrby', 'hincrbyfloat'), key, field, number),
  fc.tuple(fc.constant('hrandfield'), key, count),
  fc.tuple(fc.constant('hrandfield'), key, fc.constant('0'), fc.constantFrom('withvalues', 'x')),
  fc.tuple(fc.constant('hscan'), key, fc.constantFrom('0', 'x'), fc.constant('match'), fc.constant('no such')),
  fc.tuple(fc.constantFrom('rename', 'copy', 'renamenx'), key, key),
  fc.constantFrom<Words>(['dbsize'], ['set', 'text', 'v'], ['debug', 'digest']),
);

/** Pairs of a reply that alternates. */
function pairsOf(reply: Plain): Plain[][] {
  if (!Array.isArray(reply)) throw new Error('an array');
  return reply.flatMap((item, i) => (i % 2 === 0 ? [[item, reply[i + 1]]] : []));
}

describe('Hash commands', () => {
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
        const withoutDigests = list.filter(([name]) => name !== 'debug');
        await expectTwins(new Harness(), redis, [['set', 'text', 'v'], ...withoutDigests]);
      }),
      { numRuns: 60 },
    );
  });

  it('answer as redis-server does on a large hash', async function () {
    this.timeout(60_000);
    const harness = new Harness();
    await redis.ask('flushall');
    const list: Words[] = [];
    for (let i = 0; i < 2000; i++) list.push(['hset', 'h', `field:${(i * 7919) % 1000}`, i, `other:${i % 300}`, 'v']);
    for (let i = 0; i < 500; i++) list.push(['hdel', 'h', `field:${i * 2}`, `other:${i}`, 'nosuch']);
    for (let i = 0; i < 50; i++) list.push(['hincrby', 'h', `field:${i}`, i], ['hget', 'h', `field:${i}`]);
    list.push(
      ['hlen', 'h'],
      ['hgetall', 'h'],
      ['copy', 'h', 'c'],
      ['hgetall', 'c'],
      ['rename', 'c', 'd'],
      ['hkeys', 'd'],
    );
    await expectTwins(harness, redis, list);
    const replayed = harness.replayed();
    await expectTwins(replayed, redis, [['hgetall', 'h'], ['hgetall', 'd'], ['hlen', 'c'], ['dbsize']]);
  });

  it('HSCAN returns every field with its value, by MATCH and in steps of COUNT', () => {
    for (const size of [5, 3000]) {
      const harness = new Harness();
      for (let i = 0; i < size; i++) harness.run('hset', 'h', `f${i}`, `v${i}`);
      const found = new Map<Plain, Plain>();
      let cursor = '0';
      let steps = 0;
      do {
        const [next, items] = harness.run('hscan', 'h', cursor, 'match', 'f*1', 'count', 100) as [string, Plain];
        cursor = next;
        for (const [name, text] of pairsOf(items)) found.set(name, text);
        steps++;
      } while (cursor !== '0');
      expect([...found.keys()].sort()).to.deep.equal(
        Array.from({ length: size }, (_, i) => `f${i}`)
          .filter((name) => name.endsWith('1'))
          .sort(),
      );
      expect(found.get('f1')).to.equal('v1');
      expect(steps).to.be.within(size / 200, size / 50 + 1);
    }
  });

  it('HRANDFIELD takes different fields with a positive count, and any with a negative one', () => {
    for (const size of [6, 1000]) {
      const harness = new Harness();
      for (let i = 0; i < size; i++) harness.run('hset', 'h', `f${i}`, `v${i}`);
      for (const wanted of [1, 3, size - 1, size, size + 5]) {
        const picked = harness.run('hrandfield', 'h', wanted) as string[];
        expect(picked.length).to.equal(Math.min(wanted, size));
        expect(new Set(picked).size).to.equal(picked.length);
        const pairs = pairsOf(harness.run('hrandfield', 'h', wanted, 'withvalues'));
        for (const [name, text] of pairs) expect(text).to.equal(`v${String(name).slice(1)}`);
        expect(pairs.length).to.equal(picked.length);
        expect((harness.run('hrandfield', 'h', -2 * wanted) as string[]).length).to.equal(2 * wanted);
      }
      expect(harness.run('hexists', 'h', harness.run('hrandfield', 'h') as string)).to.equal(1);
    }
  });

  it('are of no use for what was deleted: the last field takes the key with it', () => {
    const harness = new Harness();
    harness.run('hset', 'h', 'a', 1);
    harness.run('expire', 'h', 100);
    expect(harness.run('hdel', 'h', 'a')).to.equal(1);
    expect([harness.run('exists', 'h'), harness.run('dbsize')]).to.deep.equal([0, 0]);
    harness.run('hset', 'h', 'b', 1);
    expect([harness.run('ttl', 'h'), harness.run('hlen', 'h')]).to.deep.equal([-1, 1]);
    expect(answer(harness.replayed(), ['ttl', 'h'])).to.equal(-1);
  });
});
