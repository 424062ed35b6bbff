import { expect } from 'chai';
import fc from 'fast-check';
import { CellType } from '../../lib/record/entry.js';
import { Dump } from '../../lib/data/dump.js';
import { encodeHashDump } from '../../lib/data/hash-dump.js';
import { encodeListDump } from '../../lib/data/list-dump.js';
import type { PackedLimits } from '../../lib/data/packed-limits.js';
import { encodeSetDump } from '../../lib/data/set-dump.js';
import { encodeSortedSetDump } from '../../lib/data/sorted-set-dump.js';
import { encodeStringDump } from '../../lib/data/string-dump.js';
import type { Plain } from '../commands/harness.js';
import { RedisTwin } from '../commands/redis-twin.js';
import { requireProgram } from '../tools/programs.js';
import { contentOf, counted, packed, seal, text, ziplist, zipmap } from './payloads.js';
import type { Content } from './payloads.js';

const REDIS_LIMITS: PackedLimits = {
  hashMaxListpackEntries: 512,
  hashMaxListpackValueBytes: 64,
  listMaxListpackSize: -2,
  setMaxIntsetEntries: 512,
  zsetMaxListpackEntries: 128,
  zsetMaxListpackValueBytes: 64,
};
const FEW: PackedLimits = {
  hashMaxListpackEntries: 3,
  hashMaxListpackValueBytes: 5,
  listMaxListpackSize: 4,
  setMaxIntsetEntries: 3,
  zsetMaxListpackEntries: 3,
  zsetMaxListpackValueBytes: 5,
};

const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 8 }),
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.nat(300).map((length) => 'ab'.repeat(length)),
);
const integer = fc.oneof(fc.integer({ min: -40000, max: 40000 }), fc.integer()).map(String);
const names = fc.oneof(
  fc.uniqueArray(value, { minLength: 1, maxLength: 12 }),
  fc.uniqueArray(integer, { minLength: 1, maxLength: 6 }),
);
const list = fc.array(value, { minLength: 1, maxLength: 40 });
const hash = names.chain((fields) =>
  fc
    .array(value, { minLength: fields.length, maxLength: fields.length })
    .map((values) => fields.map((field, i): [string, string] => [field, values[i]])),
);
const score = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(Infinity, -Infinity, 2 ** 53, 2 ** 62, 2 ** 62 + 1024, 1e17, 0.1),
);
const sortedSet = names
  .chain((members) =>
    fc
      .array(score, { minLength: members.length, maxLength: members.length })
      .map((scores) => members.map((member, i): [string, number] => [member, scores[i] + 0])),
  )
  .map((pairs) => pairs.sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x - y)));

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function listDump(values: Content, limits = REDIS_LIMITS): Buffer {
  return encodeListDump(values.map(bytes), limits.listMaxListpackSize);
}

function setDump(values: Content, limits = REDIS_LIMITS): Buffer {
  return encodeSetDump(values.map(bytes), values.length, limits);
}

function hashDump(pairs: [string, string][], limits = REDIS_LIMITS): Buffer {
  return encodeHashDump(
    pairs.map(([field, value]) => [bytes(field), bytes(value)] as const),
    pairs.length,
    limits,
  );
}

function sortedSetDump(pairs: [string, number][], limits = REDIS_LIMITS): Buffer {
  return encodeSortedSetDump(
    pairs.map(([member, score]) => [bytes(member), score] as const),
    limits,
  );
}

/** What is in a payload that has to be sound. */
function open(payload: Buffer, type: CellType): Content {
  const dump = Dump.open(payload);
  if (typeof dump === 'string') throw new Error(`the payload is not taken: ${dump}`);
  expect(dump.type).to.equal(type);
  return contentOf(dump);
}

/** The scores as JS writes them, in place of Redis's. */
function scored(reply: Plain): Content {
  return (reply as Content).map((word, i) => (i % 2 === 0 ? word : String(Number(word.replace('inf', 'Infinity')))));
}

describe('Dump', () => {
  it('open and visit bring back what was encoded', () => {
    const limits = fc.constantFrom(REDIS_LIMITS, FEW);
    fc.assert(
      fc.property(list, limits, (values, limits) => {
        expect(open(listDump(values, limits), CellType.LIST)).to.deep.equal(values);
      }),
    );
    fc.assert(
      fc.property(names, limits, (values, limits) => {
        expect(open(setDump(values, limits), CellType.SET)).to.have.members(values);
      }),
    );
    fc.assert(
      fc.property(hash, limits, (pairs, limits) => {
        expect(open(hashDump(pairs, limits), CellType.HASH)).to.deep.equal(pairs.flat());
      }),
    );
    fc.assert(
      fc.property(sortedSet, limits, (pairs, limits) => {
        const content = open(sortedSetDump(pairs, limits), CellType.SORTED_SET);
        const expected = pairs.map(([member, score]) => [member, String(score)].join('|'));
        expect(pairs.map((_, i) => content.slice(2 * i, 2 * i + 2).join('|'))).to.have.members(expected);
      }),
    );
    expect(open(encodeStringDump(bytes('text')), CellType.STRING)).to.deep.equal(['text']);
  });

  it('open and visit read the forms of older versions', () => {
    const flat = (pairs: [string, string | number][]): Content => pairs.flat().map(String);
    fc.assert(
      fc.property(list, hash, sortedSet, (values, pairs, scored) => {
        expect(
          open(
            counted(
              1,
              values.length,
              values.map((each) => text(each)),
            ),
            CellType.LIST,
          ),
        ).to.deep.equal(values);
        expect(open(packed(10, ziplist(values)), CellType.LIST)).to.deep.equal(values);
        const nodes = [values, [], values.slice(1)].map((part) => text(ziplist(part)));
        expect(open(counted(14, 3, nodes), CellType.LIST)).to.deep.equal([...values, ...values.slice(1)]);
        const plain = Buffer.concat([Buffer.from([1]), text('plain')]);
        expect(open(counted(18, 1, [plain]), CellType.LIST)).to.deep.equal(['plain']);
        expect(open(packed(9, zipmap(flat(pairs))), CellType.HASH)).to.deep.equal(flat(pairs));
        expect(open(packed(13, ziplist(flat(pairs))), CellType.HASH)).to.deep.equal(flat(pairs));
        const finite = scored.filter(([, score]) => Number.isFinite(score) && Math.abs(score) > 1e-300);
        if (finite.length === 0) return;
        expect(open(packed(12, ziplist(flat(finite))), CellType.SORTED_SET)).to.deep.equal(flat(finite));
        const old = finite.flatMap(([member, score]) => [
          text(member),
          Buffer.from([String(score).length]),
          bytes(String(score)),
        ]);
        expect(open(counted(3, finite.length, old), CellType.SORTED_SET)).to.deep.equal(flat(finite));
      }),
    );
    const infinite = [text('a'), Buffer.from([254]), text('b'), Buffer.from([255])];
    expect(open(counted(3, 2, infinite), CellType.SORTED_SET)).to.deep.equal(['a', 'Infinity', 'b', '-Infinity']);
  });

  it('open refuses what is empty, comes twice, or is no number', () => {
    const nan = Buffer.alloc(8);
    nan.writeDoubleLE(NaN);
    const faulty = [
      ...[1, 2, 3, 4, 5, 14, 18].map((type) => counted(type, 0, [])),
      ...[10, 12, 13].map((type) => packed(type, ziplist([]))),
      counted(14, 1, [text(ziplist([]))]),
      counted(18, 1, [Buffer.concat([Buffer.from([1]), text('')])]),
      counted(18, 1, [Buffer.concat([Buffer.from([3]), text('x')])]),
      counted(2, 2, [text('a'), text('a')]),
      counted(4, 2, [text('a'), text('1'), text('a'), text('2')]),
      counted(3, 1, [text('a'), Buffer.from([253])]),
      counted(5, 1, [text('a'), nan]),
      packed(9, zipmap(['a', '1', 'a', '2'])),
      packed(12, ziplist(['a', 'x'])),
      packed(12, ziplist(['a', '1', 'b'])),
      packed(13, ziplist(['a', '1', 'a', '2'])),
      packed(13, ziplist(['a', '1', 'b'])),
      packed(11, Buffer.alloc(8, 2)),
    ];
    faulty.forEach((payload, i) => {
      expect(Dump.open(payload), `payload ${i}`).to.equal('format');
    });
  });

  it('open says why it refuses', () => {
    const good = listDump(['a']);
    expect(Dump.open(seal(Buffer.from([15, 0])))).to.equal('unsupported');
    expect(Dump.open(seal(Buffer.from([8, 0])))).to.equal('format');
    expect(Dump.open(seal(Buffer.from([20, 0])))).to.equal('format');
    expect(Dump.open(seal(good.subarray(0, -10), 11))).to.equal('checksum');
    expect(Dump.open(good.subarray(0, -1))).to.equal('checksum');
    expect(Dump.open(Buffer.alloc(0))).to.equal('checksum');
  });

  it('open allocates nothing for a count or a length that is not there', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const type of [1, 2, 3, 4, 5, 14, 18])
      expect(Dump.open(seal(Buffer.from([type, 0x81, 0, 0, 0, 0, 255, 255, 255, 255])))).to.equal('format');
    for (const type of [9, 10, 11, 12, 13, 16, 17])
      expect(Dump.open(seal(Buffer.from([type, 0x80, 255, 255, 255, 255])))).to.equal('format');
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 24);
  });
});

/** A payload of any form, sound or damaged. */
const anyPayload = fc
  .tuple(
    fc.oneof(
      list.map((values) => listDump(values, FEW)),
      list.map((values) => packed(10, ziplist(values))),
      list.map((values) => counted(14, 2, [text(ziplist(values)), text(ziplist(values.slice(1)))])),
      names.map((values) => setDump(values)),
      names.map((values) => setDump(values, FEW)),
      hash.map((pairs) => hashDump(pairs)),
      hash.map((pairs) => hashDump(pairs, FEW)),
      hash.map((pairs) => packed(9, zipmap(pairs.flat()))),
      hash.map((pairs) => packed(13, ziplist(pairs.flat()))),
      sortedSet.map((pairs) => sortedSetDump(pairs)),
      sortedSet.map((pairs) => sortedSetDump(pairs, FEW)),
    ),
    fc.array(fc.tuple(fc.nat(80), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 254, 255))), { maxLength: 2 }),
  )
  .map(([payload, damage]) => {
    const damaged = Buffer.from(payload.subarray(0, -10));
    for (const [at, byte] of damage) if (at < damaged.length) damaged[at] = byte;
    return seal(damaged);
  });

describe('Dump beside redis-server', function () {
  this.timeout(60_000);
  let redis: RedisTwin;
  before(async function () {
    requireProgram(this, 'redis-server');
    redis = await RedisTwin.start('--sanitize-dump-payload', 'yes');
  });
  after(() => redis?.stop());

  async function setLimits(limits: PackedLimits): Promise<void> {
    expect(
      await redis.ask(
        ...['CONFIG', 'SET', 'hash-max-listpack-entries', limits.hashMaxListpackEntries],
        ...[
          'hash-max-listpack-value',
          limits.hashMaxListpackValueBytes,
          'list-max-listpack-size',
          limits.listMaxListpackSize,
        ],
        ...[
          'set-max-intset-entries',
          limits.setMaxIntsetEntries,
          'zset-max-listpack-entries',
          limits.zsetMaxListpackEntries,
        ],
        ...['zset-max-listpack-value', limits.zsetMaxListpackValueBytes],
      ),
    ).to.equal('OK');
  }

  /** What redis-server has at a key, as `contentOf` has it, or an error. */
  async function redisContent(key: string): Promise<Content> {
    const type = await redis.ask('TYPE', key);
    if (type === 'string') return [(await redis.ask('GET', key)) as string];
    if (type === 'list') return (await redis.ask('LRANGE', key, 0, -1)) as Content;
    if (type === 'set') return (await redis.ask('SMEMBERS', key)) as Content;
    if (type === 'hash') return (await redis.ask('HGETALL', key)) as Content;
    return scored(await redis.ask('ZRANGE', key, 0, -1, 'WITHSCORES'));
  }

  for (const [name, limits] of Object.entries({ 'its own limits': REDIS_LIMITS, 'low limits': FEW })) {
    it(`encodes what Redis answers to DUMP, with ${name}`, async () => {
      await setLimits(limits);
      const check = async (command: string, words: (string | number)[], expected: Buffer): Promise<void> => {
        await redis.ask('DEL', 'k');
        await redis.ask(command, 'k', ...words);
        expect(await redis.ask('DUMP', 'k')).to.equal(expected.toString('latin1'));
      };
      await fc.assert(
        fc.asyncProperty(list, names, hash, sortedSet, async (values, members, pairs, scored) => {
          await check('RPUSH', values, listDump(values, limits));
          const ordered = scored.map(([member, score]) => [
            score === Infinity ? 'inf' : score === -Infinity ? '-inf' : score,
            member,
          ]);
          await check('ZADD', ordered.flat(), sortedSetDump(scored, limits));
          // The order of a hashtable is chance: what Redis has is then put in its order.
          await redis.ask('DEL', 'set', 'hash');
          await redis.ask('SADD', 'set', ...members);
          await redis.ask('HSET', 'hash', ...pairs.flat());
          expect(await redis.ask('DUMP', 'set')).to.equal(
            setDump(await redisContent('set'), limits).toString('latin1'),
          );
          const fields = await redisContent('hash');
          const inOrder = pairs.map((_, i): [string, string] => [fields[2 * i], fields[2 * i + 1]]);
          expect(await redis.ask('DUMP', 'hash')).to.equal(hashDump(inOrder, limits).toString('latin1'));
        }),
        { numRuns: 60 },
      );
    });
  }

  it('encodes lists of many nodes as Redis does, for every list-max-listpack-size', async () => {
    for (const size of [-6, -5, -4, -3, -2, -1, 0, 1, 100, 70000]) {
      const limits = { ...REDIS_LIMITS, listMaxListpackSize: size };
      await setLimits(limits);
      await redis.ask('DEL', 'k');
      const values = Array.from({ length: 3000 }, (_, i) => (i % 500 === 7 ? 'long'.repeat(3000) : String(i * 7919)));
      await redis.ask('RPUSH', 'k', ...values);
      expect(await redis.ask('DUMP', 'k'), `size ${size}`).to.equal(listDump(values, limits).toString('latin1'));
    }
    await setLimits(REDIS_LIMITS);
  });

  it('takes no payload that Redis refuses, and finds what Redis finds in the others', async () => {
    await setLimits(REDIS_LIMITS);
    await fc.assert(
      fc.asyncProperty(anyPayload, async (payload) => {
        const reply = await redis.ask('RESTORE', 'k', 0, payload, 'REPLACE');
        const dump = Dump.open(payload);
        // Redis is more lenient: a score may be any text, a string may reach into the checksum.
        if (typeof dump === 'string') return;
        expect(reply).to.equal('OK');
        const content = contentOf(dump);
        if (dump.type === CellType.SORTED_SET || dump.type === CellType.SET)
          expect(content).to.have.members(await redisContent('k'));
        else if (dump.type === CellType.HASH) expect(content.sort()).to.deep.equal((await redisContent('k')).sort());
        else expect(content).to.deep.equal(await redisContent('k'));
      }),
      { numRuns: 500 },
    );
  });
});
