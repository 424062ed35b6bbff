import { expect } from 'chai';
import fc from 'fast-check';
import { requireProgram } from '../tools/programs.js';
import type { Argument, Plain } from './harness.js';
import { Harness } from './harness.js';
import { RedisTwin } from './redis-twin.js';

const NOT_ONE = 'WRONGTYPE Key is not a valid HyperLogLog string value.';
const CORRUPT = 'INVALIDOBJ Corrupted HLL object detected';
const EMPTY = 'HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff';

describe('hyperloglog commands', () => {
  let db: Harness;
  beforeEach(() => {
    db = new Harness();
  });

  function fill(key: string, from: number, to: number): void {
    for (let i = from; i < to; i++) db.run('PFADD', key, i);
  }

  it('PFADD says whether it changed anything, and writes nothing if not', () => {
    expect(db.run('PFADD', 'k')).to.equal(1);
    expect(db.run('PFADD', 'k')).to.equal(0);
    expect(db.run('PFADD', 'k', 'a', 'b')).to.equal(1);
    db.takeWrites();
    expect(db.run('PFADD', 'k', 'b', 'a')).to.equal(0);
    expect(db.takeWrites()).to.equal(false);
  });

  it('PFADD keeps the expiry', () => {
    db.run('SET', 'k', EMPTY, 'EX', 10);
    db.run('PFADD', 'k', 'a');
    expect(db.run('TTL', 'k')).to.equal(10);
  });

  it('PFCOUNT counts one key, and several as one', () => {
    fill('a', 0, 100);
    fill('b', 50, 150);
    expect(db.run('PFCOUNT', 'a')).to.be.within(95, 105);
    expect(db.run('PFCOUNT', 'a', 'none', 'b')).to.be.within(142, 158);
    expect(db.run('PFCOUNT', 'none')).to.equal(0);
  });

  it('PFCOUNT notes the count, and takes it from there until it is stale', () => {
    fill('k', 0, 100);
    const stale = db.run('GET', 'k');
    const count = db.run('PFCOUNT', 'k');
    expect(db.run('GETRANGE', 'k', 8, 15)).to.equal(`${String.fromCharCode(Number(count))}\0\0\0\0\0\0\0`);
    expect(db.replayed().run('GET', 'k')).to.equal(db.run('GET', 'k'));
    db.run('SETRANGE', 'k', 8, '\x07');
    expect(db.run('PFCOUNT', 'k')).to.equal(7);
    db.run('SETRANGE', 'k', 8, '\xff\xff\xff\xff\xff\xff\xff\x7f');
    expect(db.wire('PFCOUNT', 'k')).to.equal(':9223372036854775807\r\n');
    db.run('SET', 'k', stale as string);
    expect(db.run('PFCOUNT', 'k')).to.equal(count);
  });

  it('PFCOUNT writes nothing while nothing may be written', () => {
    fill('k', 0, 100);
    const before = db.run('GET', 'k');
    db.takeWrites();
    db.keyspace.removesExpired = false;
    expect(db.run('PFCOUNT', 'k')).to.be.within(95, 105);
    expect(db.takeWrites()).to.equal(false);
    expect(db.run('GET', 'k')).to.equal(before);
  });

  it('PFMERGE gives the destination what any of them has', () => {
    fill('a', 0, 100);
    fill('b', 100, 200);
    fill('to', 200, 250);
    expect(db.run('PFMERGE', 'to', 'a', 'none', 'b')).to.equal('OK');
    expect(db.run('PFCOUNT', 'to')).to.be.within(240, 260);
    db.run('PFDEBUG', 'TODENSE', 'a');
    db.run('PFMERGE', 'new', 'b', 'a');
    expect(db.run('PFDEBUG', 'ENCODING', 'new')).to.equal('dense');
    expect(db.run('PFMERGE', 'empty')).to.equal('OK');
    expect(db.run('PFCOUNT', 'empty')).to.equal(0);
  });

  it('hll-sparse-max-bytes says how long a sparse one may be', () => {
    db.config.set([['hll-sparse-max-bytes', '30']]);
    const lengths: number[] = [];
    for (let i = 0; i < 10; i++) {
      db.run('PFADD', 'k', i);
      lengths.push(db.run('STRLEN', 'k') as number);
    }
    const sparse = lengths.filter((length) => length < 100);
    expect(Math.max(...sparse)).to.be.within(28, 30);
    expect(lengths.slice(sparse.length)).to.deep.equal(new Array(10 - sparse.length).fill(12304));
  });

  it('PFDEBUG shows registers, opcodes and encoding', () => {
    db.run('PFADD', 'k', 'a', 'b', 'c');
    const text = db.run('PFDEBUG', 'DECODE', 'k') as string;
    expect(text.match(/v:\d+,1/g)).to.have.length(3);
    const registers = db.run('PFDEBUG', 'GETREG', 'k') as Plain[];
    expect(registers).to.have.length(16384);
    expect(registers.filter((value) => value !== 0)).to.have.length(3);
    expect(db.error('PFDEBUG', 'DECODE', 'k')).to.equal('ERR HLL encoding is not sparse');
    expect(db.run('PFDEBUG', 'TODENSE', 'k')).to.equal(0);
    expect(db.error('PFDEBUG', 'FOO', 'k')).to.equal("ERR Unknown PFDEBUG subcommand 'FOO'");
    expect(db.error('PFDEBUG', 'FOO', 'none')).to.equal('ERR The specified key does not exist');
  });

  it('PFSELFTEST finds nothing wrong', () => {
    expect(db.run('PFSELFTEST')).to.equal('OK');
  });

  it('refuse strings that are no HyperLogLog', () => {
    for (const value of [
      '',
      'x',
      'HYLL',
      EMPTY.replace('H', 'h'),
      `HYLL\x02${EMPTY.slice(5)}`,
      `HYLL\0${'\0'.repeat(12298)}`,
    ]) {
      db.run('SET', 'k', value);
      expect(db.error('PFADD', 'k', 'a'), value).to.equal(NOT_ONE);
      expect(db.error('PFCOUNT', 'k'), value).to.equal(NOT_ONE);
      expect(db.error('PFCOUNT', 'none', 'k'), value).to.equal(NOT_ONE);
      expect(db.error('PFMERGE', 'to', 'k'), value).to.equal(NOT_ONE);
      expect(db.error('PFDEBUG', 'GETREG', 'k'), value).to.equal(NOT_ONE);
    }
    expect(db.run('EXISTS', 'to')).to.equal(0);
  });

  it('refuse opcodes that are not for all registers', () => {
    for (const [opcodes, coversAll] of [
      ['', false],
      ['\x00', false],
      ['\x7f\xff\x00', true],
      ['\x7f\xfe\x83', true],
    ] as const) {
      const value = `HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80${opcodes}`;
      db.run('SET', 'k', value);
      expect(db.error('PFCOUNT', 'k')).to.equal(CORRUPT);
      expect(db.error('PFCOUNT', 'k', 'none')).to.equal(CORRUPT);
      expect(db.error('PFMERGE', 'to', 'k')).to.equal(CORRUPT);
      expect(db.error('PFDEBUG', 'TODENSE', 'k')).to.equal(CORRUPT);
      expect(db.error('PFDEBUG', 'GETREG', 'k')).to.equal(CORRUPT);
      if (!coversAll) expect(db.error('PFADD', 'k', 'a')).to.equal(CORRUPT);
      else expect(db.run('PFADD', 'k', 'a')).to.equal(1);
    }
  });
});

/** Requests on three keys: elements from a few and from many, so that registers are met again and neighbours get the same value. */
const key = fc.constantFrom('a', 'b', 'c');
const element = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map(String),
  fc.integer({ min: 0, max: 100000 }).map(String),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
);
const requests = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(key, fc.array(element, { maxLength: 60 })).map(([key, all]) => ['PFADD', key, ...all]),
    },
    fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => ['PFCOUNT', ...keys]),
    fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => ['PFMERGE', ...keys]),
    fc.tuple(fc.constantFrom('TODENSE', 'ENCODING', 'DECODE'), key).map((words) => ['PFDEBUG', ...words]),
    // A broken one.
    fc
      .tuple(key, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 255 }))
      .map(([key, at, byte]) => ['SETRANGE', key, at, String.fromCharCode(byte)]),
  ),
  { maxLength: 30 },
);

describe('hyperloglog commands beside redis-server', function () {
  this.timeout(60_000);
  let redis: RedisTwin;
  before(async function () {
    requireProgram(this, 'redis-server');
    redis = await RedisTwin.start();
  });
  after(() => redis?.stop());

  /** A reply, or the text of the error. */
  function ours(db: Harness, [name, ...args]: Argument[]): Plain {
    try {
      return db.run(String(name), ...args);
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('answer alike, and leave the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(60, 200, 3000), async (requests, sparseBytesMax) => {
        const db = new Harness();
        db.config.set([['hll-sparse-max-bytes', String(sparseBytesMax)]]);
        await redis.ask('FLUSHALL');
        await redis.ask('CONFIG', 'SET', 'hll-sparse-max-bytes', sparseBytesMax);
        for (const request of requests) {
          const reply = ours(db, request);
          expect(reply, request.join(' ')).to.deep.equal(await redis.ask(...request));
          if (typeof reply === 'string' && reply.startsWith('INVALIDOBJ')) return;
          for (const name of ['a', 'b', 'c']) {
            expect(db.run('GET', name), request.join(' ')).to.equal(await redis.ask('GET', name));
          }
        }
        for (const name of ['a', 'b', 'c']) {
          expect(db.run('DUMP', name)).to.equal(await redis.ask('DUMP', name));
          expect(ours(db, ['PFCOUNT', name])).to.deep.equal(await redis.ask('PFCOUNT', name));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('count alike up to half a million elements', async () => {
    const db = new Harness();
    for (let i = 0; i < 500; i++) {
      const elements = Array.from({ length: 1000 }, (_, j) => i * 1000 + j);
      expect(db.run('PFADD', 'k', ...elements)).to.equal(await redis.ask('PFADD', 'k', ...elements));
      if (i % 50 === 0) expect(db.run('PFCOUNT', 'k')).to.equal(await redis.ask('PFCOUNT', 'k'));
    }
    expect(db.run('GET', 'k')).to.equal(await redis.ask('GET', 'k'));
  });
});
