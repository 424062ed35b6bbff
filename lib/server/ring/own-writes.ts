import { Level } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { Step } from './pipeline-order.js';

/** A request waits so often: what a replica has something newer than is put again, and others write to its slots, too. */
const WAITS_MAX = 4;

export interface OwnWritesOptions {
  readonly view: () => RingView;
  readonly replicator: Pick<Replicator, 'isAwaited' | 'isDelivered' | 'whenArrived'>;
}

/** A slot of which something is yet to arrive: at a replica, or at so many as a level means. */
interface Late {
  readonly slot: number;
  readonly of: MemberId | number;
}

/**
 * A client may send `SET k 5` and `INCR k` at once. The first runs here, and nobody has said yet that he has it: who runs the second is to find it. So a request that does not run here waits until who runs it
 * has what its client has put before; and one that consensus decides about, until a majority has. Who could not be reached is not waited for, nor is what takes too long: its own reply says that nobody
 * knows of it.
 */
export class OwnWrites {
  private readonly options: OwnWritesOptions;

  constructor(options: OwnWritesOptions) {
    this.options = options;
  }

  /** Has a request wait if it must: it is executed again then. Returns whether it waits. */
  hold(connection: Connection, borrowed: Args, step: Step): boolean {
    const { ring } = connection;
    const late = ring.waits < WAITS_MAX ? this.late(connection, step) : undefined;
    if (late === undefined) return false;
    ring.waits++;
    const args = borrowed.clone();
    connection.hold();
    this.options.replicator.whenArrived(late.slot, late.of, (hasArrived) => {
      if (!hasArrived) [ring.wroteLast, ring.waits] = [0, WAITS_MAX];
      if (connection.isClosed) connection.release();
      else connection.releaseWith(args);
    });
    return true;
  }

  /** Whether a request would have to wait if it began now. */
  mustWait(connection: Connection, step: Step): boolean {
    return this.late(connection, step) !== undefined;
  }

  private late(connection: Connection, { slots, members, isDecided }: Step): Late | undefined {
    const { replicator } = this.options;
    const { ring } = connection;
    // What is put again, or sent anew to another ring, is in a later batch; it is not answered yet.
    const isAllThere = replicator.isDelivered(ring.wroteLast) && ring.waits === 0 && !connection.holdsReplies;
    if (ring.isForwarded || isAllThere) return undefined;
    const view = this.options.view();
    for (const [i, slot] of slots.entries()) {
      const member = members[i];
      const isElsewhere = member >= 0 && member !== view.self;
      const of = isDecided ? Level.QUORUM : isElsewhere ? view.idOf(member) : undefined;
      if (of !== undefined && replicator.isAwaited(slot, of)) return { slot, of };
    }
    return undefined;
  }
}
