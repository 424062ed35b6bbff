import { slotOf } from '../../base/position.js';
import { Level } from '../../cluster/coordination/consistency.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import type { Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import { COLD_KEY } from '../../data/cold-data.js';
import type { Database, Keyspace } from '../../data/keyspace.js';
import type { Linearizer } from './linearizer.js';

/** So many keys are being removed at a time. What has to go besides is met again later. */
const UNDER_WAY_MAX = 256;

export interface RingHousekeepingOptions {
  readonly keyspace: Keyspace;
  readonly view: () => RingView;
  readonly refresher: Refresher;
  readonly replicator: Replicator;
  readonly consensus: Pick<Consensus, 'isEraOne'>;
  readonly linearizer: Pick<Linearizer, 'remove'>;
}

/**
 * Removes keys that have expired, and keys that make room (maxmemory-policy), everywhere: each slot's first live replica does, when it has what a quorum has, for
 * another one may know that the key does not expire any more. Others hide what has expired, and drop from memory what is on their disk.
 */
export class RingHousekeeping {
  private readonly options: RingHousekeepingOptions;
  private readonly underWay = new Set<string>();

  constructor(options: RingHousekeepingOptions) {
    const { keyspace } = options;
    this.options = options;
    keyspace.onExpired = (db, key) => {
      this.begin(db, key, (from) => {
        keyspace.removeExpired(from, key);
      });
    };
    keyspace.onVictim = (db, key) =>
      this.begin(db, key, (from) => {
        keyspace.removeVictim(from, key);
      });
  }

  /** Whether no more can begin to go just now. */
  get isFull(): boolean {
    return this.underWay.size >= UNDER_WAY_MAX;
  }

  /** Whether the key is going, or begins to. */
  private begin(db: Database, key: Buffer, removeFrom: (db: Database) => void): boolean {
    const { underWay } = this;
    const name = `${db.id}:${key.toString('latin1')}`;
    const slot = slotOf(key, 0, key.length);
    const view = this.options.view();
    if (underWay.has(name) || this.isFull) return false;
    if (view.firstLive(slot) !== view.self || !view.reaches(slot, Level.QUORUM)) return false;
    underWay.add(name);
    if (this.options.consensus.isEraOne(key, slot)) {
      // Not amidst whoever has met it.
      queueMicrotask(() => {
        this.options.linearizer.remove(key, removeFrom, () => {
          underWay.delete(name);
        });
      });
      return true;
    }
    const remove = (): void => {
      // Consensus may have come to decide about it meanwhile.
      if (!this.options.consensus.isEraOne(key, slot)) removeFrom(db);
    };
    if (view.quorumsOf(slot, Level.QUORUM).length === 0) {
      // Not amidst whoever has met it.
      queueMicrotask(() => {
        this.end(name, slot, remove);
      });
      return true;
    }
    this.options.refresher.begin({
      keys: [key],
      quorumsOf: (one) => this.options.view().quorumsOf(one, Level.QUORUM),
      done: (error) => {
        if (error === undefined) this.end(name, slot, remove);
        else underWay.delete(name);
      },
    });
    return true;
  }

  private end(name: string, slot: number, remove: () => void): void {
    const { keyspace, replicator } = this.options;
    const { recordCount } = keyspace.batch;
    this.underWay.delete(name);
    try {
      remove();
    } catch (error) {
      if (error !== COLD_KEY) throw error;
    }
    if (keyspace.batch.recordCount !== recordCount) replicator.note(slot, false);
  }
}
