/**
 * What the main thread asks of the threads that flush, compact and back up, and what they answer: plain data that can be sent from
 * one thread to another.
 *
 * A job reads files that do not change and makes new ones. When it has answered, these are durable, their names too; when it has failed,
 * they are gone again, unless the disk refuses that as well: nobody knows of them then, and the next start removes them. (What a backup has
 * made, its asker removes.)
 */

import type { SlotRange } from '../../base/slot-set.js';
import type { SlotFloor } from '../levels/slot-floors.js';
import type { FileId } from '../log/aof-frame.js';
import type { Compression } from '../sstable/compression.js';
import type { TableMeta } from '../sstable/table-meta.js';

/** Which files a job may make: tables `firstId` to `firstId + count - 1`. All their ids are drawn from one random number. */
export interface ReservedTables {
  readonly firstId: number;
  /** At least 1. */
  readonly count: number;
  /** Drawn for this job alone. */
  readonly seed: FileId;
}

export interface TableOptions {
  /** What a data block has at most, unless it holds one record. */
  readonly blockBytes: number;
  readonly compression: Compression;
  /** Of the bloom filter. */
  readonly filterBitsPerKey: number;
  /** What the changes of a part of a key take at most (sstable/key-writer.ts); PART_BYTES by default. */
  readonly partBytes?: number;
}

/** A segment of the log that is appended to no more. */
export interface ClosedSegment {
  readonly number: number;
  readonly fileId: FileId;
  readonly sizeBytes: number;
}

/** Everything in database `db` that is stamped up to `stamp` is dead: it was emptied. */
export interface DatabaseFloor {
  readonly db: number;
  readonly stamp: number;
}

/** Closed segments become tables: one for each physical database that they say anything of. */
export interface FlushJob {
  readonly kind: 'flush';
  /** The data directory. */
  readonly directory: string;
  /** Oldest first. Together they have less than 4 GiB. */
  readonly segments: readonly ClosedSegment[];
  /** Of PositionHasher. */
  readonly positionKey: Uint8Array;
  /** This node's ordinal. */
  readonly origin: number;
  readonly floors: readonly DatabaseFloor[];
  /** Slots of which everything in the segments is dead: they were given up. */
  readonly givenUp: readonly SlotRange[];
  /** The segments may hold what came late, or again, even if this node has stamped it. */
  readonly foreign: boolean;
  /** REQUIRES: as many as there may be databases. */
  readonly outputs: ReservedTables;
  readonly options: TableOptions;
}

export interface FlushResult {
  /** At most one a database; none where nothing is left. */
  readonly tables: readonly TableMeta[];
  /** The last map from SELECT's numbers to physical databases that the segments hold, if there is one. */
  readonly databases: DatabaseMap | undefined;
  /** By how far the segments themselves have emptied databases. */
  readonly floors: readonly DatabaseFloor[];
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** What was in the segments, and what became of it: keys. */
  readonly changes: number;
  readonly records: number;
}

/** The physical database of each of SELECT's numbers, as of `stamp`. */
export interface DatabaseMap {
  readonly stamp: number;
  readonly origin: number;
  readonly physical: readonly number[];
}

/** Tables of one database are merged into new ones. */
export interface CompactionJob {
  readonly kind: 'compact';
  readonly db: number;
  /** The data directory. */
  readonly directory: string;
  /** Newest first. The tables of a run rise and do not overlap. */
  readonly runs: readonly (readonly TableMeta[])[];
  /** First and last position (inclusive), in pairs, of all tables of the database that are older than the inputs. */
  readonly deeper: Float64Array;
  /** Everything stamped up to this is dead: the database was emptied; 0: it never was. */
  readonly floor: number;
  /** What is dead in the inputs because its slots were given up. */
  readonly slotFloors: readonly SlotFloor[];
  /**
   * What expires up to this Unix millisecond is dropped, at the bottom. REQUIRES: whatever is newer than the inputs (the tables above, the
   * log, the memory) was written at or after it. A PERSIST or EXPIRE that came in time says nothing of the value: it would
   * be left with nothing if that were dropped meanwhile.
   */
  readonly nowMs: number;
  /**
   * Where other nodes have the data, too: up to which stamp they all know what is dead, and send nothing any more that it hides; runs of SlotStamps. Deleted keys and marks
   * (record/marks.ts) go up to there, and what has expired stays. Undefined: nobody else has the data. REQUIRES: what is stamped up to there is in tables, and of those that are newer than the
   * inputs, only in such that `deeper` names.
   */
  readonly deadUpTo: Float64Array | undefined;
  /** This node's ordinal. */
  readonly origin: number;
  /** An output that has this many bytes is followed by the next; the last of the reserved ones takes the rest. */
  readonly tableBytes: number;
  readonly outputs: ReservedTables;
  readonly options: TableOptions;
}

export interface CompactionResult {
  /** Rising; none if nothing is left. */
  readonly tables: readonly TableMeta[];
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly recordsIn: number;
  /** recordsIn = recordsOut + superseded + emptyDropped + expiredDropped + flushedDropped + givenUpDropped. */
  readonly recordsOut: number;
  /** Records that went into another one of their key, or gave way to it. */
  readonly superseded: number;
  /** Records dropped because nothing in them was live, because they had expired, or because their database was emptied. */
  readonly emptyDropped: number;
  readonly expiredDropped: number;
  readonly flushedDropped: number;
  /** Records of slots that were given up. */
  readonly givenUpDropped: number;
  /** Marks that went, of keys that have more to say and of others. */
  readonly marksDropped: number;
  /** Of the outputs' records: those that hold something, and those that have an expiry. */
  readonly liveCount: number;
  readonly expiringCount: number;
}

/** The digests of all entries of a database that are in tables are summed up by leaves (record/leaf-sums.ts). Makes no files. */
export interface DigestJob {
  readonly kind: 'digest';
  /** The data directory. */
  readonly directory: string;
  /** Newest first. The tables of a run rise and do not overlap. */
  readonly runs: readonly (readonly TableMeta[])[];
  /** Of PositionHasher. */
  readonly positionKey: Uint8Array;
  readonly origin: number;
  /** Everything stamped up to this is dead: the database was emptied; 0: it never was. */
  readonly floor: number;
  /** What is dead because its slots were given up. */
  readonly slotFloors: readonly SlotFloor[];
  /** Deletes and marks up to there do not count (repair/slot-bounds.ts): runs of SlotStamps. */
  readonly deadUpTo: Float64Array;
  /** What expires up to this Unix millisecond is told. */
  readonly nowMs: number;
}

export interface DigestResult {
  /** Of LeafSums. */
  readonly words: Int32Array;
  /** Of each slot, the lowest stamp of a deleted key, or of a mark, that still counts; 0: there is none. */
  readonly oldestDead: Float64Array;
  /** Keys that have expired, or of which a field has, as byte text: the first of them, if they are very many. */
  readonly expired: readonly string[];
  readonly readBytes: number;
  readonly keyCount: number;
}

/** Files of a data directory are copied to another one, which the job makes. */
export interface BackupJob {
  readonly kind: 'backup';
  /** The data directory. REQUIRES: none of the files is removed meanwhile. */
  readonly directory: string;
  readonly target: string;
  readonly tables: readonly { readonly id: number; readonly fileBytes: number }[];
  /** Of each, so many bytes. */
  readonly segments: readonly { readonly number: number; readonly sizeBytes: number }[];
}

export interface BackupResult {
  /** Tables that have a second name now, and need no room. */
  readonly linkedTables: number;
  readonly copiedBytes: number;
}

export type Job = FlushJob | CompactionJob | BackupJob | DigestJob;

export type JobResult = FlushResult | CompactionResult | BackupResult | DigestResult;
