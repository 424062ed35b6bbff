import { BATCH_HEADER_BYTES } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';

interface Renewal {
  readonly sinceMs: number;
  /** Oldest first. */
  readonly before: readonly number[];
}

const reader = new BatchReader();

/** The record of a batch whose key stands at `keyAt`, as a batch of its own. REQUIRES: there is one. */
export function recordAt(batch: Buffer, keyAt: number): Buffer {
  let start = BATCH_HEADER_BYTES;
  reader.open(batch, 0, batch.length, 'a batch that was sent');
  for (; reader.next() && reader.keyStart !== keyAt; start = reader.offset);
  while (!reader.isRecordEnd) reader.next();
  return Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), batch.subarray(start, reader.offset)]);
}

/** With which stamps what was put again had been put before. */
export class Renewals {
  /** By the stamp that it has now; oldest first. */
  private readonly renewals = new Map<number, Renewal>();

  /** What a batch of one record has put was put again, with `stamp`. */
  add(record: Buffer, stamp: number, nowMs: number): void {
    const old = stampOf(record);
    this.renewals.set(stamp, { sinceMs: nowMs, before: [...this.before(record), old] });
    this.renewals.delete(old);
  }

  /** The stamps of what a batch of one record has put, before that of the record. */
  before(record: Buffer): readonly number[] {
    return this.renewals.get(stampOf(record))?.before ?? [];
  }

  /** Nobody waits any more for what was put before that. */
  forget(beforeMs: number): void {
    for (const [stamp, { sinceMs }] of this.renewals) {
      if (sinceMs >= beforeMs) return;
      this.renewals.delete(stamp);
    }
  }
}

function stampOf(record: Buffer): number {
  reader.open(record, 0, record.length, 'a record that was sent');
  reader.next();
  return reader.stamp;
}
