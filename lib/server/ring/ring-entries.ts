import type { InquiryStore, KeySummary } from '../../cluster/coordination/inquiries.js';
import type { EntryStore } from '../../cluster/coordination/ports.js';
import type { Digest } from '../../cluster/coordination/state-messages.js';
import { ERA_STAMP } from '../../cluster/replication/acknowledgement.js';
import type { RingStore } from './ring-store.js';

export interface RingEntriesOptions {
  readonly store: RingStore;
  /** Whether consensus decides about a key, as far as this node has heard. */
  readonly isEraOne: (key: Buffer) => boolean;
  /** Calls `then` when what was changed up to now is logged. */
  readonly whenLogged: (then: () => void) => void;
  /** Work of the loop's turn begins. */
  readonly onWork: () => void;
}

/** The data of this node, for what asks other replicas, and what they ask. What had to be loaded comes within a turn. */
export class RingEntries implements EntryStore, InquiryStore {
  private readonly options: RingEntriesOptions;
  private readonly store: RingStore;

  constructor(options: RingEntriesOptions) {
    this.options = options;
    this.store = options.store;
  }

  digest(key: Buffer): Digest | undefined {
    return this.store.digest(key);
  }

  load(key: Buffer): Promise<void> {
    const { onWork } = this.options;
    return this.store.load(key).then(
      () => {
        onWork();
      },
      (error: unknown) => {
        onWork();
        throw error;
      },
    );
  }

  summary(key: Buffer): KeySummary | undefined {
    return this.store.summary(key);
  }

  batchesOf(key: Buffer): Buffer[] {
    return this.store.batchesOf(key);
  }

  takeOver(batch: Buffer): boolean {
    return this.store.takeOver(batch).superseded.every(({ stamp }) => stamp !== ERA_STAMP);
  }

  isEraOne(key: Buffer): boolean {
    return this.options.isEraOne(key);
  }

  foreignChanges(slot: number): number {
    return this.store.foreignChanges(slot);
  }

  whenLogged(then: () => void): void {
    this.options.whenLogged(then);
  }
}
