import { SLOT_COUNT, slotOf } from '../../base/position.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Entry } from '../../record/entry.js';
import { entryOfChange } from '../../record/entry-of-record.js';
import { ageOf, mergeAll } from '../../record/merge.js';
import type { SlotStamps } from '../../record/slot-stamps.js';
import { WriteBatch } from '../../record/write-batch.js';
import type { FilteredBatch } from './era-filter.js';
import type { Superseded } from './foreign-batches.js';

/** A batch without what is settled. */
export interface SettledBatch extends FilteredBatch {
  /** Values among what was taken out that were to replace all before them. */
  readonly superseded: readonly Superseded[];
}

/** A record that is being read. */
interface Open {
  /** What it says that is not settled. */
  readonly changes: Entry[];
  isCut: boolean;
  replaces: boolean;
}

/**
 * Takes out of the batches of other members what is settled (cluster/repair/slot-bounds.ts): that is known here, or was deleted, and perhaps nobody remembers. Notes which slots are told
 * of something that is closed.
 */
export class SettledFilter {
  private readonly bounds: SlotBounds;
  private readonly reader = new BatchReader();

  constructor(bounds: SlotBounds) {
    this.bounds = bounds;
  }

  /** Undefined: nothing is to be taken out. `lowestStamp` is that of the batch. Throws CorruptionError. */
  filter(batch: Buffer, lowestStamp: number): SettledBatch | undefined {
    return lowestStamp > this.bounds.closed.highest ? undefined : this.cut(batch, this.bounds.dead, false);
  }

  /**
   * The same of what a member offers that was away for too long (cluster/topology/absence.ts): what is closed may be settled, as others know. Elements of lists that are as old may have been deleted, whenever they were changed.
   */
  filterOffered(batch: Buffer): SettledBatch | undefined {
    const { closed } = this.bounds;
    return closed.highest === 0 ? undefined : this.cut(batch, closed, true);
  }

  /** Notes the same of a batch of which all is taken. Throws CorruptionError. */
  note(batch: Buffer, lowestStamp: number): void {
    const { reader } = this;
    if (lowestStamp > this.bounds.closed.highest) return;
    reader.open(batch, 0, batch.length, 'an entry that was decided');
    while (reader.next()) this.noteStirred(this.slot());
  }

  /** Takes out what is stamped up to a bound of its slot; if `byAge`, elements that are as old, too. */
  private cut(batch: Buffer, bounds: SlotStamps, byAge: boolean): SettledBatch | undefined {
    const { reader } = this;
    const kept: number[] = [];
    const dropped: number[] = [];
    const superseded: Superseded[] = [];
    const pieces = [batch.subarray(0, BATCH_HEADER_BYTES)];
    let hasCut = false;
    let start = BATCH_HEADER_BYTES;
    let open: Open = { changes: [], isCut: false, replaces: false };
    reader.open(batch, 0, batch.length, 'a batch of another member');
    for (let record = 0; reader.next();) {
      const slot = this.slot();
      const deadUpTo = slot === undefined ? 0 : bounds.of(slot);
      if (reader.stamp <= deadUpTo || (byAge && deadUpTo > 0 && ageOfChange(reader) <= deadUpTo)) {
        open.isCut = true;
        open.replaces ||= reader.kind === ChangeKind.VALUE && reader.replaces;
      } else {
        this.noteStirred(slot);
        if (slot !== undefined) open.changes.push(entryOfChange(reader));
      }
      if (!reader.isRecordEnd) continue;
      if (open.isCut && open.replaces) superseded.push({ record, stamp: deadUpTo });
      if (open.isCut && open.changes.length === 0) dropped.push(record);
      else {
        kept.push(record);
        pieces.push(open.isCut ? this.recordOf(batch, open.changes) : batch.subarray(start, reader.offset));
      }
      hasCut ||= open.isCut;
      open = { changes: [], isCut: false, replaces: false };
      start = reader.offset;
      record++;
    }
    return hasCut ? { batch: Buffer.concat(pieces), kept, dropped, superseded } : undefined;
  }

  /** That of the key that the reader stands on; undefined: it is of all keys. */
  private slot(): number | undefined {
    const { kind, bytes, keyStart, keyEnd } = this.reader;
    const isOfKey = kind !== ChangeKind.FLUSH && kind !== ChangeKind.DATABASES;
    return isOfKey ? slotOf(bytes, keyStart, keyEnd) : undefined;
  }

  private noteStirred(slot: number | undefined): void {
    const { stirred, closed } = this.bounds;
    const { stamp } = this.reader;
    if (slot !== undefined && stamp <= closed.of(slot)) stirred.add(slot);
    else if (slot === undefined && stamp <= closed.highest)
      for (let each = 0; each < SLOT_COUNT; each++) stirred.add(each);
  }

  /** A record of the key that the reader stands on, as it stands in `batch`. */
  private recordOf(batch: Buffer, changes: readonly Entry[]): Buffer {
    const { db, keyStart, keyEnd } = this.reader;
    const writer = new WriteBatch(batch.readUInt16LE(1));
    writer.change(db, batch.subarray(keyStart, keyEnd), mergeAll(changes), batch.readDoubleLE(3));
    return Buffer.from(writer.buffer.subarray(writer.start + BATCH_HEADER_BYTES, writer.end));
  }
}

/** The stamp that decides whether the change that the reader stands on is dead. */
function ageOfChange(reader: BatchReader): number {
  let { stamp } = reader;
  for (const cell of entryOfChange(reader).cells.values()) stamp = Math.min(stamp, ageOf(cell).stamp);
  return stamp;
}
