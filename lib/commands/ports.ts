/**
 * What commands need of the connection they came by, and of the server: implemented in lib/server, so that commands
 * know nothing of sockets.
 */

/** The connection that a command came by. */
export interface Client {
  /** Rising from 1; never reused. */
  readonly id: number;
  /** Selects a database by its number. REQUIRES: the number is valid. */
  select(number: number): void;
  /** The number of the selected database. */
  readonly databaseNumber: number;
  /** CLIENT NO-TOUCH: reads do not count as uses. */
  readonly noTouch: boolean;
}

/** The server as a whole. */
export interface Server {
  /** Largest string that may be stored: proto-max-bulk-len, in bytes. */
  readonly valueBytesMax: number;
}
