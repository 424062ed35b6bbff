import type { FileId } from '../log/aof-frame.js';

/**
 * What is known of an SSTable without opening it: the manifest keeps it, and the table's own footer says the same.
 *
 * A table holds keys of one physical database, sorted by (position, key), each key once. It never changes.
 */
export interface TableMeta {
  /** The number of its file, `tables/<10 digits>.sst`. No number is used twice. */
  readonly id: number;
  /** Random, drawn for this file alone: its checksums begin with it. */
  readonly fileId: FileId;
  /** The physical database. */
  readonly db: number;
  readonly fileBytes: number;
  /** The first and the last position. */
  readonly smallest: number;
  readonly largest: number;
  /** Keys: one in parts counts once. */
  readonly recordCount: number;
  /** Of these, those with nothing live in them: deletes. */
  readonly emptyCount: number;
  /** And those that have an expiry. */
  readonly expiringCount: number;
  /** Every pair in the table has a stamp in this range (it may be wider than needed). */
  readonly minStamp: number;
  readonly maxStamp: number;
  /** Unix milliseconds by which everything in the table has expired; 0 if something never does. */
  readonly expiresByMs: number;
  /** About how much of it says that parts of keys are gone (record/marks.ts). Not there: the table was written before anybody looked for that, and nobody knows. */
  readonly markBytes?: number;
  /** It holds cells that another node stamped: their stamps say nothing of when they came. */
  readonly foreign: boolean;
}
