import { expect } from 'chai';
import fc from 'fast-check';

import { AssertionError } from '../../../lib/base/assert.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import type { AddedTable, VersionEdit } from '../../../lib/storage/levels/version-edit.js';
import { Version } from '../../../lib/storage/levels/version.js';
import { tableOf } from './some-tables.js';

const POSITIONS = 60;

const overlap = (a: TableMeta, b: TableMeta): boolean => a.smallest <= b.largest && b.smallest <= a.largest;

/** Versions done the plain way: a list of places, the newest last, searched from end to end. */
class TwinVersion {
  places: AddedTable[] = [];
  quarantined = new Map<number, string>();

  /** May the table be at the level? */
  takes(level: number, table: TableMeta): boolean {
    const isThere = (place: AddedTable): boolean =>
      place.level === level && place.table.db === table.db && place.table.id !== table.id;
    return level === 0 || !this.places.some((place) => isThere(place) && overlap(place.table, table));
  }

  apply(edit: VersionEdit): void {
    for (const id of edit.removed ?? []) {
      this.places = this.places.filter(({ table }) => table.id !== id);
      if (!edit.added?.some(({ table }) => table.id === id)) this.quarantined.delete(id);
    }
    this.places.push(...(edit.added ?? []));
    for (const { id, reason } of edit.quarantined ?? []) this.quarantined.set(id, reason);
  }

  tablesIn(db: number): number[] {
    const here = this.places.filter(({ table }) => table.db === db);
    const level0 = here.filter(({ level }) => level === 0).reverse();
    const deeper = here.filter(({ level }) => level > 0);
    deeper.sort((a, b) => a.level - b.level || a.table.smallest - b.table.smallest);
    return [...level0, ...deeper].map(({ table }) => table.id);
  }

  sourcesOf(db: number, position: number): number[] {
    const holds = ({ table }: AddedTable): boolean => table.smallest <= position && position <= table.largest;
    return this.tablesIn(db).filter((id) => this.places.some((place) => place.table.id === id && holds(place)));
  }
}

type Draw = () => number;

/** An edit that fits the twin, from numbers in [0, 1). */
function randomEdit(twin: TwinVersion, draw: Draw, nextId: () => number): VersionEdit {
  const after = new TwinVersion();
  after.places = [...twin.places];
  const removed: number[] = [];
  const added: AddedTable[] = [];
  for (const { table, level } of twin.places) {
    if (draw() > 0.15) continue;
    removed.push(table.id);
    after.places = after.places.filter((place) => place.table.id !== table.id);
    const deeper = Math.min(6, level + 1 + Math.floor(draw() * 3));
    if (draw() < 0.5 && after.takes(deeper, table)) added.push({ level: deeper, table });
    after.apply({ added: added.slice(-1).filter((place) => place.table === table) });
  }
  for (let count = Math.floor(draw() * 6); count > 0; count--) {
    const level = Math.floor(draw() * 4);
    const smallest = Math.floor(draw() * POSITIONS);
    const largest = Math.min(POSITIONS - 1, smallest + Math.floor(draw() * (level === 0 ? POSITIONS : 12)));
    const table = tableOf({ id: nextId(), db: Math.floor(draw() * 2), smallest, largest });
    if (!after.takes(level, table)) continue;
    added.push({ level, table });
    after.apply({ added: added.slice(-1) });
  }
  const quarantined = after.places.filter(() => draw() < 0.03).map(({ table }) => ({ id: table.id, reason: 'x' }));
  return { removed, added, quarantined };
}

function check(version: Version, twin: TwinVersion): void {
  expect(version.tableCount).to.equal(twin.places.length);
  expect(new Map(version.quarantined)).to.deep.equal(twin.quarantined);
  const into: TableMeta[] = [];
  for (const db of [0, 1]) {
    expect(version.tablesIn(db).map(({ id }) => id)).to.deep.equal(twin.tablesIn(db));
    expect(version.isEmpty(db)).to.equal(twin.tablesIn(db).length === 0);
    for (let position = 0; position < POSITIONS; position++) {
      const count = version.sourcesOf(db, position, into);
      expect(into.slice(0, count).map(({ id }) => id)).to.deep.equal(twin.sourcesOf(db, position));
    }
    for (const { level, table } of twin.places.filter((place) => place.table.db === db)) {
      expect(version.placeOf(table.id)).to.deep.equal({ level, table });
      const deeper = twin.places.filter((other) => other.table.db === db && other.level > level);
      const ids = deeper.filter((other) => overlap(other.table, table)).map((other) => other.table.id);
      const found = version.deeperOverlaps(db, level, table).map(({ id }) => id);
      expect(found).to.have.members(ids);
      const here = twin.places.filter((other) => other.table.db === db && other.level === level);
      const bytes = here.reduce((sum, other) => sum + other.table.fileBytes, 0);
      expect(version.levelBytes(db, level)).to.equal(bytes);
      expect(version.level(db, level).overlaps(table)).to.equal(true);
    }
  }
}

describe('Version', function () {
  this.timeout(20_000);

  it('answers as a plain list of places does, through any edits, one by one and all at once', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (numbers) => {
        const draw = (): number => numbers.next().value as number;
        const twin = new TwinVersion();
        const edits: VersionEdit[] = [];
        let version = Version.empty;
        let lastId = 0;
        for (let step = 0; step < 8; step++) {
          const edit = randomEdit(twin, draw, () => ++lastId);
          edits.push(edit);
          const before = version;
          const tables = before.tablesIn(0);
          version = version.apply(edit);
          twin.apply(edit);
          check(version, twin);
          expect(before.tablesIn(0)).to.deep.equal(tables);
        }
        check(Version.empty.applyAll(edits), twin);
        check(Version.empty.applyAll(version.toEdits()), twin);
      }),
      { numRuns: 80 },
    );
  });

  it('keeps facts, and says all of them in a snapshot', () => {
    const facts = { db: 3, floor: 70, keyCount: 5, expiringCount: 2, isEstimate: true };
    const databasesMap = { stamp: 9, origin: 1, physical: [1, 0, 2] };
    const flushed = { number: 4, nextFileId: { high: 1, low: 2 } };
    const version = Version.empty
      .apply({ databases: [facts], logging: false, nextTableId: 40 })
      .apply({ flushed, databasesMap })
      .apply({ databases: [{ ...facts, db: 1 }], logging: true });
    for (const same of [version, Version.empty.applyAll(version.toEdits())]) {
      expect(same.facts(3)).to.deep.equal(facts);
      expect(same.facts(1)).to.deep.equal({ ...facts, db: 1 });
      expect(same.facts(0)).to.deep.equal({ db: 0, floor: 0, keyCount: 0, expiringCount: 0, isEstimate: false });
      expect(same.logging).to.equal(true);
      expect(same.flushed).to.deep.equal(flushed);
      expect(same.databasesMap).to.deep.equal(databasesMap);
      expect(same.nextTableId).to.equal(40);
    }
    expect(version.apply({ added: [{ level: 0, table: tableOf({ id: 50 }) }] }).nextTableId).to.equal(51);
  });

  it('says a snapshot of many tables in edits of a bounded size', () => {
    const tables = Array.from({ length: 1200 }, (_, i) => tableOf({ id: i + 1, smallest: 2 * i, largest: 2 * i + 1 }));
    const version = Version.empty.apply({ added: tables.map((table, i) => ({ level: i < 3 ? 0 : 5, table })) });
    const edits = version.toEdits();
    expect(Math.max(...edits.map(({ added }) => added?.length ?? 0))).to.equal(500);
    expect(Version.empty.applyAll(edits).tablesIn(0)).to.deep.equal(version.tablesIn(0));
  });

  const [a, b] = [tableOf({ id: 1, smallest: 5, largest: 9 }), tableOf({ id: 2, smallest: 9, largest: 12 })];
  const first = Version.empty.apply({ added: [{ level: 1, table: a }] });
  const wrong: readonly (readonly [string, VersionEdit, string])[] = [
    ['shares a position in a level', { added: [{ level: 1, table: b }] }, 'share positions'],
    ['adds a table that is there', { added: [{ level: 2, table: a }] }, 'adds a table that is there'],
    ['adds a table twice', { added: [2, 3].map((level) => ({ level, table: b })) }, 'adds a table twice'],
    ['removes a table that is not there', { removed: [2] }, 'removes a table that is not there'],
    ['removes a table twice', { removed: [1, 1] }, 'removes a table that is not there'],
    ['quarantines a table that is not there', { quarantined: [{ id: 2, reason: '' }] }, 'quarantines a table'],
    ['moves a table to level 0', { removed: [1], added: [{ level: 0, table: a }] }, 'moves to level 0'],
    ['changes a table', { removed: [1], added: [{ level: 2, table: { ...a, db: 1 } }] }, 'another database'],
    ['names a level too deep', { added: [{ level: 7, table: b }] }, 'a level that there is not'],
    ['ends before it begins', { added: [{ level: 2, table: { ...b, largest: 1 } }] }, 'behind its end'],
  ];
  for (const [what, edit, message] of wrong) {
    it(`refuses an edit that ${what}`, () => {
      expect(() => first.apply(edit)).to.throw(AssertionError, message);
    });
  }

  it('refuses a floor that falls', () => {
    const facts = { db: 0, floor: 70, keyCount: 0, expiringCount: 0, isEstimate: false };
    const version = Version.empty.apply({ databases: [facts] });
    expect(() => version.apply({ databases: [{ ...facts, floor: 69 }] })).to.throw(AssertionError, 'never falls');
  });
});
