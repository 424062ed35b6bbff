import { CellType } from '../record/entry.js';
import type { WriteBatch } from '../record/write-batch.js';
import { RecordHead } from '../storage/memory/record-head.js';
import { SEGMENT_COUNT_MAX } from '../storage/memory/resident-table.js';
import type { Keyspace } from './keyspace.js';

/** Bytes of records that one step of a snapshot takes, more or less. */
const STEP_BYTES = 1024 * 1024;
const FRAME_BYTES = 64 * 1024;

const head = new RecordHead();

/**
 * Adds those records of a physical database to `batch` that the disk does not have, from `position` on, about STEP_BYTES of them; calls `drain`,
 * which empties the batch, whenever it has grown to FRAME_BYTES. Returns where to go on, POSITION_LIMIT at the end. What changes
 * meanwhile is logged by itself: merged with that, a copy made in steps is right.
 */
export function snapshotStep(
  keyspace: Keyspace,
  id: number,
  position: number,
  batch: WriteBatch,
  drain: () => void,
): number {
  const { heap } = keyspace;
  const { table } = keyspace.physicalDatabase(id);
  const visit = (ref: number): void => {
    if (keyspace.isClean(ref)) return;
    heap.read(ref, head);
    const bytes = heap.bytes(ref);
    const keyStart = heap.keyStart(ref);
    const valueStart = heap.valueStart(ref);
    if (head.isEmpty || head.form !== CellType.STRING) batch.wholeEntry(id, heap.key(ref), keyspace.entryOf(ref));
    else batch.wholeString(id, head, bytes, keyStart, valueStart, valueStart + heap.valueLength(ref));
    if (batch.byteLength >= FRAME_BYTES) drain();
  };
  const stepRecords = Math.ceil(STEP_BYTES / (keyspace.usedBytes / Math.max(1, keyspace.recordCount) + 1));
  // A whole segment costs no sorting; parts of one are taken in order, to go on from.
  if (stepRecords >= SEGMENT_COUNT_MAX) return table.forEachInSegmentAt(position, visit);
  return table.walk(position, stepRecords, visit);
}
