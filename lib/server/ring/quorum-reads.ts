/**
 * Requests that wait until this node has of their keys what so many other replicas have, and run then (cluster/coordination/refresher.ts). What comes later in a
 * pipeline begins its own wait at once, as long as it runs here, and so behind what is before it, in the order in which both were sent.
 */

import { slotOf } from '../../base/position.js';
import { Level, replicasNeeded } from '../../cluster/coordination/consistency.js';
import { ERA_ONE } from '../../cluster/coordination/refresher.js';
import type { RefreshRun, Refresher } from '../../cluster/coordination/refresher.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { Advances } from './advances.js';
import { Advance } from './advances.js';
import type { DecidedKeys } from './decided-keys.js';
import type { RequestRoles } from './request-roles.js';
import { mayLookAhead } from './request-roles.js';

export interface QuorumReadsOptions {
  readonly view: () => RingView;
  readonly refresher: Refresher;
  readonly replicator: Pick<Replicator, 'sequence'>;
  readonly advances: Advances;
  readonly roles: RequestRoles;
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

  /** Whether what this node has of a slot is all that a read at a level asks for. */
  isRefreshed(slot: number, level: number): boolean {
    const view = this.options.view();
    if (replicasNeeded(level, view.replicaCount) > 1) return false;
    return level >= Level.ONE || view.quorumsOf(slot, level).length === 0;
  }

  /**
   * Has the request wait until this node has of its keys what so many other replicas have, and runs it then. True if that is so already: it was begun ahead.
   */
  refresh(connection: Connection, borrowed: Args, keys: () => Buffer[]): boolean {
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
      return false;
    }
    this.beginRefresh(copies, connection.ring.consistency.read, done);
    connection.lookAhead(this.aheadOf(connection));
    return false;
  }

  private beginRefresh(keys: Buffer[], level: number, done: (error: string | undefined) => void): RefreshRun {
    const { view, refresher } = this.options;
    // The ring may change meanwhile.
    return refresher.begin({ keys, quorumsOf: (one) => view().quorumsOf(one, level), done });
  }

  /**
   * Begins what requests need that come later in a pipeline: as long as each is one that runs here, and so behind those before it, in the order in which
   * they were sent.
   */
  private aheadOf(connection: Connection): (args: Args) => void {
    const view = this.options.view();
    const level = connection.ring.consistency.read;
    let isOver = !mayLookAhead(connection);
    return (args) => {
      const simple = isOver ? undefined : this.options.roles.simple(connection, args);
      const isHere = simple?.member === view.self && view.reaches(simple.slot, level);
      if (simple === undefined || !isHere || simple.isDecided) {
        isOver = true;
        return;
      }
      if (simple.role === 'put' || this.isRefreshed(simple.slot, level)) return;
      const run = this.beginRefresh([args.copy(1)], level, (error) => {
        advance.end({ error });
      });
      const advance = new Advance({ run, sequence: this.options.replicator.sequence });
      this.options.advances.add(args, advance);
    };
  }
}
