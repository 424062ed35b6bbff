import type { Blocking, Waiter } from './blocking.js';
import { Sleeper } from './sleeper.js';

/** A wait for keys at another member. */
export interface Away {
  /** Ends it, with an error or as if the time were over. */
  giveUp(isError: boolean): void;
}

/**
 * What a connection waits for before it executes the next request: commands that have begun and will answer, and requests that are held, to be
 * executed again from the beginning. One of these may wait for keys, here or at another member, or sleep: then a client can be told to wait no longer.
 */
export class ConnectionWaits {
  /** The command that waits for keys here. */
  waiter: Waiter | undefined;
  /** The request that is held waits for keys elsewhere. */
  away: Away | undefined;
  private count = 0;
  /** Of these, requests that will be executed again. */
  private heldCount = 0;
  readonly sleeper = new Sleeper();

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** Whether keys are waited for, maybe for ever. */
  get isForKeys(): boolean {
    return this.waiter !== undefined || this.away !== undefined;
  }

  /** Whether something is waited for that only its client could want: when that has gone, it is pointless. */
  get isPointlessAlone(): boolean {
    return this.count > this.heldCount || this.away !== undefined;
  }

  /**
   * Whether the connection reads although it executes nothing: it has to notice that a client goes away which waits, maybe for ever; and to stop reading for the
   * time that a request is held costs more than to keep what comes.
   */
  get letsRead(): boolean {
    return this.count === this.heldCount || (this.isForKeys && this.count === 1);
  }

  /** A command has begun, and will answer. */
  begin(): void {
    this.count++;
  }

  /** It has answered. */
  end(): void {
    this.count--;
  }

  /** A request is held. */
  beginHold(): void {
    this.heldCount++;
    this.count++;
  }

  /** It is held no longer: `end` is to follow. */
  endHold(): void {
    this.heldCount--;
  }

  /** Ends a wait for keys or for a time, whose command answers then; false if there is none. */
  wake(reason: 'unblocked' | 'error' | 'woken', blocking: Blocking): boolean {
    const { waiter, away } = this;
    if (waiter !== undefined) {
      blocking.giveUp(waiter, reason === 'error' ? 'error' : 'timeout');
      return true;
    }
    const hasWoken = this.sleeper.wake(reason);
    away?.giveUp(reason === 'error');
    return hasWoken || away !== undefined;
  }
}
