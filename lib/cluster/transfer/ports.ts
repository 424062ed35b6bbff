/** What transfer needs of the data of this node. */

import type { Entry } from '../../record/entry.js';
import type { WriteBatch } from '../../record/write-batch.js';

/** Everything that the tables say, deletes too, by rising positions. */
export interface EntryWalk {
  /** Gives all before the position `until` to `take`, and waits for what that returns. Keys that are very large come in parts. Rejects if something cannot be read, or as `take` does. */
  giveAll(
    until: number,
    take: (key: Buffer, entry: Entry, position: number) => Promise<void> | undefined,
  ): Promise<void>;
  close(): void;
}

export interface TransferData {
  /** Of the pairs that this node makes. */
  readonly origin: number;
  /** The id of the database that the ring has. */
  readonly database: number;
  /** Moves to tables what is in memory and in the log. Rejects if that fails. */
  flush(): Promise<void>;
  /** Begins at a position. */
  walk(position: number): EntryWalk;
  /** Adds to a batch that the database was emptied, if it was. */
  addFloor(batch: WriteBatch): void;
  /** Merges a batch that others have stamped, and logs it with this turn. Throws CorruptionError. */
  takeOver(batch: Buffer): void;
  /** The same of slots that this node holds already. */
  takeMore(batch: Buffer): void;
  /** Resolves when all that was taken over is durable. Rejects if it cannot be. */
  sync(): Promise<void>;
}
