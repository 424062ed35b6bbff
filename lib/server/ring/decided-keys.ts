import { slotOf } from '../../base/position.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import { Level, replicasNeeded } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { RingRole } from '../../commands/ring-role.js';
import { isComparing } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';

export interface DecidedKeysOptions {
  readonly view: () => RingView;
  readonly consensus: Pick<Consensus, 'isEraOne' | 'isLeft' | 'mayHold'>;
}

/** What consensus decides about, as far as this node has heard: keys, and requests that use them. */
export class DecidedKeys {
  private readonly options: DecidedKeysOptions;

  constructor(options: DecidedKeysOptions) {
    this.options = options;
  }

  /** Whether keys of a slot may be such that consensus decides about, or the client wants it to. */
  mayConcern({ ring }: Connection, slot: number): boolean {
    return this.options.consensus.mayHold(slot) || ring.consistency.write === Level.LINEARIZABLE;
  }

  /** Whether consensus decides about a key that a client uses. */
  concerns({ ring }: Connection, key: Buffer): boolean {
    return ring.consistency.write === Level.LINEARIZABLE || this.isEraOne(key);
  }

  /** Whether consensus decides about a transaction on some keys. `isComparing`: it does what it does only if something is as it was thought to be. */
  concernsTransaction(connection: Connection, keys: readonly Buffer[], isComparing: boolean): boolean {
    if (keys.some((key) => this.concerns(connection, key))) return true;
    return isComparing && this.isNeeded && keys.length > 0 && keys.every((key) => key.equals(keys[0]));
  }

  isEraOne(key: Buffer): boolean {
    return this.options.consensus.isEraOne(key);
  }

  /** Who proposes what is asked of a key: who acts for it, or this node, if that one has left it to it. NOBODY if none can. */
  proposerFor(slot: number, key: Buffer): number {
    const view = this.options.view();
    return this.options.consensus.isLeft(key) && view.serves(slot) ? view.self : view.firstLive(slot);
  }

  /** Whether consensus decides about a request. A read of a single replica takes what that knows to be decided. */
  concernsRequest(connection: Connection, name: string, role: RingRole, args: Args, keys: readonly number[]): boolean {
    const { replicaCount } = this.options.view();
    const { read, write } = connection.ring.consistency;
    if (this.isNeeded && (write === Level.LINEARIZABLE || isComparing(name, args))) return true;
    if (role === 'read' && replicasNeeded(read, replicaCount) < 2) return false;
    return keys.some((i) => {
      const slot = slotOf(args.buffer, args.start[i], args.end[i]);
      return this.options.consensus.mayHold(slot) && this.isEraOne(args.copy(i));
    });
  }

  /** One replica alone decides by itself, but about what consensus has decided before: that counts for those who join later. */
  get isNeeded(): boolean {
    const { replicaCount, ring } = this.options.view();
    return replicaCount > 1 || ring.isChanging;
  }
}
