/** What coordination needs of the data and of the links to other members. */

import type { Payload } from '../bus/payload.js';
import type { MemberId } from '../ring/member.js';
import type { Digest } from './state-messages.js';

export interface MemberLinks {
  /** Queues a message, which leaves at the end of the turn. False if there is no connection, or too much waits for it already. */
  send(member: MemberId, kind: number, payload: Payload): boolean;
}

/** The data of this node, key by key: entries of database 0, whatever they mean. */
export interface EntryStore {
  /** What is known of a key; undefined if it has to be loaded first. */
  digest(key: Buffer): Digest | undefined;
  /** Brings what the disk has of a key into memory. Rejects with CorruptionError and DiskError. */
  load(key: Buffer): Promise<void>;
  /** All that is known of a key, as batches which stand alone; none if nothing is. REQUIRES: it is loaded. */
  batchesOf(key: Buffer): Buffer[];
  /**
   * Merges a batch that others have stamped, but for keys that consensus decides about; false if there were such. It is logged with this turn. Throws
   * CorruptionError.
   */
  takeOver(batch: Buffer): boolean;
  /** Whether consensus decides about a key: then it is read and written by rounds alone. */
  isEraOne(key: Buffer): boolean;
  /** How many changes of others have come for a slot. */
  foreignChanges(slot: number): number;
  /** Calls `then` when what was changed up to now is in the log, and durable if it has to be: at the end of this turn, or later. */
  whenLogged(then: () => void): void;
}
