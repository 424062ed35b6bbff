import type { RefreshRun } from '../../cluster/coordination/refresher.js';
import type { Ring } from '../../cluster/ring/ring.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { Step } from './pipeline-order.js';
import { LATER } from './pipeline-order.js';
import type { RemoteSession } from './remote-session.js';

/** What was begun for a request before its turn came: to refresh its keys, or all of it, elsewhere or by consensus. */
export class Advance {
  private readonly step: Step;
  private readonly isRead: boolean;
  /** That its members are named by. */
  private readonly ring: Ring;
  /** If its keys are refreshed. */
  run: RefreshRun | undefined;
  /** Where others run it, or parts of it. */
  sessions: readonly Pick<RemoteSession, 'isRetired'>[] = [];
  /** The last batch that this node had sent when it was begun. */
  readonly sequence: number;
  /** Whether it has ended; then `error` or `reply` says how. */
  isOver = false;
  error: string | undefined;
  /** Undefined, too, if the connection broke. */
  reply: Buffer | undefined;
  /** Called when it ends, if the request's turn has come by then. */
  then: (() => void) | undefined;

  constructor(step: Step, isRead: boolean, ring: Ring, sequence: number) {
    this.step = step;
    this.isRead = isRead;
    this.ring = ring;
    this.sequence = sequence;
  }

  get slots(): readonly number[] {
    return this.step.slots;
  }

  /** Whether it may have changed something of one of these slots. */
  mayChange(slots: readonly number[]): boolean {
    return !this.isRead && this.step.slots.some((slot) => slots.includes(slot));
  }

  /** What it is to those behind it, by the ring of now. Where somebody refuses what is asked over its session, it has yet to run, perhaps elsewhere (remote-session.ts). */
  stepBy(ring: Ring): Step {
    const isRefused = this.sessions.some((session) => session.isRetired);
    if (ring === this.ring && !isRefused) return this.step;
    const members = this.step.members.map((member) => {
      if (member < 0) return member;
      return isRefused ? LATER : (ring.indexOf(this.ring.members[member].id) ?? LATER);
    });
    return { ...this.step, members };
  }

  end(outcome: { error?: string | undefined; reply?: Buffer | undefined }): void {
    this.isOver = true;
    this.error = outcome.error;
    this.reply = outcome.reply;
    this.then?.();
  }
}

/** Advances by their requests, each of which is taken once. */
export class Advances {
  private readonly byArgs = new WeakMap<Args, Advance>();
  /** So many were not taken: those of clients that are gone are not, for good. */
  private count = 0;

  add(args: Args, advance: Advance): void {
    this.byArgs.set(args, advance);
    this.count++;
  }

  get(args: Args): Advance | undefined {
    return this.count === 0 ? undefined : this.byArgs.get(args);
  }

  /** Whether all of a request was begun: then it happens, whatever comes now. */
  hasBegun(args: Args): boolean {
    const advance = this.get(args);
    return advance !== undefined && advance.run === undefined;
  }

  /**
   * Whether something of these slots may have been changed by what stands behind the request of a client that has its turn, and was begun. Then that is not run again: a read would find what stands
   * behind it.
   */
  mayHaveChangedBehind(connection: Pick<Connection, 'isAnyAhead'>, slots: readonly number[]): boolean {
    return (
      this.count > 0 &&
      connection.isAnyAhead((args) => this.hasBegun(args) && this.get(args)?.mayChange(slots) === true)
    );
  }

  /** Of such a request. */
  takeBegun(args: Args): Advance | undefined {
    return this.hasBegun(args) ? this.take(args) : undefined;
  }

  take(args: Args): Advance | undefined {
    const advance = this.get(args);
    if (advance !== undefined && this.byArgs.delete(args)) this.count--;
    return advance;
  }
}
