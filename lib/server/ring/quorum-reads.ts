/**
 * Requests that wait until this node has of their keys what so many other replicas have, and run then (cluster/coordination/refresher.ts). What comes later in a
 * pipeline begins meanwhile (pipeline.ts).
 */

import { slotOf } from '../../base/position.js';
import { ERA_ONE } from '../../cluster/coordination/refresher.js';
import type { Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { Advances } from './advances.js';
import type { DecidedKeys } from './decided-keys.js';
import type { Pipeline } from './pipeline.js';
import type { Step } from './pipeline-order.js';
import { HERE, LATER, NOT_DECIDED } from './pipeline-order.js';
import type { ReadNeeds } from './read-needs.js';

export interface QuorumReadsOptions {
  readonly view: () => RingView;
  readonly refresher: Refresher;
  readonly replicator: Pick<Replicator, 'sequence'>;
  readonly advances: Advances;
  readonly needs: ReadNeeds;
  readonly pipeline: Pipeline;
  readonly decided: DecidedKeys;
  /** Executes a request as if it had just arrived. */
  readonly execute: (connection: Connection, args: Args) => void;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

export class QuorumReads {
  private readonly options: QuorumReadsOptions;

  constructor(options: QuorumReadsOptions) {
    this.options = options;
  }

  /**
   * Has the request wait until this node has of its keys what so many other replicas have, and runs it then. True if that is so already: it was begun ahead. `first`: what it
   * is to those behind it.
   */
  refresh(
    connection: Connection,
    borrowed: Args,
    keys: () => Buffer[],
    level = connection.ring.consistency.read,
    first: Pick<Step, 'key' | 'isDecided'> = NOT_DECIDED,
  ): boolean {
    const advance = this.options.advances.take(borrowed);
    if (advance?.isOver === true && advance.run !== undefined && advance.error === undefined) {
      if (this.options.refresher.holds(advance.run)) {
        connection.ring.refreshedTo = advance.sequence;
        return true;
      }
    }
    const { decided } = this.options;
    const args = borrowed.clone();
    const copies = keys();
    const { slot, slots, watchSlot } = connection.ring;
    const refreshedTo = advance?.isOver === false ? advance.sequence : this.options.replicator.sequence;
    const done = (error: string | undefined): void => {
      const view = this.options.view();
      const isDecided = error === undefined ? copies.some((key) => decided.isEraOne(key)) : error === ERA_ONE;
      if (isDecided && !connection.isClosed && connection.ring.mayTryAgain()) {
        connection.releaseWith(args);
        return;
      }
      const isHere = copies.every((key) => view.serves(slotOf(key, 0, key.length)));
      if (!isHere && !connection.isClosed) {
        // This node is no replica any more, and may have nothing of them: somebody else is, perhaps.
        connection.releaseWith(args);
        return;
      }
      if (!connection.isClosed) {
        const refusal = isDecided ? ERA_ONE : error;
        if (refusal !== undefined) this.options.fail(connection, args, refusal);
        else {
          connection.ring.slot = slot;
          connection.ring.slots = slots;
          connection.ring.isBlind = false;
          connection.ring.watchSlot = watchSlot;
          connection.ring.refreshedTo = refreshedTo;
          connection.ring.isCleared = true;
          this.options.execute(connection, args);
          connection.ring.isCleared = false;
        }
      }
      connection.release();
    };
    connection.hold();
    if (advance?.isOver === false && advance.run !== undefined) {
      advance.then = () => {
        done(advance.error);
      };
    } else this.options.needs.begin(copies, level, done);
    const all = slots ?? [slot];
    // What consensus is to decide about is in nobody's queue yet.
    const members = all.map(() => (first.isDecided ? LATER : HERE));
    this.options.pipeline.beginAhead(connection, { slots: all, members, ...first });
    return false;
  }
}
