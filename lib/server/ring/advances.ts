import type { RefreshRun } from '../../cluster/coordination/refresher.js';
import type { Args } from '../../protocol/args.js';
import type { Step } from './pipeline-order.js';

/** What was begun for a request before its turn came: to refresh its keys, or all of it, elsewhere or by consensus. */
export class Advance {
  readonly step: Step;
  /** If its keys are refreshed. */
  run: RefreshRun | undefined;
  /** The last batch that this node had sent when it was begun. */
  readonly sequence: number;
  /** Whether it has ended; then `error` or `reply` says how. */
  isOver = false;
  error: string | undefined;
  /** Undefined, too, if the connection broke. */
  reply: Buffer | undefined;
  /** Called when it ends, if the request's turn has come by then. */
  then: (() => void) | undefined;

  constructor(step: Step, sequence: number) {
    this.step = step;
    this.sequence = sequence;
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
