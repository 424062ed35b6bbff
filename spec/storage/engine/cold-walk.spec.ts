import { expect } from 'chai';
import fc from 'fast-check';
import { POSITION_LIMIT } from '../../../lib/base/position.js';
import type { Entry } from '../../../lib/record/entry.js';
import { plain } from '../../record/arbitraries.js';
import { DB, KEYS, ReaderBench, layers } from './reader-bench.js';

const counts = fc.array(fc.constantFrom(1, 2, 3, 100), { minLength: 1, maxLength: 4 });

function hasValue(entry: Entry): boolean {
  return [...entry.cells.values()].some(({ value }) => value !== undefined);
}

/** Keys that a walk should meet, in order, with what is said of them. */
function expectedKeys(bench: ReaderBench, from: number): unknown[] {
  return KEYS.filter(([key, position]) => position >= from && hasValue(bench.expected(key)))
    .sort(([a, p], [b, q]) => p - q || (a < b ? -1 : 1))
    .map(([key, position]) => {
      const entry = bench.expected(key);
      const [cell] = entry.cells.values();
      return { key, position, type: cell.type, expiresAtMs: entry.expiry.atMs, entry: plain(entry) };
    });
}

/** Walks to the end, by so many keys at a time in turn. */
async function walkAll(bench: ReaderBench, from: number, list: readonly number[]): Promise<unknown[]> {
  const walk = bench.reader.walk(DB, from);
  const found: unknown[] = [];
  for (let i = 0; ; i++) {
    const count = list[i % list.length];
    const before = walk.position;
    const keys = await walk.next(count);
    if (keys.length < count) expect(walk.position, 'at the end').to.equal(POSITION_LIMIT);
    for (const { key, position, type, expiresAtMs, entry } of keys) {
      expect(position).to.be.within(before, walk.position - 1);
      found.push({ key: key.toString(), position, type, expiresAtMs, entry: plain(entry) });
    }
    if (walk.position === POSITION_LIMIT) break;
  }
  expect(await walk.next(5), 'behind the end').to.deep.equal([]);
  walk.close();
  return found;
}

/** Equal positions come in any order of their keys. */
function ordered(list: readonly unknown[]): unknown[] {
  const known = list as { key: string; position: number }[];
  return [...known].sort((a, b) => a.position - b.position || (a.key < b.key ? -1 : 1));
}

describe('ColdWalk', function () {
  this.timeout(30_000);

  it('meets every key that has a value, in the order of positions, with what all tables together say', async () => {
    await fc.assert(
      fc.asyncProperty(layers, fc.nat(6), counts, fc.nat(80), async (list, youngCount, steps, floor) => {
        const bench = await ReaderBench.open(list, youngCount);
        bench.floor = floor;
        const found = await walkAll(bench, 0, steps);
        expect(ordered(found)).to.deep.equal(expectedKeys(bench, 0));
        expect(found.map((each) => (each as { position: number }).position)).to.deep.equal(
          expectedKeys(bench, 0).map((each) => (each as { position: number }).position),
        );
      }),
      { numRuns: 120 },
    );
  });

  it('begins at any position', async () => {
    const positions = fc.constantFrom(0, 4, 5, 6, 7, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1, POSITION_LIMIT);
    await fc.assert(
      fc.asyncProperty(layers, fc.nat(6), positions, async (list, youngCount, from) => {
        const bench = await ReaderBench.open(list, youngCount);
        expect(ordered(await walkAll(bench, from, [2]))).to.deep.equal(expectedKeys(bench, from));
      }),
      { numRuns: 100 },
    );
  });

  it('sees the version that it began with, and holds that and the memory until it is closed', async () => {
    const [list] = fc.sample(
      layers.filter(({ length }) => length >= 2),
      { numRuns: 1, seed: 7 },
    );
    const bench = await ReaderBench.open(list, 1);
    const expected = expectedKeys(bench, 0);
    const walk = bench.reader.walk(DB, 0);
    bench.flushedStamp = 2000;
    await bench.versions.log({ removed: [...bench.versions.current.tables()].map(({ id }) => id) });
    expect((await walk.next(100)).length).to.equal(expected.length);
    expect([bench.reader.cleanUpTo, bench.gone]).to.deep.equal([1000, []]);
    walk.close();
    walk.close();
    expect([bench.reader.cleanUpTo, bench.gone.length > 0]).to.deep.equal([2000, true]);
  });

  it('says that a block is damaged, and gives nothing of it', async () => {
    const [list] = fc.sample(
      layers.filter(({ length }) => length >= 2),
      { numRuns: 1, seed: 9 },
    );
    const bench = await ReaderBench.open(list, 1);
    const [meta] = bench.versions.current.level(DB, 0).tables;
    bench.disk.contentOf(bench.pathOf(meta))[20] ^= 1;
    const walk = bench.reader.walk(DB, 0);
    const outcome = await walk.next(100).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect([String(outcome).includes(bench.pathOf(meta)), bench.damaged]).to.deep.equal([true, [meta.id]]);
    walk.close();
    expect(bench.reader.cleanUpTo).to.equal(1000);
  });
});
