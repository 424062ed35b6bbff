/**
 * A version: what is on the disk at one moment, besides the log. Which tables there are, in which level of which database,
 * and a few facts. It never changes: an edit makes the next one, which shares with it what stays the same. Readers keep the
 * version they began with.
 *
 *   newest   level 0   tables of whole segments, overlapping      [=========]
 *     |                                                         [==========]
 *     |      level 1   apart                                    [==]  [===][====]
 *     v        ...
 *   oldest   level 6                                            [=][==][=][=====]
 *
 * Of two tables that hold the same key, the one further up has what was written later (unless `foreign` says otherwise).
 */

import { assert } from '../../base/assert.js';
import type { TableMeta } from '../sstable/table-meta.js';
import { Level } from './level.js';
import type { PositionRange } from './level.js';
import type { AddedTable, DatabaseFacts, DatabasesMap, FlushedLog, SlotNotes, VersionEdit } from './version-edit.js';
import { LEVEL_COUNT } from './version-edit.js';

/** Everything of a version but the levels. */
interface State {
  readonly placed: ReadonlyMap<number, AddedTable>;
  readonly quarantined: ReadonlyMap<number, string>;
  readonly facts: ReadonlyMap<number, DatabaseFacts>;
  readonly flushed: FlushedLog | undefined;
  readonly logging: boolean | undefined;
  readonly nextTableId: number;
  readonly databasesMap: DatabasesMap | undefined;
  readonly slots: SlotNotes | undefined;
}

/** The levels of one physical database. */
interface DatabaseLevels {
  /** By number. */
  readonly all: readonly Level[];
  /** Those with tables, newest data first: what a read goes through. */
  readonly filled: readonly Level[];
}

const NO_LEVELS = Array.from({ length: LEVEL_COUNT }, (_, number) => new Level(number, []));
const TABLES_AN_EDIT = 500;

export class Version {
  /** Of a new directory. */
  static readonly empty = new Version(
    {
      placed: new Map(),
      quarantined: new Map(),
      facts: new Map(),
      flushed: undefined,
      logging: undefined,
      nextTableId: 1,
      databasesMap: undefined,
      slots: undefined,
    },
    new Map(),
  );

  private readonly state: State;
  /** The databases that have tables. */
  private readonly databases: ReadonlyMap<number, DatabaseLevels>;

  private constructor(state: State, databases: ReadonlyMap<number, DatabaseLevels>) {
    this.state = state;
    this.databases = databases;
  }

  /** How far the log is in tables; undefined: nothing of it ever was. */
  get flushed(): FlushedLog | undefined {
    return this.state.flushed;
  }

  /** Was there an append-only file? undefined: nobody has said yet. */
  get logging(): boolean | undefined {
    return this.state.logging;
  }

  /** Every table has a lower id. */
  get nextTableId(): number {
    return this.state.nextTableId;
  }

  get databasesMap(): DatabasesMap | undefined {
    return this.state.databasesMap;
  }

  /** undefined: nobody has said yet. */
  get slots(): SlotNotes | undefined {
    return this.state.slots;
  }

  get tableCount(): number {
    return this.state.placed.size;
  }

  /** Why tables are not to be read, by id. */
  get quarantined(): ReadonlyMap<number, string> {
    return this.state.quarantined;
  }

  /** Where a table is; undefined if it is not in this version. */
  placeOf(id: number): AddedTable | undefined {
    return this.state.placed.get(id);
  }

  /** Every table of every database, in no order. */
  *tables(): IterableIterator<TableMeta> {
    for (const { table } of this.state.placed.values()) yield table;
  }

  /** The physical databases that have tables, rising. */
  databasesWithTables(): number[] {
    return [...this.databases.keys()].sort((a, b) => a - b);
  }

  facts(db: number): DatabaseFacts {
    const known = this.state.facts.get(db);
    return known ?? { db, floor: 0, keyCount: 0, expiringCount: 0, isEstimate: false };
  }

  /** By physical database: everything in it stamped up to this is dead. Only those that were emptied, rising. */
  floors(): { db: number; stamp: number }[] {
    const emptied = [...this.state.facts.values()].filter(({ floor }) => floor > 0);
    return emptied.map(({ db, floor }) => ({ db, stamp: floor })).sort((a, b) => a.db - b.db);
  }

  /** The highest stamp that it knows of: in tables, or of what was done to whole databases. */
  newestStamp(): number {
    let newest = this.databasesMap?.stamp ?? 0;
    for (const { maxStamp } of this.tables()) newest = Math.max(newest, maxStamp);
    for (const { floor } of this.state.facts.values()) newest = Math.max(newest, floor);
    return newest;
  }

  isEmpty(db: number): boolean {
    return !this.databases.has(db);
  }

  /**
   * The tables that may hold a position, newest data first: writes them to `into` from index 0 on, leaves what is behind
   * them there as it is, and returns how many they are. Quarantined ones are among them.
   */
  sourcesOf(db: number, position: number, into: TableMeta[]): number {
    const levels = this.databases.get(db);
    if (levels === undefined) return 0;
    const { filled } = levels;
    let count = 0;
    for (let index = 0; index < filled.length; index++) count = filled[index].fill(position, into, count);
    return count;
  }

  level(db: number, level: number): Level {
    return this.databases.get(db)?.all[level] ?? NO_LEVELS[level];
  }

  levels(db: number): readonly Level[] {
    return this.databases.get(db)?.all ?? NO_LEVELS;
  }

  /** The tables of a database, newest data first. */
  tablesIn(db: number): TableMeta[] {
    return this.levels(db).flatMap(({ tables }) => tables);
  }

  /** The tables of a database that can be read, but for those in quarantine: newest first, those of a run rise and do not overlap. */
  readableRuns(db: number): TableMeta[][] {
    return this.levels(db)
      .flatMap(({ number, tables }) => (number === 0 ? tables.map((table) => [table]) : [tables]))
      .map((run) => run.filter(({ id }) => !this.quarantined.has(id)))
      .filter((run) => run.length > 0);
  }

  levelBytes(db: number, level: number): number {
    return this.level(db, level).bytes;
  }

  totalBytes(): number {
    let bytes = 0;
    for (const table of this.tables()) bytes += table.fileBytes;
    return bytes;
  }

  /** The tables in deeper levels than `level` that overlap the range. */
  deeperOverlaps(db: number, level: number, range: PositionRange): TableMeta[] {
    const deeper = this.levels(db).slice(level + 1);
    return deeper.flatMap((each) => each.overlapping(range));
  }

  /** The version after the edit. Asserts that the edit fits: a wrong one is a bug of ours. */
  apply(edit: VersionEdit): Version {
    return this.applyAll([edit]);
  }

  /** The version after all of the edits. */
  applyAll(edits: Iterable<VersionEdit>): Version {
    const draft = new Draft(this.state);
    for (const edit of edits) draft.add(edit);
    const state = draft.finish();
    return new Version(state, this.levelsAfter(state, draft));
  }

  /** Edits that make this version of an empty one. There is at least one, and none is much larger than 500 tables. */
  toEdits(): VersionEdit[] {
    const { flushed, logging, nextTableId, databasesMap, slots, facts } = this.state;
    const edits: VersionEdit[] = [
      {
        ...(flushed && { flushed }),
        ...(logging !== undefined && { logging }),
        ...(databasesMap && { databasesMap }),
        ...(slots && { slots }),
        nextTableId,
        databases: [...facts.values()],
      },
    ];
    const oldestFirst = this.databasesWithTables().flatMap((db) => this.addedOldestFirst(db));
    for (let start = 0; start < oldestFirst.length; start += TABLES_AN_EDIT) {
      edits.push({ added: oldestFirst.slice(start, start + TABLES_AN_EDIT) });
    }
    const quarantined = Array.from(this.quarantined, ([id, reason]) => ({ id, reason }));
    if (quarantined.length > 0) edits.push({ quarantined });
    return edits;
  }

  private addedOldestFirst(db: number): AddedTable[] {
    return this.levels(db)
      .flatMap(({ number, tables }) => tables.map((table) => ({ level: number, table })))
      .reverse();
  }

  private levelsAfter(state: State, draft: Draft): Map<number, DatabaseLevels> {
    const databases = new Map(this.databases);
    for (const [db, touched] of draft.touched) {
      const all = this.levels(db).map((level) => {
        const came = touched.get(level.number);
        return came === undefined ? level : levelAfter(level, came, state);
      });
      const filled = all.filter((level) => level.count > 0);
      if (filled.length === 0) databases.delete(db);
      else databases.set(db, { all, filled });
    }
    return databases;
  }
}

/** What edits have come to, before the levels are made: one pass over the tables however many edits there are. */
class Draft {
  /** By database and level: the tables that came, oldest first. A level is there if any came or went. */
  readonly touched = new Map<number, Map<number, AddedTable[]>>();

  private readonly state: State;
  private readonly placed: Map<number, AddedTable>;
  private readonly quarantined: Map<number, string>;
  private readonly facts: Map<number, DatabaseFacts>;
  private scalars: VersionEdit = {};
  private nextTableId: number;

  constructor(state: State) {
    this.state = state;
    this.placed = new Map(state.placed);
    this.quarantined = new Map(state.quarantined);
    this.facts = new Map(state.facts);
    this.nextTableId = state.nextTableId;
  }

  add(edit: VersionEdit): void {
    const added = edit.added ?? [];
    const stays = new Set(added.map(({ table }) => table.id));
    assert(stays.size === added.length, 'a version edit adds a table twice');
    const moved = new Map<number, AddedTable>();
    for (const id of edit.removed ?? []) {
      const place = this.remove(id, !stays.has(id));
      if (stays.has(id)) moved.set(id, place);
    }
    for (const place of added) this.place(place, moved.get(place.table.id));
    for (const { id, reason } of edit.quarantined ?? []) {
      assert(this.placed.has(id), 'a version edit quarantines a table that is not there');
      this.quarantined.set(id, reason);
    }
    for (const facts of edit.databases ?? []) this.addFacts(facts);
    if (edit.nextTableId !== undefined) this.nextTableId = Math.max(this.nextTableId, edit.nextTableId);
    this.scalars = { ...this.scalars, ...edit };
  }

  finish(): State {
    const { placed, quarantined, facts, nextTableId, state } = this;
    const { flushed = state.flushed, logging = state.logging } = this.scalars;
    const { databasesMap = state.databasesMap, slots = state.slots } = this.scalars;
    return { placed, quarantined, facts, flushed, logging, nextTableId, databasesMap, slots };
  }

  private remove(id: number, isForGood: boolean): AddedTable {
    const place = this.placed.get(id);
    assert(place !== undefined, 'a version edit removes a table that is not there');
    this.placed.delete(id);
    if (isForGood) this.quarantined.delete(id);
    this.touch(place);
    return place;
  }

  private place(place: AddedTable, before: AddedTable | undefined): void {
    const { level, table } = place;
    assert(level >= 0 && level < LEVEL_COUNT, 'a version edit names a level that there is not');
    assert(table.smallest <= table.largest, 'a table begins behind its end');
    assert(!this.placed.has(table.id), 'a version edit adds a table that is there');
    if (before !== undefined) {
      assert(level > 0, 'no table moves to level 0: its place among the others would be lost');
      assert(before.table.db === table.db, 'no table moves to another database');
      assert(before.table.fileBytes === table.fileBytes, 'a version edit moves a table, and changes it');
    }
    this.placed.set(table.id, place);
    this.touch(place).push(place);
    this.nextTableId = Math.max(this.nextTableId, table.id + 1);
  }

  private addFacts(facts: DatabaseFacts): void {
    assert(facts.floor >= (this.facts.get(facts.db)?.floor ?? 0), 'the floor of a database never falls');
    this.facts.set(facts.db, facts);
  }

  private touch({ level, table }: AddedTable): AddedTable[] {
    const levels = this.touched.get(table.db) ?? new Map<number, AddedTable[]>();
    this.touched.set(table.db, levels);
    const came = levels.get(level) ?? [];
    levels.set(level, came);
    return came;
  }
}

/** The level with the tables that are still in it, and those that came. */
function levelAfter(level: Level, came: readonly AddedTable[], { placed }: State): Level {
  // A table that moved away and back is in both lists; the place tells which one stands.
  const newest = new Map(came.map((place) => [place.table.id, place]));
  const isHere = (place: AddedTable): boolean => placed.get(place.table.id) === place;
  const stayed = level.tables.filter(({ id }) => placed.get(id)?.level === level.number && !newest.has(id));
  const arrived = [...newest.values()].filter(isHere).map(({ table }) => table);
  return new Level(level.number, [...arrived.reverse(), ...stayed]);
}
