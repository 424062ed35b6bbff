/** Tables in levels on a memory disk, and who reads them: with everything that was written, to compare. */

import fc from 'fast-check';

import type { Entry } from '../../../lib/record/entry.js';
import { EMPTY_ENTRY } from '../../../lib/record/entry.js';
import { mergeAll } from '../../../lib/record/merge.js';
import type { Pair } from '../../../lib/record/pair.js';
import { PAIR_ZERO, comparePairs } from '../../../lib/record/pair.js';
import { ColdReader } from '../../../lib/storage/engine/cold-reader.js';
import { flushedEntry } from '../../../lib/storage/engine/flushed-entry.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { SlotFloors } from '../../../lib/storage/levels/slot-floors.js';
import { BOTTOM_LEVEL } from '../../../lib/storage/levels/version-edit.js';
import { VersionSet } from '../../../lib/storage/levels/version-set.js';
import { BlockCache } from '../../../lib/storage/sstable/block-cache.js';
import { OpenTables } from '../../../lib/storage/sstable/open-tables.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { entries, saysSomething } from '../../record/arbitraries.js';
import type { MemoryDisk, MemoryDiskOptions } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { TableRecord } from '../jobs/job-harness.js';
import { DIRECTORY, dataDisk, inOrder, writeTable } from '../jobs/job-harness.js';

export const DB = 2;
/** Keys that may be there, some at equal positions. */
export const KEYS: readonly (readonly [key: string, position: number])[] = [
  ['a', 5],
  ['b', 5],
  ['c', 5],
  ['d', 6],
  ['', 2 ** 32 - 1],
  ['f', 2 ** 32],
  ['g', 2 ** 32 + 7],
  ['h', 2 ** 40],
  ['i', 2 ** 53 - 1],
];
const MISSING = ['x', 2 ** 33] as const;
/** Short enough that most records with several cells are in parts. */
const PART_BYTES = 32;
/** Stamps of a layer, of which random entries use some. */
const LAYER_STAMPS = 20;

/** What was written in a while: what one table, or a level, holds. */
export interface Layer {
  readonly records: readonly TableRecord[];
  /** Whether it holds what others have stamped: then its stamps are anything. */
  readonly foreign: boolean;
}

const layer: fc.Arbitrary<readonly (Entry | undefined)[]> = fc.array(
  fc.option(entries.filter(saysSomething), { nil: undefined, freq: 2 }),
  { minLength: KEYS.length, maxLength: KEYS.length },
);

/** Oldest first. */
export const layers: fc.Arbitrary<Layer[]> = fc
  .tuple(fc.array(layer, { minLength: 1, maxLength: 6 }), fc.option(fc.nat(5), { nil: -1, freq: 2 }), fc.nat(6))
  .map(([list, foreignIndex, rise]) =>
    list.map((found, i) => {
      const foreign = i === foreignIndex;
      const by = (foreign ? rise : i) * LAYER_STAMPS;
      const records = KEYS.flatMap(([key, position], at) => {
        const entry = found[at];
        return entry === undefined ? [] : [{ key, position, entry: shifted(entry, by) }];
      });
      return { foreign, records: inOrder(records) };
    }),
  )
  .map((list) => list.filter(({ records }) => records.length > 0));

export class ReaderBench {
  readonly disk: MemoryDisk;
  readonly reader: ColdReader;
  readonly versions: VersionSet;
  readonly tables: OpenTables;
  readonly damaged: number[] = [];
  gone: number[] = [];
  flushedStamp = 1000;
  /** What a part of a key takes, by the clock; how often others could go on meanwhile. */
  partUs = 0;
  restCount = 0;
  private nowUs = 0;
  floor = 0;
  private readonly layers: readonly Layer[];
  private readonly metas = new Map<Layer, readonly TableMeta[]>();

  private constructor(disk: MemoryDisk, versions: VersionSet, list: readonly Layer[], indexBytesMax: number) {
    this.disk = disk;
    this.versions = versions;
    this.layers = list;
    const directory = tablesDirectory(DIRECTORY);
    this.tables = new OpenTables({ disk, directory, filesMax: 2, bytesMax: indexBytesMax });
    const blocks = new BlockCache(4096);
    this.reader = new ColdReader({
      directory: DIRECTORY,
      versions,
      tables: this.tables,
      blocks: () => blocks,
      flushedStamp: () => this.flushedStamp,
      lateStamp: () => Infinity,
      floorOf: () => this.floor,
      slotFloors: () => SlotFloors.none,
      onDamage: ({ id }) => {
        this.damaged.push(id);
      },
      endTurn: () => undefined,
      nowUs: () => (this.nowUs += this.partUs),
      rest: () => {
        this.restCount++;
        return Promise.resolve();
      },
    });
  }

  /** Puts each of the `youngCount` newest layers into a table of level 0, and of the older ones each into a level. */
  static async open(
    list: readonly Layer[],
    youngCount: number,
    { disk: options = {}, indexBytesMax = 1e6 }: { disk?: MemoryDiskOptions; indexBytesMax?: number } = {},
  ): Promise<ReaderBench> {
    const disk = dataDisk(options);
    const gone: number[] = [];
    const versions = await VersionSet.open({
      disk,
      random: new SeededRandom(1),
      directory: DIRECTORY,
      bytesMax: 1e6,
      report: () => undefined,
      onGone: ({ id }) => gone.push(id),
    });
    const bench = new ReaderBench(disk, versions, list, indexBytesMax);
    bench.gone = gone;
    const firstYoung = Math.max(0, list.length - youngCount);
    let id = 1;
    for (const [i, each] of list.entries()) {
      const level = i < firstYoung ? BOTTOM_LEVEL - i : 0;
      const parts = level === 0 ? [each.records] : splitAtPositions(each.records, 3);
      const metas = parts.map((part) =>
        writeTable(disk, id++, DB, part, { foreign: each.foreign, blockBytes: 30, partBytes: PART_BYTES }),
      );
      bench.metas.set(each, metas);
      await versions.log({ added: metas.map((table) => ({ level, table })) });
    }
    return bench;
  }

  /** Everything that the disk should say of a key: of tables that count any more, merged. */
  expected(name: string): Entry {
    const found = this.layers.flatMap((each) =>
      (this.metas.get(each) ?? [])
        .filter(({ maxStamp }) => maxStamp > this.floor)
        .flatMap(({ smallest, largest }) =>
          each.records.filter(({ key, position }) => key === name && position >= smallest && position <= largest),
        ),
    );
    if (found.length === 0) return EMPTY_ENTRY;
    const floor = this.floor === 0 ? [] : [flushedEntry(this.floor)];
    return mergeAll([...found.map(({ entry }) => entry), ...floor]);
  }

  /** What the reader says of it. */
  async load(name: string): Promise<Entry> {
    const position = positionOf(name);
    let taken: Entry | undefined;
    await this.reader.load(DB, Buffer.from(name), Math.floor(position / 2 ** 32), position | 0, (entry) => {
      taken = entry;
    });
    if (taken === undefined) throw new Error('nothing was given');
    return taken;
  }

  /** The same, on this thread. */
  loadNow(name: string): Entry {
    const position = positionOf(name);
    let taken: Entry | undefined;
    this.reader.loadNow(DB, Buffer.from(name), Math.floor(position / 2 ** 32), position | 0, (entry) => {
      taken = entry;
    });
    if (taken === undefined) throw new Error('nothing was given');
    return taken;
  }

  mayHold(name: string): boolean {
    const position = positionOf(name);
    return this.reader.mayHold(DB, Math.floor(position / 2 ** 32), position | 0);
  }

  pathOf({ id }: TableMeta): string {
    return tablePath(tablesDirectory(DIRECTORY), id);
  }
}

function positionOf(name: string): number {
  return (KEYS.find(([key]) => key === name) ?? MISSING)[1];
}

/** Parts of some records that do not share a position, at most `count`. */
function splitAtPositions(records: readonly TableRecord[], count: number): TableRecord[][] {
  const parts: TableRecord[][] = [[]];
  for (const [i, record] of records.entries()) {
    const isNew = i > 0 && records[i - 1].position !== record.position;
    if (isNew && parts.length < count && i >= (parts.length * records.length) / count) parts.push([]);
    parts[parts.length - 1].push(record);
  }
  return parts;
}

function shifted({ deletedUpTo, expiry, cells }: Entry, by: number): Entry {
  const shift = (pair: Pair): Pair =>
    comparePairs(pair, PAIR_ZERO) === 0 ? pair : { stamp: pair.stamp + by, origin: pair.origin };
  return {
    deletedUpTo: shift(deletedUpTo),
    expiry: { atMs: expiry.atMs, pair: shift(expiry.pair) },
    cells: new Map([...cells].map(([key, cell]) => [key, { ...cell, pair: shift(cell.pair) }])),
  };
}
