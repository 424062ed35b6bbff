import { expect } from 'chai';
import fc from 'fast-check';

import { CorruptionError, DiskError } from '../../../lib/base/errors.js';
import { PositionHasher } from '../../../lib/base/position.js';
import type { Cell, Entry } from '../../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, WHOLE, entryOfCell } from '../../../lib/record/entry.js';
import { mergeAll } from '../../../lib/record/merge.js';
import type { Pair } from '../../../lib/record/pair.js';
import { PAIR_ZERO, pairBefore } from '../../../lib/record/pair.js';
import { runFlush } from '../../../lib/storage/jobs/flush.js';
import { Scratch } from '../../../lib/base/scratch.js';
import { JobAbortedError } from '../../../lib/storage/jobs/job-control.js';
import type { ClosedSegment, FlushJob, FlushResult } from '../../../lib/storage/jobs/job.js';
import { aofDirectory, segmentPath } from '../../../lib/storage/log/aof-directory.js';
import { tablePath } from '../../../lib/storage/sstable/table-format.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { checkTable } from '../../../lib/tools/check-table.js';
import { changes, collectionChanges } from '../../record/arbitraries.js';
import { keepNothing, keepRandomly } from '../../sim/crash-fate.js';
import type { Fault, MemoryDisk, Step } from '../../sim/memory-disk.js';
import { PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { LogRecord, TableRecord } from './job-harness.js';
import {
  COLLIDING_KEYS,
  DIRECTORY,
  OPTIONS,
  ORIGIN,
  POSITION_KEY,
  dataDisk,
  inOrder,
  plainRecords,
  plantSegment,
  readTable,
  tableNames,
} from './job-harness.js';

const NO_PACE = { spend: () => undefined };

function jobOf(segments: readonly ClosedSegment[], more: Partial<FlushJob> = {}): FlushJob {
  return {
    kind: 'flush',
    directory: DIRECTORY,
    segments,
    positionKey: POSITION_KEY,
    origin: ORIGIN,
    floors: [],
    givenUp: [],
    foreign: false,
    outputs: { firstId: 7, count: 8, seed: { high: 1, low: 2 } },
    options: OPTIONS,
    ...more,
  };
}

function positionOf(key: string): number {
  const hasher = new PositionHasher(POSITION_KEY);
  const bytes = Buffer.from(key);
  hasher.hash(bytes, 0, bytes.length);
  return hasher.position;
}

/** The dumb twin: all changes of a key that are above the floor, merged; by database. */
function judge(
  records: readonly LogRecord[],
  floors: ReadonlyMap<number, number> = new Map(),
): Map<number, TableRecord[]> {
  const raised = new Map(floors);
  for (const record of records) {
    if (record.kind === 'flush') raised.set(record.db, Math.max(record.stamp, raised.get(record.db) ?? 0));
  }
  const known = new Map<number, Map<string, Entry>>();
  for (const record of records) {
    if (record.kind !== 'change' || stampOf(record.change) <= (raised.get(record.db) ?? 0)) continue;
    const keys = known.get(record.db) ?? new Map<string, Entry>();
    keys.set(record.key, mergeAll([keys.get(record.key) ?? EMPTY_ENTRY, record.change]));
    known.set(record.db, keys);
  }
  const tables = [...known].map(([db, keys]): [number, TableRecord[]] => {
    const list = [...keys].map(([key, entry]) => ({ position: positionOf(key), key, entry }));
    return [db, inOrder(list)];
  });
  return new Map(tables.sort(([a], [b]) => a - b));
}

/** The stamp of an entry that is one change. */
function stampOf(change: Entry): number {
  const [cell] = change.cells.values();
  return (cell?.pair ?? (change.expiry === NO_EXPIRY ? change.deletedUpTo : change.expiry.pair)).stamp;
}

function expectTables(disk: MemoryDisk, result: FlushResult, expected: Map<number, TableRecord[]>): void {
  const found = new Map(result.tables.map((meta) => [meta.db, plainRecords(readTable(disk, meta))]));
  expect(found).to.deep.equal(new Map([...expected].map(([db, records]) => [db, plainRecords(records)])));
}

function own(stamp: number): Pair {
  return { stamp, origin: ORIGIN };
}

function value(stamp: number, text: string): Entry {
  return entryOfCell({
    type: CellType.STRING,
    field: WHOLE,
    value: Buffer.from(text),
    pair: own(stamp),
    expiresAtMs: 0,
  });
}

function set(stamp: number, text: string): Entry {
  return { ...value(stamp, text), deletedUpTo: pairBefore(own(stamp)) };
}

function del(stamp: number): Entry {
  return { ...EMPTY_ENTRY, deletedUpTo: own(stamp) };
}

function expire(stamp: number, atMs: number): Entry {
  return { deletedUpTo: PAIR_ZERO, expiry: { atMs, pair: own(stamp) }, cells: new Map() };
}

function changeOf(key: string, change: Entry, db = 0): LogRecord {
  return { kind: 'change', db, key, change };
}

const keys = fc.constantFrom('a', 'b', ...COLLIDING_KEYS, 'a longer key '.repeat(8), '');
const dbs = fc.constantFrom<number>(0, 0, 0, 3, 200);

/** Anything: all kinds of changes and types of cells, other nodes' pairs, stamps in any order. */
const wildRecords: fc.Arbitrary<LogRecord> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('change' as const), db: dbs, key: keys, change: changes }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('flush' as const), db: dbs, stamp: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('databases' as const),
      stamp: fc.integer({ min: 1, max: 12 }),
      physical: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
    }),
  },
);

/** What one node logs of strings: stamps rise, and SET with an expiry has one for both. */
const orderlyRecords: fc.Arbitrary<LogRecord[]> = fc
  .array(fc.record({ what: fc.nat(6), key: keys, db: dbs, atMs: fc.constantFrom(0, 40, 50) }), { maxLength: 40 })
  .map((list) =>
    list.flatMap(({ what, key, db, atMs }, i): LogRecord[] => {
      const stamp = 10 + i;
      const at = (...all: Entry[]): LogRecord[] => all.map((change) => changeOf(key, change, db));
      if (what === 0) return at(del(stamp));
      if (what === 1) return at(expire(stamp, atMs));
      if (what === 2) return at(set(stamp, `v${i}`), expire(stamp, 60));
      if (what === 3 && i % 5 === 0) return [{ kind: 'flush', db, stamp }];
      return at(what <= 4 ? value(stamp, `w${i}`) : set(stamp, `v${i}`));
    }),
  );

describe('runFlush', () => {
  it('writes for each key what its changes come to, whatever they are', () => {
    // One for all: what an earlier job has left there must not show.
    const scratch = new Scratch();
    const floors = fc.array(fc.record({ db: dbs, stamp: fc.integer({ min: 1, max: 6 }) }), { maxLength: 2 });
    const property = fc.property(
      fc.array(wildRecords, { maxLength: 40 }),
      floors,
      fc.integer({ min: 1, max: 5 }),
      (records, list, size) => {
        const disk = dataDisk();
        const distinct = new Map<number, number>(list.map(({ db, stamp }) => [db, stamp]));
        const job = jobOf([plantSegment(disk, 4, records, size)], {
          floors: [...distinct].map(([db, stamp]) => ({ db, stamp })),
        });
        const result = runFlush(disk, job, NO_PACE, scratch);
        expectTables(disk, result, judge(records, distinct));
        expect(result.changes).to.equal(records.filter(({ kind }) => kind === 'change').length);
        expect(result.records).to.equal(result.tables.reduce((sum, { recordCount }) => sum + recordCount, 0));
        for (const { db, stamp } of result.floors) {
          const stamps = records.map((record) => (record.kind === 'flush' && record.db === db ? record.stamp : 0));
          expect(stamp)
            .to.equal(Math.max(...stamps))
            .and.to.be.above(distinct.get(db) ?? 0);
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('writes for each key of a node alone what its changes come to, and the table is not foreign', () => {
    const property = fc.property(orderlyRecords, fc.integer({ min: 1, max: 9 }), (records, size) => {
      const disk = dataDisk();
      const result = runFlush(disk, jobOf([plantSegment(disk, 4, records, size)]), NO_PACE);
      expectTables(disk, result, judge(records));
      for (const { foreign } of result.tables) expect(foreign).to.equal(false);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('writes what plain changes come to whose stamps are in any order', () => {
    const kinds = [del, (stamp: number) => expire(stamp, 40), (stamp: number) => expire(stamp, 50), value, set];
    const plain = fc.record({ what: fc.nat(4), key: fc.constantFrom('a', 'b'), stamp: fc.integer({ min: 1, max: 8 }) });
    const property = fc.property(fc.array(plain, { maxLength: 20 }), fc.constantFrom(0, 0, 3), (list, floor) => {
      const disk = dataDisk();
      // No two writes of a string share a stamp: the one of a stamp always has the same value.
      const records = list.map(({ what, key, stamp }) => changeOf(key, kinds[what](stamp, `v${stamp}`)));
      const floors = floor === 0 ? [] : [{ db: 0, stamp: floor }];
      const result = runFlush(disk, jobOf([plantSegment(disk, 4, records)], { floors }), NO_PACE);
      expectTables(disk, result, judge(records, new Map([[0, floor]])));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('writes what the changes of collections come to, in parts where they are long', () => {
    const scratch = new Scratch();
    const keyed = fc.record({ key: fc.constantFrom('a', ...COLLIDING_KEYS), list: collectionChanges });
    const property = fc.property(
      fc.array(keyed, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(30, 100, 2000),
      fc.constantFrom(0, 0, 10),
      (lists, partBytes, floor) => {
        const disk = dataDisk();
        const records = lists.flatMap(({ key, list }) => list.map((change) => changeOf(key, change)));
        const job = jobOf([plantSegment(disk, 4, records, 7)], {
          floors: floor === 0 ? [] : [{ db: 0, stamp: floor }],
          options: { ...OPTIONS, partBytes },
        });
        const result = runFlush(disk, job, NO_PACE, scratch);
        expectTables(disk, result, judge(records, new Map([[0, floor]])));
        for (const meta of result.tables)
          checkTable(disk, tablePath(tablesDirectory(DIRECTORY), meta.id), meta, undefined);
      },
    );
    fc.assert(property, { numRuns: 300 });
  }).timeout(20_000);

  it('takes room for what there is, where hundreds of thousands of changes share one key', () => {
    const disk = dataDisk();
    const cells = Array.from({ length: 200_000 }, (_, i): [string, Cell] => {
      const field = Buffer.from(`field ${i}`);
      return [`\x05field ${i}`, { type: CellType.HASH, field, value: field, pair: own(10 + i), expiresAtMs: 0 }];
    });
    const records = [changeOf('a', { ...EMPTY_ENTRY, cells: new Map(cells) })];
    const result = runFlush(disk, jobOf([plantSegment(disk, 1, records)]), NO_PACE);
    expect([result.changes, result.records]).to.deep.equal([200_000, 1]);
    const [{ entry }] = readTable(disk, result.tables[0]);
    expect(entry.cells.size).to.equal(200_000);
  }).timeout(20_000);

  it('takes several segments as one', () => {
    const property = fc.property(orderlyRecords, fc.nat(40), (records, cut) => {
      const disk = dataDisk();
      const segments = [plantSegment(disk, 4, records.slice(0, cut)), plantSegment(disk, 5, records.slice(cut))];
      expectTables(disk, runFlush(disk, jobOf(segments), NO_PACE), judge(records));
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('puts keys of one position in the order of their bytes', () => {
    const disk = dataDisk();
    const records = [...COLLIDING_KEYS, ...COLLIDING_KEYS].map((key, i) => changeOf(key, set(10 + i, `v${i}`)));
    const result = runFlush(disk, jobOf([plantSegment(disk, 1, records)]), NO_PACE);
    const found = readTable(disk, result.tables[0]);
    expect(found.map(({ key }) => key)).to.have.members(COLLIDING_KEYS);
    expect(new Set(found.map(({ position }) => position)).size).to.equal(2);
    expectTables(disk, result, judge(records));
  });

  it('marks a table as foreign that holds what another node stamped, or what was stamped before it was logged', () => {
    const elsewhere = { ...EMPTY_ENTRY, deletedUpTo: { stamp: 30, origin: 9 } };
    for (const last of [elsewhere, del(5)]) {
      const disk = dataDisk();
      const segment = plantSegment(disk, 1, [changeOf('a', set(20, 'x')), changeOf('b', last)]);
      expect(runFlush(disk, jobOf([segment]), NO_PACE).tables[0].foreign).to.equal(true);
    }
  });

  it('returns the newest map of databases, and how far databases were emptied', () => {
    const disk = dataDisk();
    const segment = plantSegment(disk, 1, [
      { kind: 'databases', stamp: 12, physical: [1, 0] },
      { kind: 'databases', stamp: 11, physical: [0, 1] },
      { kind: 'flush', db: 3, stamp: 14 },
      { kind: 'flush', db: 3, stamp: 13 },
      { kind: 'flush', db: 4, stamp: 15 },
    ]);
    const result = runFlush(disk, jobOf([segment], { floors: [{ db: 4, stamp: 90 }] }), NO_PACE);
    expect(result.databases).to.deep.equal({ stamp: 12, origin: ORIGIN, physical: [1, 0] });
    expect(result.floors).to.deep.equal([{ db: 3, stamp: 14 }]);
    expect(result.tables).to.deep.equal([]);
    expect(tableNames(disk)).to.deep.equal([]);
  });

  it('names the files as it was told, and gives each an id of its own', () => {
    const disk = dataDisk();
    const records = [0, 1, 2].map((db) => changeOf('a', set(10 + db, 'x'), db));
    const { tables } = runFlush(disk, jobOf([plantSegment(disk, 1, records)]), NO_PACE);
    expect(tables.map(({ id }) => id)).to.deep.equal([7, 8, 9]);
    expect(tables.map(({ minStamp, maxStamp }) => [minStamp, maxStamp])).to.deep.equal([
      [9, 10],
      [10, 11],
      [11, 12],
    ]);
    expect(tables[0].fileId).to.deep.equal({ high: 1, low: 2 });
    expect(new Set(tables.map(({ fileId }) => JSON.stringify(fileId))).size).to.equal(3);
    expect(tableNames(disk)).to.deep.equal(['0000000007.sst', '0000000008.sst', '0000000009.sst']);
  });

  it('sorts a large segment with keys that were written many times', () => {
    const disk = dataDisk();
    const records = Array.from({ length: 5000 }, (_, i) => changeOf(`key ${i % 700}`, set(10 + i, `v${i}`)));
    const result = runFlush(disk, jobOf([plantSegment(disk, 1, records, 50)]), NO_PACE);
    expectTables(disk, result, judge(records));
  });

  describe('on a segment that is not as it was', () => {
    const path = segmentPath(aofDirectory(DIRECTORY), 1);
    const records = [changeOf('a', set(10, 'x')), changeOf('b', set(11, 'y'))];

    function flushAfter(damage: (disk: MemoryDisk) => void, segment: Partial<ClosedSegment> = {}): unknown {
      const disk = dataDisk();
      const planted = plantSegment(disk, 1, records, 1);
      damage(disk);
      try {
        return runFlush(disk, jobOf([{ ...planted, ...segment }]), NO_PACE);
      } catch (error) {
        expect(tableNames(disk)).to.deep.equal([]);
        return error;
      }
    }

    it('refuses any bit that has changed', () => {
      const disk = dataDisk();
      const { sizeBytes } = plantSegment(disk, 1, records, 1);
      for (let offset = 0; offset < sizeBytes; offset++) {
        const error = flushAfter((other) => (other.contentOf(path)[offset] ^= 1 << (offset % 8)));
        expect(error, `at ${offset}`).to.be.instanceOf(CorruptionError).and.to.include({ path });
      }
    });

    it('refuses another length, another id, and no file', () => {
      const replant = (change: (old: Buffer) => Buffer) => (disk: MemoryDisk) =>
        disk.plant(path, change(Buffer.from(disk.contentOf(path))));
      expect(flushAfter(replant((old) => old.subarray(0, -1)))).to.be.instanceOf(CorruptionError);
      expect(flushAfter(replant((old) => Buffer.concat([old, Buffer.alloc(16)])))).to.be.instanceOf(CorruptionError);
      expect(flushAfter(() => undefined, { fileId: { high: 77, low: 2 } })).to.be.instanceOf(CorruptionError);
      expect(flushAfter((disk) => disk.remove(path)))
        .to.be.instanceOf(DiskError)
        .and.to.include({ code: 'ENOENT' });
    });
  });

  describe('when something fails', () => {
    const records = Array.from({ length: 60 }, (_, i) => changeOf(`k${i}`, set(10 + i, 'x'.repeat(40)), i % 2));

    function planted(plan: (step: Step) => Fault | undefined): { disk: MemoryDisk; job: FlushJob } {
      const disk = dataDisk({ plan });
      return { disk, job: jobOf([plantSegment(disk, 1, records)]) };
    }

    function stepsOfFlush(): Step[] {
      const steps: Step[] = [];
      const { disk, job } = planted((step) => void steps.push(step));
      runFlush(disk, job, NO_PACE);
      return steps;
    }

    it('leaves nothing behind, says what it was, and does it when it is asked again', () => {
      const steps = stepsOfFlush();
      expect(steps.map(({ name }) => name)).to.deep.equal([
        'create',
        'append',
        'sync',
        'create',
        'append',
        'sync',
        'syncdir',
      ]);
      for (const { number } of steps) {
        for (const code of ['ENOSPC', 'EIO']) {
          let isFailing = true;
          const { disk, job } = planted((step) => {
            if (!isFailing || step.number !== number) return undefined;
            return { kind: 'error', code, takenBytes: 100 };
          });
          expect(() => runFlush(disk, job, NO_PACE))
            .to.throw(DiskError)
            .with.property('code', code);
          expect(tableNames(disk), `after ${code} at step ${number}`).to.deep.equal([]);
          isFailing = false;
          expectTables(disk, runFlush(disk, job, NO_PACE), judge(records));
        }
      }
    });

    it('says what it was, also where the files cannot be removed', () => {
      const { disk, job } = planted(({ name }) => {
        if (name === 'syncdir') return { kind: 'error', code: 'EIO' };
        return name === 'remove' ? { kind: 'error', code: 'EROFS' } : undefined;
      });
      expect(() => runFlush(disk, job, NO_PACE))
        .to.throw(DiskError)
        .with.property('code', 'EIO');
    });

    it('has made its tables durable when it answers', () => {
      const { disk, job } = planted(() => undefined);
      const result = runFlush(disk, job, NO_PACE);
      expectTables(disk.crash(keepNothing), result, judge(records));
    });

    it('can be done again after the power failed at any step', () => {
      for (const { number } of stepsOfFlush()) {
        for (let seed = 0; seed < 8; seed++) {
          const { disk, job } = planted((step) => (step.number === number ? { kind: 'power' } : undefined));
          expect(() => runFlush(disk, job, NO_PACE)).to.throw(PowerFailure);
          const next = disk.crash(seed === 0 ? keepNothing : keepRandomly(new SeededRandom(seed)));
          const again = { ...job, outputs: { firstId: 20, count: 8, seed: { high: 3, low: 4 } } };
          expectTables(next, runFlush(next, again, NO_PACE), judge(records));
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
          expectTables(disk, runFlush(disk, job, pace), judge(records));
          isDone = true;
          expect(spends, 'it was broken off before').to.be.above(2);
        } catch (error) {
          expect(error).to.be.instanceOf(JobAbortedError);
          expect(tableNames(disk)).to.deep.equal([]);
        }
      }
    });

    it('tells the pace of all that it reads and writes', () => {
      const { disk, job } = planted(() => undefined);
      let spent = 0;
      const result = runFlush(disk, job, { spend: (bytes) => (spent += bytes) });
      expect(spent).to.equal(result.readBytes + result.writtenBytes);
      expect(result.readBytes).to.equal(job.segments[0].sizeBytes);
    });
  });
});
