/**
 * A store of levels done the plain way, in memory: for trying out which compactions are chosen. Each key is a position; a
 * record says what it must to behave as one of a table does (lib/storage/sstable/record-flags.ts).
 */

import { expect } from 'chai';

import { firstStampOf } from '../../../lib/base/stamp.js';
import type { Compaction, CompactionState, MergeCompaction } from '../../../lib/storage/levels/compaction.js';
import { cursorKey, editOf, inputsOf } from '../../../lib/storage/levels/compaction.js';
import type { Version } from '../../../lib/storage/levels/version.js';
import { Version as Versions } from '../../../lib/storage/levels/version.js';
import type { TableMeta } from '../../../lib/storage/sstable/table-meta.js';
import { NOTHING_GIVEN_UP, tableOf } from './some-tables.js';

/** Unix milliseconds at which the clock of a store begins. */
export const BEGIN_MS = 1_700_000_000_000;
export const RECORD_BYTES = 100;

/** What one source says of one key. */
interface Record {
  /** Nothing older counts. */
  readonly isComplete: boolean;
  readonly value: number | undefined;
  /** Unix milliseconds, 0: never. */
  readonly expiresAtMs: number;
  readonly minStamp: number;
  readonly maxStamp: number;
}

/** What a key has. */
export interface Value {
  readonly value: number;
  readonly expiresAtMs: number;
}

type Records = ReadonlyMap<number, Record>;

/** The newer of two records over the older one. */
function fold(newer: Record | undefined, older: Record | undefined): Record | undefined {
  if (newer === undefined || older === undefined || newer.isComplete) return newer ?? older;
  const minStamp = Math.min(newer.minStamp, older.minStamp);
  return { ...older, expiresAtMs: newer.expiresAtMs, minStamp, maxStamp: newer.maxStamp };
}

export class DumbStore {
  nowMs = BEGIN_MS;
  version: Version = Versions.empty;
  readonly cursors = new Map<number, number>();
  readonly busy = new Set<number>();
  flushedBytes = 0;
  compactedBytes = 0;
  largestJobBytes = 0;

  private readonly tableRecords: number;
  private readonly contents = new Map<number, Records>();
  private memory = new Map<number, Record>();
  private memorySinceMs = Infinity;
  private lastStamp = 0;
  private lastId = 0;

  /** A table of a compaction has at most so many records. */
  constructor(tableRecords: number) {
    this.tableRecords = tableRecords;
  }

  get nextTableId(): number {
    return this.lastId + 1;
  }

  get stamp(): number {
    return this.lastStamp;
  }

  set(key: number, value: number, expiresAtMs: number): void {
    this.write(key, { isComplete: true, value, expiresAtMs });
  }

  delete(key: number): void {
    this.write(key, { isComplete: true, value: undefined, expiresAtMs: 0 });
  }

  /** PERSIST or EXPIREAT. REQUIRES: the key has a value. */
  expireAt(key: number, expiresAtMs: number): void {
    this.write(key, { isComplete: false, value: undefined, expiresAtMs });
  }

  /** FLUSHDB: nothing written so far counts. */
  empty(): void {
    this.memory = new Map();
    this.memorySinceMs = Infinity;
    this.version = this.version.apply({ databases: [{ ...this.version.facts(0), floor: this.lastStamp }] });
  }

  get(key: number): Value | undefined {
    let found = this.memory.get(key);
    const sources: TableMeta[] = [];
    const count = this.version.sourcesOf(0, key, sources);
    const { floor } = this.version.facts(0);
    for (let i = 0; i < count; i++) {
      const record = this.contents.get(sources[i].id)?.get(key);
      if (record !== undefined && record.maxStamp > floor) found = fold(found, record);
    }
    if (found?.value === undefined || (found.expiresAtMs !== 0 && found.expiresAtMs <= this.nowMs)) return undefined;
    return { value: found.value, expiresAtMs: found.expiresAtMs };
  }

  /** What is in memory becomes a table of level 0. */
  flush(): void {
    if (this.memory.size === 0) return;
    const table = this.addTable([...this.memory].sort(([a], [b]) => a - b));
    this.flushedBytes += table.fileBytes;
    this.version = this.version.apply({ added: [{ level: 0, table }] });
    this.memory = new Map();
    this.memorySinceMs = Infinity;
  }

  state(isIdle: boolean): CompactionState {
    const { busy, nowMs, cursors } = this;
    return {
      busy,
      nowMs,
      cursors,
      isIdle,
      unflushedSinceMs: this.memorySinceMs,
      keepsExpired: false,
      mayLoseDeletes: (table) => table.emptyCount > 0,
      slots: NOTHING_GIVEN_UP,
    };
  }

  begin(compaction: Compaction): void {
    const inputs = inputsOf(compaction);
    for (const { id } of inputs) {
      expect(this.busy.has(id), 'an input is in use').to.equal(false);
      expect(this.version.quarantined.has(id) && compaction.kind !== 'drop', 'an input is damaged').to.equal(false);
      this.busy.add(id);
    }
    const bytes = inputs.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    this.largestJobBytes = Math.max(this.largestJobBytes, compaction.kind === 'merge' ? bytes : 0);
  }

  finish(compaction: Compaction): void {
    const outputs = compaction.kind === 'merge' ? this.merge(compaction) : [];
    this.version = this.version.apply(editOf(compaction, outputs));
    for (const { id } of inputsOf(compaction)) this.busy.delete(id);
    if (compaction.kind === 'drop' || compaction.cursor === undefined) return;
    this.cursors.set(cursorKey(0, compaction.cursor.level), compaction.cursor.position);
  }

  private write(key: number, what: Pick<Record, 'isComplete' | 'value' | 'expiresAtMs'>): void {
    this.lastStamp = Math.max(this.lastStamp + 1, firstStampOf(this.nowMs));
    const record = { ...what, minStamp: this.lastStamp, maxStamp: this.lastStamp };
    this.memorySinceMs = Math.min(this.memorySinceMs, this.nowMs);
    this.memory.set(key, fold(record, this.memory.get(key)) ?? record);
  }

  private merge({ runs, deeper, expireUpToMs }: MergeCompaction): TableMeta[] {
    const { floor } = this.version.facts(0);
    const merged = new Map<number, Record>();
    for (const run of runs) {
      for (const [key, record] of run.flatMap(({ id }) => [...(this.contents.get(id) ?? [])])) {
        if (record.maxStamp > floor) merged.set(key, fold(merged.get(key), record) ?? record);
      }
    }
    const isDeep = (key: number): boolean => {
      for (let i = 0; i < deeper.length; i += 2) if (deeper[i] <= key && key <= deeper[i + 1]) return true;
      return false;
    };
    const isDead = ({ value, expiresAtMs }: Record): boolean =>
      value === undefined || (expiresAtMs !== 0 && expiresAtMs <= expireUpToMs);
    const kept = [...merged].filter(([key, record]) => isDeep(key) || !isDead(record)).sort(([a], [b]) => a - b);
    const outputs: TableMeta[] = [];
    for (let start = 0; start < kept.length; start += this.tableRecords) {
      outputs.push(this.addTable(kept.slice(start, start + this.tableRecords)));
    }
    this.compactedBytes += outputs.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    return outputs;
  }

  private addTable(records: readonly (readonly [number, Record])[]): TableMeta {
    const id = ++this.lastId;
    const all = records.map(([, record]) => record);
    const live = all.filter(({ value }) => value !== undefined);
    const lasts = live.some(({ expiresAtMs }) => expiresAtMs === 0);
    this.contents.set(id, new Map(records));
    return tableOf({
      id,
      fileBytes: RECORD_BYTES * records.length,
      smallest: records[0][0],
      largest: records[records.length - 1][0],
      recordCount: records.length,
      emptyCount: all.length - live.length,
      expiringCount: all.filter(({ expiresAtMs }) => expiresAtMs > 0).length,
      minStamp: Math.min(...all.map(({ minStamp }) => minStamp)),
      maxStamp: Math.max(...all.map(({ maxStamp }) => maxStamp)),
      expiresByMs: lasts ? 0 : Math.max(0, ...live.map(({ expiresAtMs }) => expiresAtMs)),
    });
  }
}
