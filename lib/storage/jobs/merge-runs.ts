/**
 * Merges runs of tables of one database into one: what is left of each key, a record or parts, goes to `sink`, in the order of tables.
 *
 * Most keys are in one run only. Their records are copied as they are, and as long as one run stands below all others, nothing is compared but
 * numbers. Where runs meet at a position, keys are compared; and only where no record says that the rest no longer counts, they are decoded
 * and merged, cell by cell.
 *
 *  1. Of two runs the newer comes first. If no table holds another node's cells, what a newer run has of a key is stamped above
 *     all that older runs have of it: a COMPLETE record then ends the search.
 *  2. Changes stamped up to the floor are dead.
 *  3. A record with nothing live, one that has expired, and the tombstones of one that was merged anyway go only where nothing deeper overlaps:
 *     it might be what they hide. With `deadUpTo` only keys that are deleted as a whole and marks (record/marks.ts) go, up to there: what the rest hides might be with other nodes.
 */

import { BatchReader } from '../../record/batch-reader.js';
import { ChangeKind } from '../../record/batch-format.js';
import { CellType } from '../../record/entry.js';
import { isValueCell } from '../../record/marks.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import { RecordFlags } from '../sstable/record-flags.js';
import type { RecordSink } from '../sstable/stored-record.js';
import { StoredRecord } from '../sstable/stored-record.js';
import { KeyCompactor, KeyFate } from './key-compactor.js';
import { PositionRanges } from './position-ranges.js';
import type { RunReader } from './run-reader.js';
import { nextPart, skipKey } from './run-source.js';

/** The parts of a CompactionJob that decide what stays. */
export interface MergeRules {
  readonly deeper: Float64Array;
  readonly floor: number;
  readonly nowMs: number;
  readonly deadUpTo: Float64Array | undefined;
  readonly origin: number;
  /** Does one of the tables hold cells of other nodes? */
  readonly foreign: boolean;
  readonly partBytes?: number | undefined;
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
  /** What is copied. */
  private readonly record = new StoredRecord();
  private readonly deeper: PositionRanges;
  private readonly dead: SlotStamps | undefined;
  private readonly keys: KeyCompactor;
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
    this.dead = rules.deadUpTo && SlotStamps.ofRuns(rules.deadUpTo);
    // Above -1 is everything.
    this.keys = new KeyCompactor(
      rules.floor === 0 ? -1 : rules.floor,
      rules.nowMs,
      rules.origin,
      sink,
      rules.partBytes,
    );
  }

  /** Marks that went. */
  get marksDropped(): number {
    return this.keys.marksDropped;
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
      skipKey(run);
    } while (run.position < limit);
  }

  /** The records of several runs at one position, key by key. */
  private mergePosition(position: number): void {
    const { level, same } = this;
    while (level.length > 0) {
      this.findLowestKey();
      if (same.length === 1) this.single(same[0]);
      else this.mergeKey();
      for (const run of same) skipKey(run);
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

  /** The key that the only run stands on which has it. */
  private single(run: RunReader): void {
    const flags = run.block.flags(run.index);
    if (run.mustDecode || this.mayLoseMarks(run)) this.mergeRuns([run]);
    else if ((flags & (RecordFlags.EXPIRES | RecordFlags.EMPTY | RecordFlags.MORE)) === 0) {
      this.recordsOut++;
      this.copy(run, flags, 0);
    } else if ((flags & RecordFlags.MORE) === 0) this.copyDoubtful(run, flags);
    else if ((flags & (RecordFlags.EXPIRES | RecordFlags.EMPTY)) !== 0 && this.goneUpTo(run.position) === Infinity) {
      // What the parts behind say decides whether it has to go.
      this.mergeRuns([run]);
    } else this.copyParts(run);
  }

  private copy(run: RunReader, flags: number, expiresByMs: number): void {
    const { record } = this;
    const { block, index } = run;
    record.position = run.position;
    record.flags = flags;
    record.setBytes(block.bytes, block.recordStart(index), block.recordEnd(index));
    record.expiresByMs = expiresByMs;
    record.markBytes = this.markBytes(run);
    this.sink.add(record);
  }

  /** Copies a record that may have to go. */
  private copyDoubtful(run: RunReader, flags: number): void {
    const isEmpty = (flags & RecordFlags.EMPTY) !== 0;
    const expiresByMs = isEmpty ? 0 : this.expiresByMs(run, Infinity);
    const isExpired = expiresByMs !== 0 && expiresByMs <= this.rules.nowMs;
    const goneUpTo = isEmpty || isExpired ? this.goneUpTo(run.position) : 0;
    if (goneUpTo !== Infinity && !(isEmpty && this.isDeleted(run, goneUpTo))) {
      this.recordsOut++;
      this.copy(run, flags, expiresByMs);
    } else this.count(isEmpty ? KeyFate.EMPTY : KeyFate.EXPIRED);
  }

  /** Copies all parts of a key. */
  private copyParts(run: RunReader): void {
    this.recordsOut++;
    let entryByMs = Infinity;
    for (let isFirst = true; ; isFirst = false) {
      const flags = run.block.flags(run.index);
      const expires = (flags & RecordFlags.EXPIRES) !== 0;
      if (isFirst && expires) entryByMs = this.entryByMs(run);
      const isPlain = !expires && entryByMs === Infinity;
      this.copy(run, flags, isPlain ? 0 : this.expiresByMs(run, entryByMs));
      if ((flags & RecordFlags.MORE) === 0) return;
      nextPart(run);
    }
  }

  /** The runs in `same`, which stand on one key. */
  private mergeKey(): void {
    const { same, rules } = this;
    this.superseded += same.length - 1;
    if (rules.foreign) this.mergeRuns(same);
    else if (isComplete(same[0])) this.single(same[0]);
    else {
      const last = same.findIndex(isComplete);
      this.mergeRuns(last < 0 ? same : same.slice(0, last + 1));
    }
  }

  private mergeRuns(runs: readonly RunReader[]): void {
    this.count(this.keys.compact(runs, this.goneUpTo(runs[0].position)));
  }

  /** Up to which stamp what is dead may go; Infinity: all of it, and what has expired. */
  private goneUpTo(position: number): number {
    if (this.deeper.has(position)) return 0;
    return this.dead === undefined ? Infinity : this.dead.at(position);
  }

  /** Whether the current record of a run, which is EMPTY, says nothing but that the key, or parts of it, are gone, up to a stamp. */
  private isDeleted(run: RunReader, stamp: number): boolean {
    const { reader } = this;
    if (stamp === 0) return false;
    this.open(run);
    while (reader.next()) {
      if (reader.stamp > stamp || (reader.kind === ChangeKind.EXPIRY && reader.atMs !== 0)) return false;
    }
    return true;
  }

  /** Whether the record that a run stands on may have marks that may go: it is to be written anew then. */
  private mayLoseMarks(run: RunReader): boolean {
    if (this.dead === undefined || !run.mayHaveMarks || this.goneUpTo(run.position) === 0) return false;
    return this.isOfParts(run);
  }

  /** How much of the current record of a run is marks, about. */
  private markBytes(run: RunReader): number {
    const { reader } = this;
    if (!run.mayHaveMarks || !this.isOfParts(run)) return 0;
    let bytes = 0;
    this.open(run);
    for (let before = reader.offset; reader.next(); before = reader.offset) {
      const isCell = reader.kind === ChangeKind.TOMBSTONE || reader.kind === ChangeKind.VALUE;
      if (isCell && !isValueCell(reader)) bytes += reader.offset - before;
    }
    return bytes;
  }

  /** Whether the current record of a run has cells of a type that has marks. */
  private isOfParts(run: RunReader): boolean {
    const { reader } = this;
    this.open(run);
    while (reader.next()) {
      if (reader.kind === ChangeKind.TOMBSTONE || reader.kind === ChangeKind.VALUE)
        return reader.type !== CellType.STRING;
    }
    return false;
  }

  private count(fate: KeyFate): void {
    if (fate === KeyFate.WRITTEN) this.recordsOut++;
    else if (fate === KeyFate.EMPTY) this.emptyDropped++;
    else if (fate === KeyFate.EXPIRED) this.expiredDropped++;
    else this.flushedDropped++;
  }

  /** `expiresByMsOf` the current record of a run, without making an entry of it; `entryByMs`: what the parts before say of the whole. */
  private expiresByMs(run: RunReader, entryByMs: number): number {
    const { reader } = this;
    let byMs = entryByMs;
    let cellsByMs = 0;
    this.open(run);
    while (reader.next()) {
      if (reader.kind === ChangeKind.EXPIRY) byMs = reader.atMs || Infinity;
      else if (isValueCell(reader)) cellsByMs = Math.max(cellsByMs, reader.atMs || Infinity);
    }
    byMs = Math.min(byMs, cellsByMs);
    return byMs === Infinity ? 0 : byMs;
  }

  /** When the key expires as a whole, as its first part says. */
  private entryByMs(run: RunReader): number {
    const { reader } = this;
    this.open(run);
    while (reader.next()) {
      if (reader.kind === ChangeKind.EXPIRY) return reader.atMs || Infinity;
      if (reader.kind !== ChangeKind.DELETE) break;
    }
    return Infinity;
  }

  private open(run: RunReader): void {
    const { block, index, origin } = run;
    this.reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), origin, block.path);
  }
}

/** The order of the keys that two runs stand on. */
export function compareKeys(a: RunReader, b: RunReader): number {
  const left = a.block.keyOf(a.index);
  const right = b.block.keyOf(b.index);
  return a.block.bytes.compare(b.block.bytes, right.start, right.end, left.start, left.end);
}

function isComplete(run: RunReader): boolean {
  return (run.block.flags(run.index) & RecordFlags.COMPLETE) !== 0;
}
