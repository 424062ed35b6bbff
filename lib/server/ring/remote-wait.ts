import { UNBLOCKED } from '../../commands/error-texts.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { Away } from '../connection-waits.js';
import { READY_REPLY, withTimeLeft } from './key-wait.js';
import type { OnReply, RemoteSession } from './remote-session.js';

export interface RemoteWaitOptions {
  /** Whose request is held, and has done nothing. */
  readonly connection: Connection;
  readonly args: Args;
  readonly session: RemoteSession;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  /** When the request was sent. */
  readonly sinceMs: number;
  /** Has something done a little later, when members may have come and gone. */
  readonly postpone: (run: () => void) => void;
  /** Gives the client its reply, and releases the connection. */
  readonly answer: OnReply;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

/** A client's wait for keys at another member (key-wait.ts). It begins when it is made. */
export class RemoteWait implements Away {
  private readonly options: RemoteWaitOptions;
  private isGivenUp = false;

  constructor(options: RemoteWaitOptions) {
    this.options = options;
    options.connection.setAway(this);
  }

  giveUp(isError: boolean): void {
    const { connection, args, session, fail } = this.options;
    this.isGivenUp = true;
    session.close();
    if (isError) {
      connection.setAway(undefined);
      fail(connection, args, UNBLOCKED);
      connection.release();
    } else this.goOn(Infinity);
  }

  /** The reply that ends it; undefined: it broke. */
  readonly onEnd: OnReply = (reply) => {
    const { connection, answer, postpone } = this.options;
    if (this.isGivenUp) return;
    if (connection.isClosed || reply?.equals(READY_REPLY) === true) this.goOn();
    else if (reply !== undefined) {
      connection.setAway(undefined);
      answer(reply);
    } else {
      postpone(() => {
        if (!this.isGivenUp) this.goOn();
      });
    }
  };

  /** The request is executed again, wherever it belongs by now, with the time that is left. */
  private goOn(waitedMs = this.options.nowMs() - this.options.sinceMs): void {
    const { connection, args } = this.options;
    connection.setAway(undefined);
    if (connection.isClosed) connection.release();
    else connection.releaseWith(withTimeLeft(args, waitedMs));
  }
}
