import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';

/** A batch without the records of some keys. */
export interface FilteredBatch {
  readonly batch: Buffer;
  /** The numbers, in the batch as it was, of the records that are left, and of those that are not. */
  readonly kept: readonly number[];
  readonly dropped: readonly number[];
}

const reader = new BatchReader();

/** Takes the records of keys out of a batch that `isDropped` names; undefined if there are none. Throws CorruptionError. */
export function withoutKeys(
  batch: Buffer,
  isDropped: (bytes: Buffer, start: number, end: number) => boolean,
): FilteredBatch | undefined {
  const kept: number[] = [];
  const dropped: number[] = [];
  const pieces = [batch.subarray(0, BATCH_HEADER_BYTES)];
  let start = BATCH_HEADER_BYTES;
  reader.open(batch, 0, batch.length, 'a batch of another member');
  for (let record = 0; reader.next();) {
    if (!reader.isRecordEnd) continue;
    const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
    if (isOfKey && isDropped(batch, reader.keyStart, reader.keyEnd)) dropped.push(record);
    else {
      kept.push(record);
      pieces.push(batch.subarray(start, reader.offset));
    }
    start = reader.offset;
    record++;
  }
  return dropped.length === 0 ? undefined : { batch: Buffer.concat(pieces), kept, dropped };
}
