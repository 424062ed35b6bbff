/**
 * Merges runs of tables of one database into one: the record of each key goes to `sink`, in the order of tables.
 *
 * Most keys are in one run only. Their records are copied as they are, and as long as one run stands below all others, nothing is compared but
 * numbers. Where runs meet at a position, keys are compared; and only where no record says that the rest no longer counts, they are decoded
 * and merged.
 *
 *  1. Of two runs the newer comes first. If no table holds another node's cells, what a newer run has of a key is stamped above
 *     all that older runs have of it: a COMPLETE record then ends the search.
 *  2. Changes stamped up to the floor are dead.
 *  3. A record with nothing live, one that has expired, and the tombstones of one that was merged anyway go only where nothing deeper overlaps:
 *     it might be what they hide.
 */

import { BatchReader } from '../../record/batch-reader.js';
import { ChangeKind } from '../../record/batch-format.js';
import { entryOfChange } from '../../record/entry-of-record.js';
import type { Cell, Entry } from '../../record/entry.js';
import { EMPTY_ENTRY, holdsValue } from '../../record/entry.js';
import { mergeAll } from '../../record/merge.js';
import { PAIR_ZERO, comparePairs } from '../../record/pair.js';
import { RecordWriter } from '../../record/record-writer.js';
import { RecordFlags, expiresByMsOf, flagsOf } from '../sstable/record-flags.js';
import { PositionRanges } from './position-ranges.js';
import type { RunReader } from './run-reader.js';

/** Takes records as TableWriter does. `bytes` are valid until it returns. */
export interface RecordSink {
  add(position: number, flags: number, bytes: Uint8Array, start: number, end: number, expiresAtMs: number): void;
}

/** The parts of a CompactionJob that decide what stays. */
export interface MergeRules {
  readonly deeper: Float64Array;
  readonly floor: number;
  readonly nowMs: number;
  readonly origin: number;
  /** Does one of the tables hold cells of other nodes? */
  readonly foreign: boolean;
}

export class RunMerge {
  recordsOut = 0;
  superseded = 0;
  emptyDropped = 0;
  expiredDropped = 0;
  flushedDropped = 0;

  private readonly runs: readonly RunReader[];
  private readonly rules: MergeRules;
  private readonly sink: RecordSink;
  private readonly deeper: PositionRanges;
  /** -1: everything is above it. */
  private readonly floor: number;
  private readonly record: RecordWriter;
  private readonly reader = new BatchReader();
  /** Those that stand on the lowest position, and of them those on the lowest key: newest first. */
  private readonly level: RunReader[] = [];
  private readonly same: RunReader[] = [];
  private lowest = 0;
  private secondLowest = 0;

  /** `runs` are newest first, and each stands on its first record. */
  constructor(runs: readonly RunReader[], rules: MergeRules, sink: RecordSink) {
    this.runs = runs;
    this.rules = rules;
    this.sink = sink;
    this.deeper = new PositionRanges(rules.deeper);
    this.floor = rules.floor === 0 ? -1 : rules.floor;
    this.record = new RecordWriter(rules.origin);
  }

  /** Merges to the end. */
  run(): void {
    for (let first = this.findLowest(); this.lowest !== Infinity; first = this.findLowest()) {
      if (this.level.length === 1) this.copyBelow(first, this.secondLowest);
      else this.mergePosition(this.lowest);
    }
  }

  /** Looks for the lowest position and the next one that other runs stand on; returns the newest of the lowest. */
  private findLowest(): RunReader {
    const { runs, level } = this;
    let lowest = Infinity;
    let second = Infinity;
    level.length = 0;
    for (let i = 0; i < runs.length; i++) {
      const { position } = runs[i];
      if (position < lowest) {
        second = lowest;
        lowest = position;
        level.length = 0;
      } else if (position > lowest && position < second) {
        second = position;
      }
      if (position === lowest) level.push(runs[i]);
    }
    this.lowest = lowest;
    this.secondLowest = second;
    return level[0];
  }

  /** The records of one run that stand below `limit`: no other run has their keys. */
  private copyBelow(run: RunReader, limit: number): void {
    do {
      this.single(run);
      run.next();
    } while (run.position < limit);
  }

  /** The records of several runs at one position, key by key. */
  private mergePosition(position: number): void {
    const { level, same } = this;
    while (level.length > 0) {
      this.findLowestKey();
      if (same.length === 1) this.single(same[0]);
      else this.mergeKey(position);
      for (const run of same) run.next();
      this.keepAt(position);
    }
  }

  /** Leaves in `level` those that still stand on the position. */
  private keepAt(position: number): void {
    const { level } = this;
    let kept = 0;
    for (const run of level) if (run.position === position) level[kept++] = run;
    level.length = kept;
  }

  private findLowestKey(): void {
    const { level, same } = this;
    same.length = 0;
    for (const run of level) {
      const order = same.length === 0 ? 0 : compareKeys(run, same[0]);
      if (order < 0) same.length = 0;
      if (order <= 0) same.push(run);
    }
  }

  /** The current record of the only run that has its key. */
  private single(run: RunReader): void {
    const { block, index } = run;
    const flags = block.flags(index);
    if (run.mustDecode) {
      this.put(run, this.decode(run));
    } else if ((flags & (RecordFlags.EXPIRES | RecordFlags.EMPTY)) === 0) {
      this.recordsOut++;
      this.sink.add(run.position, flags, block.bytes, block.recordStart(index), block.recordEnd(index), 0);
    } else {
      this.copyDoubtful(run, flags);
    }
  }

  /** Copies a record that may have to go. */
  private copyDoubtful(run: RunReader, flags: number): void {
    const { block, index, position } = run;
    const isEmpty = (flags & RecordFlags.EMPTY) !== 0;
    const expiresByMs = isEmpty ? 0 : this.expiresByMs(run);
    if (this.isDropped(position, isEmpty, expiresByMs)) return;
    this.recordsOut++;
    this.sink.add(position, flags, block.bytes, block.recordStart(index), block.recordEnd(index), expiresByMs);
  }

  /** The records of the runs in `same`, which are of one key. */
  private mergeKey(position: number): void {
    const { same, rules } = this;
    const newest = same[0];
    this.superseded += same.length - 1;
    if (!rules.foreign && isComplete(newest)) {
      this.single(newest);
      return;
    }
    const entries: Entry[] = [];
    for (const run of same) {
      entries.push(this.decode(run));
      if (!rules.foreign && isComplete(run)) break;
    }
    this.put(newest, mergeAll(entries), position);
  }

  /** Writes what the merge has left of the key that `run` stands on. */
  private put(run: RunReader, merged: Entry, position = run.position): void {
    const entry = this.deeper.has(position) ? merged : withoutTombstones(merged);
    const flags = flagsOf(entry);
    const isEmpty = (flags & RecordFlags.EMPTY) !== 0;
    if (isEmpty && isNothing(merged)) {
      this.flushedDropped++;
      return;
    }
    const expiresByMs = expiresByMsOf(entry);
    if (this.isDropped(position, isEmpty, expiresByMs)) return;
    const { block, index } = run;
    const key = block.keyOf(index);
    this.record.entry(entry, block.bytes, key.start, key.end);
    this.recordsOut++;
    this.sink.add(position, flags, this.record.buffer, 0, this.record.end, expiresByMs);
  }

  /** Counts and drops what is not needed at the bottom. */
  private isDropped(position: number, isEmpty: boolean, expiresByMs: number): boolean {
    const isExpired = expiresByMs !== 0 && expiresByMs <= this.rules.nowMs;
    if ((!isEmpty && !isExpired) || this.deeper.has(position)) return false;
    if (isEmpty) this.emptyDropped++;
    else this.expiredDropped++;
    return true;
  }

  /** What the current record of a run says above the floor. */
  private decode(run: RunReader): Entry {
    const { reader } = this;
    const entries: Entry[] = [];
    this.open(run);
    while (reader.next()) if (reader.stamp > this.floor) entries.push(entryOfChange(reader));
    return entries.length === 0 ? EMPTY_ENTRY : mergeAll(entries);
  }

  /** `expiresByMsOf` of the current record of a run, without making an entry of it. */
  private expiresByMs(run: RunReader): number {
    const { reader } = this;
    let entryByMs = Infinity;
    let cellsByMs = 0;
    this.open(run);
    while (reader.next()) {
      if (reader.kind === ChangeKind.EXPIRY) entryByMs = reader.atMs || Infinity;
      else if (reader.kind === ChangeKind.VALUE) cellsByMs = Math.max(cellsByMs, reader.atMs || Infinity);
    }
    const byMs = Math.min(entryByMs, cellsByMs);
    return byMs === Infinity ? 0 : byMs;
  }

  private open(run: RunReader): void {
    const { block, index, origin } = run;
    this.reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path);
  }
}

function compareKeys(a: RunReader, b: RunReader): number {
  const left = a.block.keyOf(a.index);
  const right = b.block.keyOf(b.index);
  return a.block.bytes.compare(b.block.bytes, right.start, right.end, left.start, left.end);
}

function isComplete(run: RunReader): boolean {
  return (run.block.flags(run.index) & RecordFlags.COMPLETE) !== 0;
}

function isNothing(entry: Entry): boolean {
  return (
    entry.cells.size === 0 &&
    comparePairs(entry.deletedUpTo, PAIR_ZERO) === 0 &&
    comparePairs(entry.expiry.pair, PAIR_ZERO) === 0
  );
}

function withoutTombstones(entry: Entry): Entry {
  const cells = new Map<string, Cell>();
  for (const [key, cell] of entry.cells) if (holdsValue(cell)) cells.set(key, cell);
  return cells.size === entry.cells.size ? entry : { ...entry, cells };
}
