import type { Consensus, EraStore } from '../../cluster/consensus/consensus.js';
import type { InquiryStore } from '../../cluster/coordination/inquiries.js';
import type { EntryStore } from '../../cluster/coordination/ports.js';
import type { Superseded } from './foreign-batches.js';
import type { RefusedPut } from './refused-put.js';

/** What became of the blind puts of a batch: those that are older than what is here; and, if that was not known at once, more of them. */
export interface Taken {
  readonly superseded: readonly Superseded[];
  readonly later: Promise<readonly Superseded[]> | undefined;
}

/** The data as the ring changes it. */
export interface RingStore extends Omit<EntryStore, 'whenLogged' | 'takeOver'>, InquiryStore {
  /** The key at a place in a batch of this node. */
  keyAt(batch: Buffer, start: number): Buffer | undefined;
  /** What consensus decides about. */
  eras: Pick<Consensus, 'isEmpty' | 'mayHold' | 'isEraOne'> | undefined;
  /** Is told of each slot that something is taken over of, before it is. */
  onSlot: ((slot: number) => void) | undefined;
  readonly eraStore: EraStore;
  /** Merges a batch that others have stamped, and logs it with this turn. */
  takeOver(batch: Buffer): Taken;
  /** The same, whatever is settled (cluster/repair/slot-bounds.ts): this node has lost it, or never had it. */
  takeBack(batch: Buffer): Taken;
  /** See ReplicatorOptions. */
  putAgain(batch: Buffer, keyAt: number, stamp: number): number | undefined;
  /** What a batch of one record puts, that was put with other stamps before. Throws CorruptionError. */
  refusedPut(batch: Buffer, before: readonly number[]): RefusedPut;
}
