import { assert } from '../../base/assert.js';
import type { BatchReader } from '../../record/batch-reader.js';
import type { Expiry } from '../../record/entry.js';
import type { CellSink } from '../../record/key-merge.js';
import { KeyMerge } from '../../record/key-merge.js';
import { isValueCell, settledExpiry } from '../../record/marks.js';
import type { Pair } from '../../record/pair.js';
import { PAIR_ZERO, comparePairs } from '../../record/pair.js';
import { KeyWriter } from '../sstable/key-writer.js';
import type { RecordSink } from '../sstable/stored-record.js';
import type { RunReader } from './run-reader.js';
import { RunSource } from './run-source.js';

/** What became of a key: written, dropped without a live cell, dropped because it had expired; or nothing of it counted. */
export const KeyFate = { WRITTEN: 0, EMPTY: 1, EXPIRED: 2, NOTHING: 3 } as const;
export type KeyFate = (typeof KeyFate)[keyof typeof KeyFate];

/**
 * Merges what several runs have of one key, cell by cell, and writes what is to stay. At the bottom, where nothing deeper holds the key, tombstones and removals go, and a
 * key that has expired as a whole; of a key in parts, parts whose cells have all expired, too. Where other nodes have it, only what was deleted as a whole does, and marks (record/marks.ts),
 * both up to a stamp.
 */
export class KeyCompactor implements CellSink {
  /** Marks that were left out, up to where they go. */
  marksDropped = 0;
  private readonly merge = new KeyMerge();
  private readonly writer: KeyWriter;
  private readonly sources = new Map<RunReader, RunSource>();
  private readonly chosen: RunSource[] = [];
  private readonly floor: number;
  private readonly nowMs: number;

  // The key at hand.
  private key = Buffer.alloc(0);
  private position = 0;
  /** Everything dead goes. */
  private isBottom = false;
  /** No more is known of it than that it was deleted, up to what may go. */
  private isDeleted = false;
  private goneUpTo = 0;
  private hasExpired = false;
  private hasCell = false;
  private hasValue = false;
  /** Of `marksDropped`, those of the keys before. */
  private marksBefore = 0;

  /** What is stamped up to `floor` does not count. `nowMs`, `origin`, `partBytes`: as in CompactionJob. */
  constructor(floor: number, nowMs: number, origin: number, sink: RecordSink, partBytes?: number) {
    this.floor = floor;
    this.nowMs = nowMs;
    this.writer = new KeyWriter(origin, sink, partBytes);
  }

  /**
   * Merges the records that `runs` stand on, newest first, all of one key; they may be moved to the last part of it. What is dead may go up to the stamp `goneUpTo`;
   * Infinity: all of it, and what has expired.
   */
  compact(runs: readonly RunReader[], goneUpTo: number): KeyFate {
    const { block, index, position } = runs[0];
    const { start, end } = block.keyOf(index);
    this.key = Buffer.from(block.bytes.subarray(start, end));
    this.position = position;
    this.goneUpTo = goneUpTo;
    this.isBottom = goneUpTo === Infinity;
    this.hasCell = this.hasValue = this.hasExpired = false;
    this.marksBefore = this.marksDropped;
    this.chosen.length = 0;
    for (const run of runs) this.chosen.push(this.sourceOf(run));
    this.merge.begin(this.chosen, this);
    const waiting = this.merge.run();
    assert(waiting === undefined, 'a run reads on by itself');
    return this.finish();
  }

  begin(deletedUpTo: Pair, expiry: Expiry): void {
    const { writer, key } = this;
    const kept = this.isBottom ? expiry : settledExpiry(expiry, this.goneUpTo);
    if (kept !== expiry) this.marksDropped++;
    this.isDeleted = deletedUpTo.stamp <= this.goneUpTo && comparePairs(kept.pair, PAIR_ZERO) === 0;
    this.hasExpired = this.isBottom && kept.atMs !== 0 && kept.atMs <= this.nowMs;
    writer.dropExpiredUpToMs = this.isBottom ? this.nowMs : 0;
    writer.begin(this.position, key, 0, key.length, deletedUpTo, kept);
  }

  cell(reader: BatchReader): void {
    const isValue = isValueCell(reader);
    if (!isValue && !this.isBottom && reader.stamp <= this.goneUpTo) {
      this.marksDropped++;
      return;
    }
    this.hasCell = true;
    if (isValue) this.hasValue = true;
    else if (this.isBottom) return;
    if (!this.hasExpired) this.writer.add(reader);
  }

  private finish(): KeyFate {
    const { writer, nowMs } = this;
    if (!this.hasCell && writer.isNothing) {
      return this.marksDropped > this.marksBefore ? KeyFate.EMPTY : KeyFate.NOTHING;
    }
    if (this.isBottom) {
      if (!this.hasValue) return KeyFate.EMPTY;
      if (this.hasExpired) return KeyFate.EXPIRED;
      const { expiresByMs } = writer;
      if (writer.partCount === 0 && expiresByMs !== 0 && expiresByMs <= nowMs) return KeyFate.EXPIRED;
    }
    if (this.isDeleted && !this.hasCell) return KeyFate.EMPTY;
    writer.finish();
    return KeyFate.WRITTEN;
  }

  private sourceOf(run: RunReader): RunSource {
    let source = this.sources.get(run);
    if (source === undefined) {
      source = new RunSource(run);
      this.sources.set(run, source);
    }
    source.begin(this.floor);
    return source;
  }
}
