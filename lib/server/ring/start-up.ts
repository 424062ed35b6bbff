import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';

export interface StartUpOptions {
  readonly view: () => RingView;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** How long a request may wait. */
  readonly limitMs: () => number;
}

interface HeldRequest {
  readonly connection: Connection;
  readonly args: Args;
}

/**
 * A node that has just been started reaches nobody yet. What needs more replicas than it reaches waits until a majority of those of every slot can be reached,
 * but no longer than a request may take: then it is answered as it can be.
 */
export class StartUp {
  isOver = false;
  private readonly options: StartUpOptions;
  private readonly held: HeldRequest[] = [];
  private deadlineMs = Infinity;

  constructor(options: StartUpOptions) {
    this.options = options;
  }

  /** The data is there: the time begins. */
  begin(): void {
    const { nowMs, limitMs } = this.options;
    this.deadlineMs = nowMs() + limitMs();
    this.look();
  }

  /** Has a request executed again, as if it had just arrived, when the start is over. REQUIRES: it is not. */
  hold(connection: Connection, borrowed: Args): false {
    this.held.push({ connection, args: borrowed.clone() });
    connection.hold();
    return false;
  }

  /** Called when a member can be reached, and some times a second. */
  look(): void {
    const { view, nowMs } = this.options;
    if (this.isOver || this.deadlineMs === Infinity) return;
    if (nowMs() < this.deadlineMs && !view().hasMajorities) return;
    this.isOver = true;
    for (const { connection, args } of this.held.splice(0)) connection.releaseWith(args);
  }
}
