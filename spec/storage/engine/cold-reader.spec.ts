import { expect } from 'chai';
import fc from 'fast-check';
import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import type { Cell } from '../../../lib/record/entry.js';
import { EMPTY_ENTRY, cellKey } from '../../../lib/record/entry.js';
import { DamagedDataError } from '../../../lib/storage/engine/damaged-data-error.js';
import { plain, saysSomething } from '../../record/arbitraries.js';
import type { Layer } from './reader-bench.js';
import { DB, KEYS, ReaderBench, layers } from './reader-bench.js';

const names = KEYS.map(([key]) => key);
const youngCounts = fc.nat(6);

/** Some layers that hold every key. */
const fixed = (seed: number): Layer[] =>
  fc.sample(
    layers.filter(({ length }) => length >= 3),
    { numRuns: 1, seed },
  )[0];

async function failureOf(load: Promise<unknown>): Promise<unknown> {
  return load.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('ColdReader', function () {
  this.timeout(30_000);

  it('reads what the merge of all tables says, whichever level they are in, foreign or not', async () => {
    await fc.assert(
      fc.asyncProperty(layers, youngCounts, fc.constantFrom(1, 1e6), async (list, youngCount, indexBytesMax) => {
        const bench = await ReaderBench.open(list, youngCount, { indexBytesMax });
        for (const name of [...names, ...names, 'x']) {
          expect(plain(await bench.load(name)), name).to.deep.equal(plain(bench.expected(name)));
        }
        expect(bench.reader.readCount).to.equal(2 * names.length + 1);
        for (const name of names) expect(plain(bench.loadNow(name)), name).to.deep.equal(plain(bench.expected(name)));
      }),
      { numRuns: 120 },
    );
  });

  it('lets others go on while it reads a key in parts, and not while it reads any other', async () => {
    const cells = Array.from({ length: 100 }, (_, i): [string, Cell] => {
      const field = Buffer.from(`field ${i + 100}`);
      return [cellKey(5, field), { type: 5, field, value: field, pair: { stamp: i + 1, origin: 1 }, expiresAtMs: 0 }];
    });
    const large = { ...EMPTY_ENTRY, cells: new Map(cells) };
    const small = { ...EMPTY_ENTRY, cells: new Map(cells.slice(0, 1)) };
    const records = [
      { key: 'a', position: 5, entry: large },
      { key: 'd', position: 6, entry: small },
    ];
    const bench = await ReaderBench.open([{ records, foreign: false }], 0);
    bench.partUs = 1000;
    expect(plain(await bench.load('d'))).to.deep.equal(plain(small));
    expect(bench.restCount).to.equal(0);
    expect(plain(await bench.load('a'))).to.deep.equal(plain(large));
    expect(bench.restCount).to.be.above(20);
  });

  it('reads nothing of what was emptied, and does not look at tables of which nothing counts', async () => {
    await fc.assert(
      fc.asyncProperty(layers, youngCounts, fc.nat(150), async (list, youngCount, floor) => {
        const bench = await ReaderBench.open(list, youngCount);
        bench.floor = floor;
        for (const name of names) {
          expect(plain(await bench.load(name)), name).to.deep.equal(plain(bench.expected(name)));
        }
        if (floor < 140) return;
        expect([bench.tables.openCount, names.some((name) => bench.mayHold(name))]).to.deep.equal([0, false]);
      }),
      { numRuns: 100 },
    );
  });

  it('mayHold never says no to a key of which there is something, before and after the filters are read', async () => {
    await fc.assert(
      fc.asyncProperty(layers, youngCounts, fc.nat(80), async (list, youngCount, floor) => {
        const bench = await ReaderBench.open(list, youngCount);
        bench.floor = floor;
        for (const round of ['before', 'after']) {
          for (const name of names) {
            if (saysSomething(bench.expected(name))) expect(bench.mayHold(name), `${name} ${round}`).to.equal(true);
          }
          for (const name of names) await bench.load(name);
        }
        const isAbove = [...bench.versions.current.tables()].some(({ maxStamp }) => maxStamp > floor);
        expect(bench.reader.isEmpty(DB)).to.equal(!isAbove);
        expect(bench.reader.isEmpty(DB + 1)).to.equal(true);
        expect(bench.reader.mayHold(DB + 1, 0, 5)).to.equal(false);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what it cannot see in memory until what it read was taken over', async () => {
    const bench = await ReaderBench.open(fixed(1), 2);
    expect(bench.reader.cleanUpTo).to.equal(1000);
    let seen = 0;
    const load = bench.reader.load(DB, Buffer.from('a'), 0, 5, () => {
      seen = bench.reader.cleanUpTo;
    });
    bench.flushedStamp = 2000;
    expect(bench.reader.cleanUpTo, 'while it reads').to.equal(1000);
    await load;
    expect([seen, bench.reader.cleanUpTo]).to.deep.equal([1000, 2000]);
  });

  it('keeps the tables that it reads, whatever becomes of them meanwhile', async () => {
    const bench = await ReaderBench.open(fixed(2), 2);
    const expected = plain(bench.expected('a'));
    const load = bench.load('a');
    const removed = [...bench.versions.current.tables()].map(({ id }) => id);
    await bench.versions.log({ removed });
    expect([[...bench.gone], plain(await load)]).to.deep.equal([[], expected]);
    expect(bench.gone.sort()).to.deep.equal(removed.sort());
    expect([await bench.load('a'), bench.mayHold('a')]).to.deep.equal([EMPTY_ENTRY, false]);
  });

  it('lets go of what it holds when a read fails', async () => {
    let fails = true;
    const onRead = (): { kind: 'error'; code: string } | undefined =>
      fails ? { kind: 'error', code: 'EIO' } : undefined;
    const bench = await ReaderBench.open(fixed(3), 1, { disk: { onRead } });
    expect(await failureOf(bench.load('a'))).to.be.instanceOf(DiskError);
    bench.flushedStamp = 2000;
    expect([bench.reader.cleanUpTo, bench.damaged]).to.deep.equal([2000, []]);
    fails = false;
    expect(plain(await bench.load('a'))).to.deep.equal(plain(bench.expected('a')));
    await bench.versions.log({ removed: [1] });
    expect(bench.gone).to.deep.equal([1]);
  });

  it('never gives what is damaged: it says so, names the file, and has the table noted', async () => {
    const bench = await ReaderBench.open(fixed(4), 2);
    const whole = new Map<string, unknown>();
    for (const name of names) whole.set(name, plain(bench.expected(name)));
    for (const meta of [...bench.versions.current.tables()]) {
      const content = bench.disk.contentOf(bench.pathOf(meta));
      for (let at = 0; at < content.length; at += 7) {
        const other = await ReaderBench.open(fixed(4), 2);
        other.disk.contentOf(other.pathOf(meta))[at] ^= 0x10;
        for (const name of names) {
          const outcome = await other.load(name).then(plain, (error: unknown) => error);
          if (!(outcome instanceof Error)) {
            expect(outcome, `${name}, byte ${at} of ${meta.id}`).to.deep.equal(whole.get(name));
            continue;
          }
          if (!(outcome instanceof CorruptionError)) throw outcome;
          expect([outcome.path, other.damaged.includes(meta.id)]).to.deep.equal([bench.pathOf(meta), true]);
        }
      }
    }
  });

  it('refuses keys that may be in a quarantined table, and reads the others', async () => {
    const bench = await ReaderBench.open(fixed(5), 2);
    const [meta] = bench.versions.current.level(DB, 0).tables;
    const isConcerned = (position: number): boolean => position >= meta.smallest && position <= meta.largest;
    await bench.versions.log({ quarantined: [{ id: meta.id, reason: 'it is burnt' }] });
    for (const [name, position] of KEYS) {
      if (isConcerned(position)) expect(bench.mayHold(name), name).to.equal(true);
      const outcome = await bench.load(name).then(plain, (error: unknown) => error);
      if (!(outcome instanceof Error)) expect(outcome, name).to.deep.equal(plain(bench.expected(name)));
      else {
        expect([isConcerned(position), outcome instanceof DamagedDataError]).to.deep.equal([true, true]);
        expect(outcome.message).to.contain(bench.pathOf(meta)).and.to.contain('it is burnt');
      }
    }
  });
});
