import type { RefreshRun } from '../../cluster/coordination/refresher.js';
import type { Args } from '../../protocol/args.js';
import type { Step } from './pipeline-order.js';

/** To refresh the keys of a request was begun when this node had sent that last batch; or all of it, elsewhere or by consensus. */
export type Begun = { readonly run: RefreshRun; readonly sequence: number } | { readonly step: Step };

/** What was begun for a request before its turn came. */
export class Advance {
  readonly run: RefreshRun | undefined;
  /** If that is all of it. */
  readonly step: Step | undefined;
  /** The last batch that this node had sent when it was begun. */
  readonly sequence: number;
  /** Whether it has ended; then `error` or `reply` says how. */
  isOver = false;
  error: string | undefined;
  /** Undefined, too, if the connection broke. */
  reply: Buffer | undefined;
  /** Called when it ends, if the request's turn has come by then. */
  then: (() => void) | undefined;

  constructor(begun: Begun) {
    const isStep = 'step' in begun;
    this.run = isStep ? undefined : begun.run;
    this.sequence = isStep ? 0 : begun.sequence;
    this.step = isStep ? begun.step : undefined;
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

  /** Whether all of a request was begun: then it happens, whatever comes now. */
  hasBegun(args: Args): boolean {
    if (this.count === 0) return false;
    const advance = this.byArgs.get(args);
    return advance !== undefined && advance.run === undefined;
  }

  /** Of such a request. */
  takeBegun(args: Args): Advance | undefined {
    return this.hasBegun(args) ? this.take(args) : undefined;
  }

  take(args: Args): Advance | undefined {
    const advance = this.byArgs.get(args);
    if (advance !== undefined && this.byArgs.delete(args)) this.count--;
    return advance;
  }
}
