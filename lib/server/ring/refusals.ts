import { RING_CHANGED } from '../../commands/error-texts.js';
import type { Args } from '../../protocol/args.js';
import type { Connection } from '../connection.js';
import type { StartUp } from './start-up.js';

/** No replica can be reached. */
export const NOBODY_LIVES = 'NOREPLICAS need 1, have 0';

export interface RefusalsOptions {
  readonly startUp: StartUp;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

/** Requests that are answered with an error where they would have run. Each method returns false: the request does not run. */
export class Refusals {
  count = 0;
  private readonly options: RefusalsOptions;

  constructor(options: RefusalsOptions) {
    this.options = options;
  }

  refuse(connection: Connection, args: Args, error: string): false {
    this.count++;
    this.options.fail(connection, args, error);
    return false;
  }

  /** Another member has sent it here, for a client of its own, and somebody else acts for the keys. What was sent behind it does not run before it. */
  sendBack(connection: Connection, args: Args): false {
    connection.ring.hasRefused = true;
    return this.refuse(connection, args, RING_CHANGED);
  }

  /** Too few replicas can be reached. At the start the request waits for them. */
  lack(connection: Connection, args: Args, error: string): false {
    const { startUp } = this.options;
    return startUp.isOver ? this.refuse(connection, args, error) : startUp.hold(connection, args);
  }
}
