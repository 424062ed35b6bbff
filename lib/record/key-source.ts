import { pairBefore } from './pair.js';
import { ChangeKind } from './batch-format.js';
import { BatchReader } from './batch-reader.js';
import type { Expiry } from './entry.js';
import { NO_EXPIRY } from './entry.js';
import type { Pair } from './pair.js';
import { PAIR_ZERO } from './pair.js';

/** Where a KeySource stands: on a cell, behind the last one, or before a part that has yet to be read. */
export const SourceState = { CELL: 0, END: 1, WAITING: 2 } as const;
export type SourceState = (typeof SourceState)[keyof typeof SourceState];

/**
 * What one table says of a key, read change by change: a record, or parts that follow each other (storage/sstable/key-writer.ts), each of them in
 * memory by its turn only. What the registers are is known as soon as it stands on its first cell.
 */
export abstract class KeySource {
  /** On the current cell. */
  readonly reader = new BatchReader();
  state: SourceState = SourceState.WAITING;
  deletedUpTo: Pair = PAIR_ZERO;
  expiry: Expiry = NO_EXPIRY;
  private hasMore = false;
  private floor = -1;

  /** Moves to the next cell, or to what the state says then. REQUIRES: it stands on a cell. Throws CorruptionError. */
  next(): void {
    const { reader } = this;
    for (;;) {
      if (!reader.next()) {
        this.state = this.hasMore ? SourceState.WAITING : SourceState.END;
        if (this.state === SourceState.END || !this.openNext()) return;
        continue;
      }
      if (reader.stamp <= this.floor) continue;
      if (reader.kind === ChangeKind.DELETE) this.deletedUpTo = { stamp: reader.stamp, origin: reader.origin };
      else if (reader.kind === ChangeKind.EXPIRY) {
        this.expiry = { atMs: reader.atMs, pair: { stamp: reader.stamp, origin: reader.origin } };
      } else {
        if (reader.replaces) this.deletedUpTo = pairBefore({ stamp: reader.stamp, origin: reader.origin });
        this.state = SourceState.CELL;
        return;
      }
    }
  }

  /** Begins with another key: nothing is known of it. Changes stamped up to `floor` do not count. */
  protected forget(floor: number): void {
    this.floor = floor;
    this.deletedUpTo = PAIR_ZERO;
    this.expiry = NO_EXPIRY;
  }

  /** Goes on with the record `bytes[start, end)` of the key; `hasMore`: another part follows. */
  protected openPart(bytes: Buffer, start: number, end: number, origin: number, path: string, hasMore: boolean): void {
    this.hasMore = hasMore;
    this.reader.openRecords(bytes, start, end, origin, path);
  }

  /** Opens the next part (`openPart`); false if it has to be read first. */
  protected abstract openNext(): boolean;
}
