import { expect } from 'chai';
import fc from 'fast-check';

import { firstStampOf } from '../../../lib/base/stamp.js';
import type { Compaction, CompactionState } from '../../../lib/storage/levels/compaction.js';
import { pickCompaction } from '../../../lib/storage/levels/compaction-picker.js';
import { nextOfFullCompaction } from '../../../lib/storage/levels/full-compaction.js';
import type { LevelsConfig } from '../../../lib/storage/levels/level-targets.js';
import { levelScore, levelTargets } from '../../../lib/storage/levels/level-targets.js';
import type { VersionEdit } from '../../../lib/storage/levels/version-edit.js';
import { Version } from '../../../lib/storage/levels/version.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import type { Value } from './dumb-store.js';
import { BEGIN_MS, DumbStore, RECORD_BYTES } from './dumb-store.js';
import { NOTHING_GIVEN_UP, tableOf, withUnknownMarks } from './some-tables.js';

const TABLE_RECORDS = 8;
const KEYS = 250;
const RUNS = 50;

const config: LevelsConfig = {
  level0Tables: 3,
  levelBaseBytes: 24 * RECORD_BYTES,
  levelFanout: 3,
  tableBytes: TABLE_RECORDS * RECORD_BYTES,
};

/** A store, the Map that it must be equal to, and compactions that run beside each other. */
class Trial {
  readonly store = new DumbStore(TABLE_RECORDS);
  readonly jobs: Compaction[] = [];
  readonly reasons = new Set<string>();
  readonly kinds = new Set<string>();

  private readonly random: SeededRandom;
  private readonly model = new Map<number, Value>();
  private lastValue = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  live(key: number): Value | undefined {
    const found = this.model.get(key);
    return found === undefined || (found.expiresAtMs !== 0 && found.expiresAtMs <= this.store.nowMs)
      ? undefined
      : found;
  }

  write(): void {
    const { store, random } = this;
    const key = random.below(KEYS);
    const soon = store.nowMs + 1 + random.below(400_000);
    const choice = random.below(10);
    const found = this.live(key);
    if (choice < 5) {
      const expiresAtMs = choice < 3 ? soon : 0;
      this.lastValue++;
      store.set(key, this.lastValue, expiresAtMs);
      this.model.set(key, { value: this.lastValue, expiresAtMs });
    } else if (found !== undefined && choice < 8) {
      store.delete(key);
      this.model.delete(key);
    } else if (found !== undefined) {
      const expiresAtMs = choice === 8 ? soon : 0;
      store.expireAt(key, expiresAtMs);
      this.model.set(key, { ...found, expiresAtMs });
    }
  }

  empty(): void {
    this.store.empty();
    this.model.clear();
  }

  begin(isIdle: boolean): Compaction | undefined {
    const compaction = pickCompaction(this.store.version, config, this.store.state(isIdle));
    if (compaction === undefined) return undefined;
    this.store.begin(compaction);
    this.jobs.push(compaction);
    this.reasons.add(compaction.reason);
    this.kinds.add(compaction.kind);
    return compaction;
  }

  finish(): void {
    const [job] = this.jobs.splice(this.random.below(this.jobs.length), 1);
    this.store.finish(job);
  }

  quarantine(): void {
    const tables = [...this.store.version.tables()].filter(({ id }) => !this.store.busy.has(id));
    if (tables.length === 0) return;
    const { id } = tables[this.random.below(tables.length)];
    this.store.version = this.store.version.apply({ quarantined: [{ id, reason: 'damaged' }] });
  }

  /** One more thing happens. */
  step(quarantines: boolean): void {
    const { random, store } = this;
    const choice = random.below(100);
    if (choice < 60) for (let n = random.below(8); n > 0; n--) this.write();
    else if (choice < 75) store.flush();
    else if (choice < 88) this.begin(choice < 80);
    else if (choice < 94 && this.jobs.length > 0) this.finish();
    else if (choice < 98) store.nowMs += random.below(120_000);
    else if (choice < 99 && quarantines) this.quarantine();
    else if (random.below(6) === 0) this.empty();
  }

  drain(): void {
    while (this.jobs.length > 0) this.finish();
    let count = 0;
    while (this.begin(true) !== undefined) {
      this.finish();
      expect(++count, 'it goes on and on').to.be.lessThan(1000);
    }
  }

  check(what: string): void {
    for (let key = 0; key < KEYS; key++) {
      expect(this.store.get(key), `${what}, key ${key}`).to.deep.equal(this.live(key));
    }
  }
}

const stateWith = (change: Partial<CompactionState> = {}): CompactionState => ({
  busy: new Set(),
  nowMs: BEGIN_MS,
  unflushedSinceMs: Infinity,
  cursors: new Map(),
  isIdle: false,
  keepsExpired: false,
  mayLoseDeletes: ({ emptyCount }) => emptyCount > 0,
  slots: NOTHING_GIVEN_UP,
  ...change,
});

function versionWith(levels: Record<number, readonly Partial<TableMeta>[]>, edit: VersionEdit = {}): Version {
  let id = 0;
  const added = Object.entries(levels).flatMap(([level, tables]) =>
    tables.map((table) => ({ level: Number(level), table: tableOf({ id: ++id, fileBytes: 100, ...table }) })),
  );
  return Version.empty.apply({ added }).apply(edit);
}

const ids = (tables: readonly TableMeta[]): number[] => tables.map(({ id }) => id);

describe('pickCompaction', function () {
  this.timeout(60_000);

  it('changes no answer, with compactions beside each other, deletes, expiry, FLUSHDB and damaged tables', () => {
    const reasons = new Set<string>();
    const kinds = new Set<string>();
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, quarantines) => {
        const trial = new Trial(seed);
        for (let step = 0; step < 300; step++) {
          trial.step(quarantines);
          if (step % 10 === 0) trial.check(`seed ${seed}, step ${step}`);
        }
        trial.store.flush();
        trial.drain();
        trial.check(`seed ${seed}, at the end`);
        for (const reason of trial.reasons) reasons.add(reason);
        for (const kind of trial.kinds) kinds.add(kind);
      }),
      { numRuns: RUNS },
    );
    expect([...reasons].sort()).to.deep.equal(['deletes', 'expired', 'flushed', 'level 0', 'size']);
    expect([...kinds].sort()).to.deep.equal(['drop', 'merge', 'move']);
  });

  it('brings every level to its target, and leaves no deletes at the bottom, when nothing is written any more', () => {
    for (let seed = 0; seed < 30; seed++) {
      const trial = new Trial(seed);
      for (let step = 0; step < 400; step++) trial.step(false);
      trial.store.flush();
      trial.drain();
      const levels = trial.store.version.levels(0);
      const targets = levelTargets(levels, config);
      expect(levels[0].count).to.be.lessThan(config.level0Tables);
      for (const level of levels.slice(1)) expect(levelScore(level, targets, config)).to.be.lessThan(1);
      for (const { emptyCount, recordCount } of levels[6].tables) expect(emptyCount / recordCount).to.be.lessThan(0.2);
    }
  });

  it('writes what is overwritten at random not more often than its levels demand', () => {
    const large = { level0Tables: 4, levelBaseBytes: 51_200, levelFanout: 10, tableBytes: 6400 };
    const store = new DumbStore(64);
    const random = new SeededRandom(1);
    let spaceMax = 0;
    const keys = 20_000;
    for (let n = 1; n <= 100_000; n++) {
      store.set(random.below(keys), n, 0);
      if (n % 256 !== 0) continue;
      store.flush();
      for (let done = false; !done;) {
        const compaction = pickCompaction(store.version, large, store.state(false));
        done = compaction === undefined;
        if (compaction === undefined) break;
        store.begin(compaction);
        store.finish(compaction);
      }
      if (n > 60_000) spaceMax = Math.max(spaceMax, store.version.totalBytes() / (keys * RECORD_BYTES));
    }
    const amplification = 1 + store.compactedBytes / store.flushedBytes;
    expect(amplification).to.be.within(3, 20);
    expect(spaceMax).to.be.lessThan(1.25);
  });

  const whole = { smallest: 0, largest: 99 };
  const half = { smallest: 0, largest: 49 };
  const other = { smallest: 50, largest: 99 };

  it('does nothing where nothing is too large, and compacts all of level 0 when it has too many tables', () => {
    expect(pickCompaction(Version.empty, config, stateWith())).to.equal(undefined);
    const few = versionWith({ 0: [whole, whole], 6: [half, other] });
    expect(pickCompaction(few, config, stateWith())).to.equal(undefined);
    const many = few.apply({ added: [{ level: 0, table: tableOf({ id: 9, ...whole }) }] });
    const picked = pickCompaction(many, config, stateWith());
    expect(picked).to.deep.include({ kind: 'merge', reason: 'level 0', score: 1, outputLevel: 6 });
    expect(picked?.kind === 'merge' && picked.runs.map(ids)).to.deep.equal([[9], [2], [1], [3, 4]]);
  });

  it('goes past no damaged table: of level 0 only what is older, and nothing over one in the next level', () => {
    const version = versionWith({ 0: [whole, whole, whole, whole], 6: [half, other] });
    const inLevel0 = version.apply({ quarantined: [{ id: 3, reason: '' }] });
    const picked = pickCompaction(inLevel0, config, stateWith());
    expect(picked?.kind === 'merge' && picked.runs.map(ids)).to.deep.equal([[2], [1], [5, 6]]);
    const below = version.apply({ quarantined: [{ id: 6, reason: '' }] });
    expect(pickCompaction(below, config, stateWith())).to.equal(undefined);
  });

  it('leaves tables alone that running jobs read', () => {
    const version = versionWith({ 0: [whole, whole, whole], 6: [half, other] });
    for (const id of [1, 2, 3, 4, 5]) {
      expect(pickCompaction(version, config, stateWith({ busy: new Set([id]) }))).to.equal(undefined);
    }
  });

  it('goes round a level, the tables with many deletes first, and widens what costs nothing', () => {
    const fileBytes = config.levelBaseBytes;
    const tables = [0, 1, 2, 3].map((n) => ({ smallest: 10 * n, largest: 10 * n + 9, fileBytes }));
    const bottom = tables.map((table) => ({ ...table, fileBytes: 2 * fileBytes }));
    const version = versionWith({ 5: tables, 6: bottom });
    const upper = (cursor: number, of = version): number[] => {
      const cursors = new Map([[5, cursor]]);
      const picked = pickCompaction(of, config, stateWith({ cursors }));
      expect(picked?.reason).to.equal('size');
      return picked?.kind === 'merge' ? ids(picked.runs[0]) : [];
    };
    expect([-1, 0, 9, 19, 29, 39].map((cursor) => upper(cursor))).to.deep.equal([[1], [2], [2], [3], [4], [1]]);
    const deleted = versionWith({
      5: tables.map((table, n) => ({ ...table, emptyCount: n === 2 ? 6 : 4 })),
      6: bottom,
    });
    expect(upper(-1, deleted)).to.deep.equal([3]);
    const sparse = versionWith({ 5: tables.map((table) => ({ ...table, fileBytes: 200 })), 6: bottom });
    expect(pickCompaction(sparse, config, stateWith())).to.equal(undefined);
    const wide = versionWith({ 4: tables.map((table) => ({ ...table, fileBytes: 200 })), 5: [whole] });
    expect(upper(-1, wide)).to.deep.equal([1, 2, 3, 4]);
  });

  it('compacts tables of whose marks nobody knows, when there is nothing else to do, behind those that are worth it', () => {
    const [known, none, many] = [0, 0, 500].map((markBytes, n) =>
      tableOf({ id: n + 1, smallest: 10 * n, largest: 10 * n + 9, fileBytes: 1000, markBytes }),
    );
    const unknown = withUnknownMarks(known);
    const idle = stateWith({ isIdle: true, keepsExpired: true, mayLoseDeletes: ({ markBytes }) => markBytes !== 0 });
    const pickedOf = (tables: readonly TableMeta[], state = idle): number[] | undefined => {
      const version = Version.empty.apply({ added: tables.map((table) => ({ level: 6, table })) });
      const picked = pickCompaction(version, config, state);
      return picked?.kind === 'merge' ? ids(picked.runs.flat()) : undefined;
    };
    expect(pickedOf([unknown, none, many])).to.deep.equal([3]);
    expect(pickedOf([unknown, none])).to.deep.equal([1]);
    expect(pickedOf([none])).to.equal(undefined);
    expect(pickedOf([unknown], { ...idle, isIdle: false })).to.equal(undefined);
  });

  it('moves a table that has nothing below it, unless it has deletes that could go', () => {
    const alone = versionWith({ 4: [whole] });
    expect(pickCompaction(alone, config, stateWith())).to.deep.include({ kind: 'move', outputLevel: 5 });
    const deletes = versionWith({ 4: [{ ...whole, emptyCount: 1 }] });
    expect(pickCompaction(deletes, config, stateWith())).to.deep.include({ kind: 'merge', outputLevel: 5 });
    const kept = versionWith({ 4: [{ ...whole, emptyCount: 1 }], 6: [half] });
    expect(pickCompaction(kept, config, stateWith())).to.deep.include({ kind: 'move', outputLevel: 5 });
  });

  it('says which older tables a merge must keep deletes for', () => {
    const version = versionWith({
      0: [half, half, half, half],
      4: [half],
      5: [{ smallest: 40, largest: 60 }],
      6: [half],
    });
    const picked = pickCompaction(version, config, stateWith());
    expect(picked?.kind === 'merge' && [...picked.deeper]).to.deep.equal([40, 60, 0, 49]);
  });

  describe('of what is dead', () => {
    const stamp = firstStampOf(BEGIN_MS - 1_000_000);
    const late = firstStampOf(BEGIN_MS - 50_000);
    const expired = { ...whole, expiresByMs: BEGIN_MS - 100_000, minStamp: stamp };
    const dropped = (version: Version, change?: Partial<CompactionState>): number[] => {
      const picked = pickCompaction(version, config, stateWith(change));
      return picked?.kind === 'drop' ? ids(picked.tables).sort() : [];
    };

    it('drops tables in which everything has expired', () => {
      expect(dropped(versionWith({ 5: [expired] }))).to.deep.equal([1]);
      expect(dropped(versionWith({ 5: [expired] }), { nowMs: BEGIN_MS - 100_001 })).to.deep.equal([]);
      expect(dropped(versionWith({ 5: [{ ...expired, expiresByMs: 0 }] }))).to.deep.equal([]);
    });

    it('keeps one that hides older data', () => {
      expect(dropped(versionWith({ 5: [expired], 6: [half] }))).to.deep.equal([]);
      expect(dropped(versionWith({ 5: [expired], 6: [expired] }))).to.deep.equal([1, 2]);
      expect(dropped(versionWith({ 0: [half, expired] }))).to.deep.equal([]);
      expect(
        dropped(versionWith({ 4: [{ ...expired, ...half }], 5: [expired], 6: [{ ...whole, smallest: 60 }] })),
      ).to.deep.equal([]);
    });

    it('keeps one of which something may have been made to last longer', () => {
      const early = { ...half, minStamp: stamp };
      expect(dropped(versionWith({ 0: [early], 5: [expired] }))).to.deep.equal([]);
      expect(dropped(versionWith({ 0: [{ ...half, minStamp: late }], 5: [expired] }))).to.deep.equal([2]);
      expect(dropped(versionWith({ 5: [expired] }), { unflushedSinceMs: BEGIN_MS - 100_001 })).to.deep.equal([]);
      // A PERSIST is a record without a value.
      expect(dropped(versionWith({ 4: [{ ...expired, emptyCount: 1 }], 5: [expired] }))).to.deep.equal([]);
    });

    it('drops what was emptied, damaged or not, at once', () => {
      const databases = [{ db: 0, floor: 500, keyCount: 0, expiringCount: 0, isEstimate: false }];
      const tables = {
        0: [{ ...whole, maxStamp: 501 }],
        5: [{ ...whole, maxStamp: 500 }],
        6: [{ ...whole, maxStamp: 3 }],
      };
      const version = versionWith(tables, { databases, quarantined: [{ id: 3, reason: '' }] });
      expect(dropped(version)).to.deep.equal([2, 3]);
      expect(dropped(version, { busy: new Set([2]) })).to.deep.equal([3]);
    });
  });
});

describe('nextOfFullCompaction', function () {
  this.timeout(60_000);

  it('gets everything to the bottom, without deletes and expired records, and changes no answer', () => {
    for (let seed = 0; seed < 60; seed++) {
      const trial = new Trial(seed);
      for (let step = 0; step < 300; step++) trial.step(false);
      while (trial.jobs.length > 0) trial.finish();
      const { store } = trial;
      store.flush();
      store.nowMs += 20_000;
      const full = { db: 0, lastStamp: store.stamp, nextTableId: store.nextTableId };
      for (let count = 0; ; count++) {
        const compaction = nextOfFullCompaction(store.version, full, config, store.state(false));
        if (compaction === undefined) break;
        expect(count).to.be.lessThan(300);
        store.begin(compaction);
        store.finish(compaction);
        // Others write meanwhile: that does not keep it from ending.
        if (seed % 2 === 0 && count < 20) for (let n = 0; n < 4; n++) trial.write();
        if (seed % 2 === 0 && count % 4 === 0 && count < 20) store.flush();
        trial.check(`seed ${seed}, after ${count}`);
      }
      const levels = store.version.levels(0);
      if (seed % 2 === 0) continue;
      expect(levels.slice(0, 6).map(({ count }) => count)).to.deep.equal([0, 0, 0, 0, 0, 0]);
      for (const table of levels[6].tables) {
        expect(table.emptyCount).to.equal(0);
        for (let key = table.smallest; key <= table.largest; key++) {
          expect(trial.live(key) === undefined && trial.store.get(key) !== undefined).to.equal(false);
        }
      }
      const records = levels[6].tables.reduce((sum, { recordCount }) => sum + recordCount, 0);
      let live = 0;
      for (let key = 0; key < KEYS; key++) if (trial.live(key) !== undefined) live++;
      expect(records).to.equal(live);
    }
  });

  it('has compactions of a bounded size', () => {
    const tables = Array.from({ length: 120 }, (_, n) => ({ smallest: 10 * n, largest: 10 * n + 9, fileBytes: 100 }));
    const wide = { ...config, tableBytes: 100 };
    let version = versionWith({ 5: tables, 6: tables });
    const full = { db: 0, lastStamp: 10 ** 9, nextTableId: 241 };
    for (let id = 1000, count = 0; ; count++) {
      const next = nextOfFullCompaction(version, full, wide, stateWith());
      if (next?.kind !== 'merge') {
        expect(next).to.equal(undefined);
        expect(count).to.equal(8);
        break;
      }
      const inputs = next.runs.flat();
      expect(inputs.length).to.equal(count === 7 ? 16 : 32);
      const outputs = next.runs[1].map((table) => ({ ...table, id: id++ }));
      version = version.apply({ removed: ids(inputs), added: outputs.map((table) => ({ level: 6, table })) });
    }
    expect(version.levelBytes(0, 5)).to.equal(0);
  });
});
