import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { shapeOf } from '../../../lib/record/change-writer.js';
import type { Cell, CellType, Entry } from '../../../lib/record/entry.js';
import { EMPTY_ENTRY, NO_EXPIRY, entryOfCell, holdsValue, isLive } from '../../../lib/record/entry.js';
import { mergeAll } from '../../../lib/record/merge.js';
import type { Pair } from '../../../lib/record/pair.js';
import { PAIR_ZERO, comparePairs, pairBefore } from '../../../lib/record/pair.js';
import { runCompaction } from '../../../lib/storage/jobs/compact.js';
import { JobAbortedError } from '../../../lib/storage/jobs/job-control.js';
import type { CompactionJob, CompactionResult } from '../../../lib/storage/jobs/job.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { PART_BYTES } from '../../../lib/storage/sstable/key-writer.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../../../lib/storage/sstable/record-flags.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { TableReader } from '../../../lib/storage/sstable/table-reader.js';
import { collectionChanges, entries, plain, saysSomething } from '../../record/arbitraries.js';
import { keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, MemoryDisk, Step } from '../../sim/memory-disk.js';
import { PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { TableRecord } from './job-harness.js';
import {
  DIRECTORY,
  OPTIONS,
  ORIGIN,
  dataDisk,
  inOrder,
  plainRecords,
  readTable,
  tableNames,
  writeTable,
} from './job-harness.js';

const NO_PACE = { spend: () => undefined };

/** Many of them at one position. */
const PLACES = [
  { position: 5, key: 'a' },
  { position: 5, key: 'ab' },
  { position: 5, key: 'b' },
  { position: 6, key: '' },
  { position: 2 ** 33, key: 'c' },
  { position: 2 ** 33 + 1, key: 'd' },
  { position: 2 ** 52, key: 'e' },
  { position: 2 ** 52, key: 'f' },
];

/** A run, and how it is laid out. */
interface SpecRun {
  readonly records: readonly TableRecord[];
  /** Where the run is cut into tables, as indexes of records. */
  readonly cuts: readonly number[];
  readonly origin: number;
  readonly foreign: boolean;
  readonly partBytes?: number;
}

type Rules = Pick<CompactionJob, 'deeper' | 'floor' | 'nowMs' | 'deadUpTo' | 'tableBytes'> & {
  readonly count: number;
  readonly partBytes?: number;
};

const RULES: Rules = {
  deeper: new Float64Array(0),
  floor: 0,
  nowMs: 0,
  deadUpTo: undefined,
  tableBytes: 2 ** 20,
  count: 4,
};

/** Writes a run's tables, never cut inside a position. */
function plantRun(disk: MemoryDisk, run: SpecRun, firstId: number): TableMeta[] {
  const tables: TableRecord[][] = [];
  run.records.forEach((record, i) => {
    const isNew = i === 0 || (run.cuts.includes(i) && run.records[i - 1].position < record.position);
    if (isNew) tables.push([]);
    tables[tables.length - 1].push(record);
  });
  return tables.map((records, i) => writeTable(disk, firstId + i, 3, records, run));
}

function jobOf(disk: MemoryDisk, runs: readonly SpecRun[], rules: Partial<Rules> = {}): CompactionJob {
  const { count, partBytes = PART_BYTES, ...rest } = { ...RULES, ...rules };
  return {
    kind: 'compact',
    db: 3,
    directory: DIRECTORY,
    runs: runs.map((run, i) => plantRun(disk, run, 100 * (i + 1))),
    origin: ORIGIN,
    slotFloors: [],
    outputs: { firstId: 7, count, seed: { high: 1, low: 2 } },
    options: { ...OPTIONS, partBytes },
    ...rest,
  };
}

/** What of an entry is above the floor. */
function aboveFloor(entry: Entry, floor: number): Entry {
  const isAbove = (pair: Pair): boolean => floor === 0 || pair.stamp > floor;
  const cells = new Map([...entry.cells].filter(([, { pair }]) => isAbove(pair)));
  const [cell] = entry.cells.values();
  const keepsDelete = isAbove(shapeOf(entry).replaces ? cell.pair : entry.deletedUpTo);
  return {
    deletedUpTo: keepsDelete ? entry.deletedUpTo : PAIR_ZERO,
    expiry: isAbove(entry.expiry.pair) ? entry.expiry : NO_EXPIRY,
    cells,
  };
}

/** What of an entry can be read at a time, but for its own expiry. */
function withoutDead(entry: Entry, nowMs: number): Entry {
  const isLeft = (cell: Cell): boolean => holdsValue(cell) && (cell.expiresAtMs === 0 || cell.expiresAtMs > nowMs);
  return { ...entry, cells: new Map([...entry.cells].filter(([, cell]) => isLeft(cell))) };
}

function isInside(ranges: Float64Array, position: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (ranges[i] <= position && position <= ranges[i + 1]) return true;
  return false;
}

/** The dumb twin: everything that the runs have of a key, merged; and then what may go, goes. */
function judge(runs: readonly SpecRun[], { deeper, floor, nowMs }: Rules): TableRecord[] {
  const known = new Map<string, TableRecord>();
  for (const { position, key, entry } of runs.flatMap(({ records }) => records)) {
    const name = `${position} ${key}`;
    const before = known.get(name)?.entry ?? EMPTY_ENTRY;
    known.set(name, { position, key, entry: mergeAll([before, aboveFloor(entry, floor)]) });
  }
  const kept = [...known.values()].filter(({ position, entry }) => {
    if (!saysSomething(entry)) return false;
    const endsMs = expiresByMsOf(entry);
    const isDead = (flagsOf(entry) & RecordFlags.EMPTY) !== 0 || (endsMs !== 0 && endsMs <= nowMs);
    return !isDead || isInside(deeper, position);
  });
  return inOrder(kept);
}

/** At the bottom, tombstones and expired cells beside live ones may be there or not. */
function comparable(records: readonly TableRecord[], { deeper, nowMs }: Rules): unknown[] {
  return plainRecords(
    records.map((record) => {
      const isBottom = !isInside(deeper, record.position);
      return isBottom ? { ...record, entry: withoutDead(record.entry, nowMs) } : record;
    }),
  );
}

/** Compacts and checks everything that can be said of the outcome without knowing how it was made. */
function expectCompacted(runs: readonly SpecRun[], partial: Partial<Rules> = {}): TableRecord[] {
  const rules = { ...RULES, ...partial };
  const disk = dataDisk();
  const job = jobOf(disk, runs, rules);
  const result = runCompaction(disk, job, NO_PACE);
  const tables = result.tables.map((meta) => readTable(disk, meta));
  const found = tables.flat();
  expect(comparable(found, rules)).to.deep.equal(comparable(judge(runs, rules), rules));
  expectFigures(result, job, found);
  expect(result.tables.length).to.be.at.most(rules.count);
  tables.forEach((records, i) => {
    if (i === 0) return;
    const before = tables[i - 1];
    expect(records[0].position, 'no position goes on in another table').to.be.above(before[before.length - 1].position);
    expect(result.tables[i - 1].fileBytes).to.be.at.least(rules.tableBytes);
  });
  return found;
}

function expectFigures(result: CompactionResult, job: CompactionJob, found: readonly TableRecord[]): void {
  const inputs = job.runs.flat();
  const alive = inputs.filter(({ maxStamp }) => maxStamp > job.floor);
  expect(result.recordsIn).to.equal(inputs.reduce((sum, { recordCount }) => sum + recordCount, 0));
  expect(result.recordsOut).to.equal(found.length);
  const { superseded, emptyDropped, expiredDropped, flushedDropped } = result;
  expect(found.length + superseded + emptyDropped + expiredDropped + flushedDropped).to.equal(result.recordsIn);
  expect(result.readBytes).to.equal(alive.reduce((sum, { fileBytes }) => sum + fileBytes, 0));
  expect(result.writtenBytes).to.equal(result.tables.reduce((sum, { fileBytes }) => sum + fileBytes, 0));
  expect(result.liveCount).to.equal(found.filter(({ entry }) => (flagsOf(entry) & RecordFlags.EMPTY) === 0).length);
  expect(result.expiringCount).to.equal(
    found.filter(({ entry }) => (flagsOf(entry) & RecordFlags.EXPIRES) !== 0).length,
  );
  for (const { foreign, db } of result.tables) {
    expect(foreign).to.equal(alive.some((table) => table.foreign));
    expect(db).to.equal(job.db);
  }
}

/** The changes of one node, stamped one after the other; `place` is an index of PLACES. */
interface Change {
  readonly place: number;
  readonly change: Entry;
}

function own(stamp: number): Pair {
  return { stamp, origin: ORIGIN };
}

function cellOf(stamp: number, type: CellType, field: string, text: string | undefined, expiresAtMs = 0): Entry {
  const value = text === undefined ? undefined : Buffer.from(text);
  return entryOfCell({ type, field: Buffer.from(field), value, pair: own(stamp), expiresAtMs });
}

function set(stamp: number, text: string): Entry {
  return { ...cellOf(stamp, 1, '', text), deletedUpTo: pairBefore(own(stamp)) };
}

function del(stamp: number): Entry {
  return { ...EMPTY_ENTRY, deletedUpTo: own(stamp) };
}

function expire(stamp: number, atMs: number): Entry {
  return { ...EMPTY_ENTRY, expiry: { atMs, pair: own(stamp) } };
}

const history: fc.Arbitrary<Change[]> = fc
  .array(
    fc.record({
      what: fc.nat(7),
      place: fc.nat(PLACES.length - 1),
      atMs: fc.constantFrom(0, 40, 50, 60),
      field: fc.constantFrom('f', 'g'),
    }),
    { maxLength: 60 },
  )
  .map((list) =>
    list.map(({ what, place, atMs, field }, i) => {
      const stamp = 10 + i;
      const kinds = [
        del(stamp),
        expire(stamp, atMs),
        cellOf(stamp, 1, '', `w${i}`),
        cellOf(stamp, 5, field, `h${i}`, atMs),
        cellOf(stamp, 5, field, undefined),
        mergeAll([set(stamp, `x${i}`), expire(stamp, 50)]),
      ];
      return { place, change: kinds[what] ?? set(stamp, `v${i}`) };
    }),
  );

function recordsOf(list: readonly Change[]): TableRecord[] {
  const known = new Map<number, Entry>();
  for (const { place, change } of list) known.set(place, mergeAll([known.get(place) ?? EMPTY_ENTRY, change]));
  return inOrder([...known].map(([place, entry]) => ({ ...PLACES[place], entry })));
}

function runOf(records: readonly TableRecord[], more: Partial<SpecRun> = {}): SpecRun {
  return { records, cuts: [], origin: ORIGIN, foreign: false, ...more };
}

/** One run of these changes, each of a key of its own position. */
function run(...list: readonly (readonly [number, Entry])[]): SpecRun {
  return runOf(inOrder(list.map(([position, entry]) => ({ position, key: `k${position}`, entry }))));
}

const layouts = fc.record({
  cuts: fc.array(fc.nat(6), { maxLength: 4 }),
  origin: fc.constantFrom(ORIGIN, ORIGIN, ORIGIN, 2),
});

const rulesOf = (floors: fc.Arbitrary<number>): fc.Arbitrary<Rules> =>
  fc.record({
    deeper: fc
      .array(fc.tuple(fc.nat(PLACES.length - 1), fc.nat(1)), { maxLength: 2 })
      .map((list) =>
        Float64Array.from(list.flatMap(([at, more]) => [PLACES[at].position, PLACES[at].position + more])),
      ),
    floor: floors,
    nowMs: fc.constantFrom(0, 45, 100),
    deadUpTo: fc.constant(undefined),
    tableBytes: fc.constantFrom(1, 300, 2 ** 20),
    count: fc.integer({ min: 1, max: 5 }),
  });

describe('runCompaction', () => {
  it('keeps of what one node wrote what is needed, and no more', () => {
    const property = fc.property(
      history,
      fc.array(fc.tuple(fc.nat(60), layouts), { minLength: 1, maxLength: 4 }),
      rulesOf(fc.constantFrom(0, 0, 12, 20, 30)),
      (list, slices, rules) => {
        const ends = slices.map(([end]) => end).sort((a, b) => a - b);
        const oldestFirst = slices.map(([, layout], i) =>
          runOf(recordsOf(list.slice(i === 0 ? 0 : ends[i - 1], ends[i])), layout),
        );
        expectCompacted(oldestFirst.reverse(), rules);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('merges by pair where cells of other nodes are', () => {
    const records = fc
      .uniqueArray(fc.record({ place: fc.nat(PLACES.length - 1), entry: entries.filter(saysSomething) }), {
        selector: ({ place }) => place,
        maxLength: 8,
      })
      .map((list) => inOrder(list.map(({ place, entry }) => ({ ...PLACES[place], entry }))));
    const runs = fc
      .array(fc.tuple(records, layouts), { minLength: 1, maxLength: 4 })
      .map((list) => list.map(([some, layout]) => runOf(some, { ...layout, foreign: true })));
    const property = fc.property(runs, rulesOf(fc.constantFrom(0, 0, 3, 6, 11)), (list, rules) => {
      expectCompacted(list, rules);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('merges collections in parts, cell by cell', () => {
    const states = fc
      .uniqueArray(fc.record({ place: fc.nat(3), list: collectionChanges }), {
        selector: ({ place }) => place,
        minLength: 1,
        maxLength: 3,
      })
      .map((list) => inOrder(list.map(({ place, list: all }) => ({ ...PLACES[place], entry: mergeAll(all) }))));
    const runs = fc
      .array(fc.tuple(states, layouts, fc.constantFrom(30, 100, 2000)), { minLength: 1, maxLength: 4 })
      .map((list) => list.map(([some, layout, partBytes]) => runOf(some, { ...layout, foreign: true, partBytes })));
    const property = fc.property(runs, rulesOf(fc.constantFrom(0, 0, 3, 11)), (list, rules) => {
      expectCompacted(list, { ...rules, partBytes: 60 });
    });
    fc.assert(property, { numRuns: 300 });
  }).timeout(20_000);

  it('changes nothing that can be read, whatever is older or newer', () => {
    const property = fc.property(
      history,
      fc.tuple(fc.nat(60), fc.nat(60)),
      fc.constantFrom(0, 0, 15, 30, 45),
      fc.constantFrom(0, 45, 55, 100),
      (list, cuts, floor, nowMs) => {
        const [first, second] = cuts.sort((a, b) => a - b);
        const older = recordsOf(list.slice(0, first));
        const middle = list.slice(first, second);
        const newer = possible(list.slice(0, second), list.slice(second), floor, nowMs);
        const half = Math.floor(middle.length / 2);
        const inputs = [runOf(recordsOf(middle.slice(half))), runOf(recordsOf(middle.slice(0, half)))];
        const positions = older.map(({ position }) => position);
        const deeper = older.length === 0 ? [] : [Math.min(...positions), Math.max(...positions)];
        const outputs = expectCompacted(inputs, { deeper: Float64Array.from(deeper), floor, nowMs });
        const before = [...older, ...inputs.flatMap(({ records }) => records), ...recordsOf(newer)];
        const after = [...older, ...outputs, ...recordsOf(newer)];
        for (const atMs of [nowMs, 1000]) {
          expect(readable(after, floor, atMs)).to.deep.equal(readable(before, floor, atMs));
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  /** Of `list`, what a node can log when `nowMs` has come: a key that it does not see is written anew, by a SET. */
  function possible(before: readonly Change[], list: readonly Change[], floor: number, nowMs: number): Change[] {
    const all = [...before];
    const logged: Change[] = [];
    for (const one of list) {
      const known = mergeAll(
        all.filter(({ place }) => place === one.place).map(({ change }) => aboveFloor(change, floor)),
      );
      const replaces = comparePairs(one.change.deletedUpTo, PAIR_ZERO) > 0;
      if (!replaces && !isLive(known, nowMs)) continue;
      all.push(one);
      logged.push(one);
    }
    return logged;
  }

  /** Every key with what a reader sees of it. */
  function readable(records: readonly TableRecord[], floor: number, atMs: number): unknown {
    const seen = PLACES.map(({ position, key }) => {
      const sources = records.filter((record) => record.position === position && record.key === key);
      const entry = mergeAll(sources.map((source) => aboveFloor(source.entry, floor)));
      if (!isLive(entry, atMs)) return undefined;
      const isSeen = ({ value, expiresAtMs }: Cell): boolean =>
        value !== undefined && (expiresAtMs === 0 || expiresAtMs > atMs);
      const cells = new Map([...entry.cells].filter(([, cell]) => isSeen(cell)));
      return { expiresAtMs: entry.expiry.atMs, cells: plain({ ...EMPTY_ENTRY, cells }) };
    });
    return seen;
  }

  it('keeps a delete where older tables may have the key, and drops it where none can', () => {
    const runs = [run([5, del(20)], [6, del(21)], [7, del(22)])];
    const kept = expectCompacted(runs, { deeper: Float64Array.of(4, 5, 7, 7) });
    expect(kept.map(({ position }) => position)).to.deep.equal([5, 7]);
  });

  it('drops what has expired at the bottom only', () => {
    const value = (stamp: number): Entry => mergeAll([set(stamp, 'x'), expire(stamp, 50)]);
    const runs = [run([5, value(20)], [6, value(21)])];
    const rules = { deeper: Float64Array.of(0, 5), nowMs: 50 };
    expect(expectCompacted(runs, rules).map(({ position }) => position)).to.deep.equal([5]);
    expect(expectCompacted(runs, { ...rules, nowMs: 49 })).to.have.length(2);
  });

  it('drops what was emptied without reading tables that hold nothing else', () => {
    const disk = dataDisk();
    const job = jobOf(disk, [run([5, set(40, 'x')]), run([5, set(30, 'y')], [6, set(31, 'z')])], { floor: 35 });
    disk.remove(tablePath(tablesDirectory(DIRECTORY), 200));
    const result = runCompaction(disk, job, NO_PACE);
    expect(result).to.include({ recordsIn: 3, recordsOut: 1, flushedDropped: 2, superseded: 0 });
  });

  it('makes no table where nothing is left', () => {
    const disk = dataDisk();
    const result = runCompaction(disk, jobOf(disk, [run([5, del(20)])]), NO_PACE);
    expect(result.tables).to.deep.equal([]);
    expect(tableNames(disk)).to.deep.equal(['0000000100.sst']);
    expect(runCompaction(disk, { ...jobOf(disk, []), runs: [[], []] }, NO_PACE).tables).to.deep.equal([]);
  });

  it('copies long runs and meets of many tables alike', () => {
    const random = new SeededRandom(5);
    const place = (): [number, Entry] => {
      const position = random.uint32() % 3000;
      return [position, set(10 + (random.uint32() % 1000), `value ${position}`)];
    };
    const unique = (count: number): (readonly [number, Entry])[] => [...new Map(Array.from({ length: count }, place))];
    const runs = [unique(50), unique(300), unique(900), unique(2500)].map((list) => ({
      ...run(...list),
      foreign: true,
    }));
    const cut = runs.map((one) => ({ ...one, cuts: [40, 100, 101, 500, 1500] }));
    expectCompacted(cut, { tableBytes: 20_000, count: 9 });
  });

  describe('on a table that is not as it was', () => {
    const runs = [run([5, set(20, 'x')], [6, set(21, 'y')]), run([5, set(10, 'x')], [7, expire(11, 50)])];

    it('refuses any bit that it reads and that has changed', () => {
      const clean = dataDisk();
      const [, [older]] = jobOf(clean, runs).runs;
      const path = tablePath(tablesDirectory(DIRECTORY), older.id);
      const { filterOffset, indexOffset } = new TableReader(clean.openForReading(path)).footer;
      for (let offset = 0; offset < older.fileBytes; offset++) {
        if (offset >= filterOffset && offset < indexOffset) continue;
        const disk = dataDisk();
        const job = jobOf(disk, runs);
        disk.contentOf(path)[offset] ^= 1 << (offset % 8);
        expect(() => runCompaction(disk, job, NO_PACE), `at ${offset}`)
          .to.throw(CorruptionError)
          .with.property('path', path);
        expect(tableNames(disk)).to.have.length(2);
      }
    });

    it('refuses a table that is another one, or is not there', () => {
      const disk = dataDisk();
      const job = jobOf(disk, runs);
      const other = { ...job.runs[0][0], fileId: { high: 9, low: 9 } };
      const exchanged = { ...job, runs: [[other], job.runs[1]] };
      expect(() => runCompaction(disk, exchanged, NO_PACE)).to.throw(CorruptionError);
      disk.remove(tablePath(tablesDirectory(DIRECTORY), 200));
      expect(() => runCompaction(disk, job, NO_PACE))
        .to.throw(DiskError)
        .with.property('code', 'ENOENT');
    });
  });

  describe('when something fails', () => {
    const many = (from: number): (readonly [number, Entry])[] =>
      Array.from({ length: 40 }, (_, i) => [i * 3 + from, set(10 + i, 'x'.repeat(30))]);
    const runs = [run(...many(0)), run(...many(1))];
    const rules = { tableBytes: 1500, count: 3 };
    const expected = judge(runs, RULES);

    /** The inputs are made before `plan` is asked; its steps are numbered from there. */
    function planted(plan: (step: Step) => Fault | undefined): { disk: MemoryDisk; job: CompactionJob } {
      const disk = dataDisk();
      const job = jobOf(disk, runs, rules);
      return { disk: disk.kill({ plan }), job };
    }

    function stepsOfJob(): Step[] {
      const steps: Step[] = [];
      const { disk, job } = planted((step) => void steps.push(step));
      expect(runCompaction(disk, job, NO_PACE).tables).to.have.length(3);
      return steps;
    }

    function expectOutputs(disk: MemoryDisk, result: CompactionResult): void {
      const found = result.tables.flatMap((meta) => readTable(disk, meta));
      expect(plainRecords(found)).to.deep.equal(plainRecords(expected));
    }

    it('leaves nothing behind, says what it was, and does it when it is asked again', () => {
      for (const { number, name } of stepsOfJob()) {
        for (const code of ['ENOSPC', 'EIO']) {
          let isFailing = true;
          const { disk, job } = planted((step) => {
            if (!isFailing || step.number !== number) return undefined;
            return { kind: 'error', code, takenBytes: 100 };
          });
          expect(() => runCompaction(disk, job, NO_PACE))
            .to.throw(DiskError)
            .with.property('code', code);
          expect(tableNames(disk), `after ${code} at ${name}`).to.deep.equal(['0000000100.sst', '0000000200.sst']);
          isFailing = false;
          expectOutputs(disk, runCompaction(disk, job, NO_PACE));
        }
      }
    });

    it('has made its tables durable when it answers', () => {
      const { disk, job } = planted(() => undefined);
      const result = runCompaction(disk, job, NO_PACE);
      expectOutputs(disk.crash(keepNothing), result);
    });

    it('can be done again after the power failed at any step', () => {
      for (const { number } of stepsOfJob()) {
        for (let seed = 0; seed < 6; seed++) {
          const { disk, job } = planted((step) => (step.number === number ? { kind: 'power' } : undefined));
          expect(() => runCompaction(disk, job, NO_PACE)).to.throw(PowerFailure);
          const next = disk.crash(seed === 0 ? keepNothing : keepRandomly(new SeededRandom(seed)));
          const again = { ...job, outputs: { firstId: 20, count: 3, seed: { high: 3, low: 4 } } };
          expectOutputs(next, runCompaction(next, again, NO_PACE));
        }
      }
    });

    it('leaves nothing behind when it is broken off, wherever that is', () => {
      for (let spends = 0, isDone = false; !isDone; spends++) {
        const { disk, job } = planted(() => undefined);
        let left = spends;
        const pace = {
          spend: () => {
            if (left-- === 0) throw new JobAbortedError('now');
          },
        };
        try {
          expectOutputs(disk, runCompaction(disk, job, pace));
          isDone = true;
          expect(spends, 'it was broken off before').to.be.above(5);
        } catch (error) {
          expect(error).to.be.instanceOf(JobAbortedError);
          expect(tableNames(disk)).to.have.length(2);
        }
      }
    });
  });
});
