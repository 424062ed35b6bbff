/** What repair needs of the data. */

import type { LeafSums, Sum } from '../../record/leaf-sums.js';

/** The digests of all that this node had at one moment. */
export interface DigestedData {
  readonly sums: LeafSums;
  /** Of each slot, the lowest stamp of a deleted key that still counts; 0: there is none. */
  readonly oldestDead: Float64Array;
  /** Keys that have expired, or of which a field has, as byte text: the first of them, if they are very many. */
  readonly expired: readonly string[];
  /** Of tables; and the keys in them of which anything is known that counts. */
  readonly readBytes: number;
  readonly keyCount: number;
}

/** Tables of this node that are damaged: what they held may be missing. */
export interface DamagedTables {
  readonly ids: readonly number[];
  /** The slots that their keys may be in. */
  readonly firstSlot: number;
  readonly lastSlot: number;
}

/** The data of this node in database 0. */
export interface RepairStore {
  /** Everything stamped up to this is dead: the database was emptied; 0: it never was. */
  readonly floor: number;
  /** Takes over that it was emptied. */
  raiseFloor(stamp: number): void;
  /** The same again if nothing has changed that digests could show. */
  readonly mark: string;
  /** Reads everything, off the main thread. Rejects with whatever went wrong. */
  digestAll(): Promise<DigestedData>;
  /** Keys from one position on, and before another one: live or dead, in memory or on disk. Rejects with CorruptionError and DiskError. */
  keysBetween(start: number, end: number): Promise<Buffer[]>;
  positionOf(key: Buffer): number;
  /** Adds the digest of a key to a sum, at its position. Rejects with CorruptionError and DiskError: the disk cannot be read. */
  addTo(sum: Sum, key: Buffer): Promise<void>;
  /** All that is known of a key, as batches which stand alone. Rejects with CorruptionError and DiskError. */
  batchesOf(key: Buffer): Promise<Buffer[]>;
  /** Merges a batch of another node. It is logged with this turn, whether it is news or not. Throws CorruptionError. */
  takeOver(batch: Buffer): void;
  /** The same of a member that was away for too long (topology/absence.ts): of what may have been settled without it, nothing is taken. */
  takeOffer(batch: Buffer): void;
  /** The same as `takeOver`, whatever is settled (slot-bounds.ts): this node has lost it. */
  takeBack(batch: Buffer): void;
  /** Deletes what this node has of a key that is settled, and that `others` do not say: it was deleted. Rejects with CorruptionError and DiskError. */
  forget(key: Buffer, others: readonly Buffer[]): Promise<void>;
  /** Resolves when all that was taken over is durable. Rejects if it cannot be. */
  sync(): Promise<void>;
  /** So many keys were looked at: lets others go on from time to time. */
  rest(keys: number): Promise<void>;
  /** Has a key removed, here and everywhere, if it has expired, or fields of it. Resolves when that has begun, or cannot just now: then it is in memory, and is met there. Rejects with CorruptionError and DiskError. */
  expire(key: Buffer): Promise<void>;
  /** Whether more of what `expire` begins would pile up: others are slow to take what was removed, or the disk is. */
  readonly isBehind: boolean;
  /** Brings what the disk has of a key into memory. Rejects with CorruptionError and DiskError. */
  load(key: Buffer): Promise<void>;
  /** More of what is dead may go. */
  onDeadRisen(): void;
  /** Deleted keys that went, and marks (record/marks.ts). */
  readonly deletesDropped: number;
  readonly marksDropped: number;
  /** Has a key that is compared and set decided once more, so that all replicas see what was decided: of such a key, nothing is taken over. Does nothing for others. */
  rewrite(key: Buffer): void;
  /** Logs again what memory has of a key, if that is all there is. */
  logAgain(key: Buffer): void;
  /** Undefined if all tables are as they should be. */
  readonly damaged: DamagedTables | undefined;
  /** What they held is here again: they go. */
  dropDamaged(tables: DamagedTables): Promise<void>;
}
