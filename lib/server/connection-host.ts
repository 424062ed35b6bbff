import type { Keyspace } from '../data/keyspace.js';
import type { Args } from '../protocol/args.js';
import type { BufferPool } from '../protocol/buffer-pool.js';
import type { RequestLimits } from '../protocol/request-limits.js';
import type { Blocking } from './blocking.js';
import type { Connection } from './connection.js';
import type { RingClient } from './ring/ring-client.js';
import type { ServerPort } from './server-port.js';
import type { Watches } from './watches.js';

/** The parts of a node that a connection uses itself. */
export interface ConnectionParts {
  readonly keyspace: Keyspace;
  readonly server: ServerPort;
  readonly pool: BufferPool;
  readonly limits: RequestLimits;
  readonly blocking: Blocking;
  readonly watches: Watches;
}

/** What a connection needs of the server that holds it. */
export interface ConnectionHost {
  readonly parts: ConnectionParts;
  /** Runs one request to the end, or blocks the connection. */
  execute(connection: Connection, args: Args): void;
  /** Bytes arrived: called before they are parsed. */
  onInput(connection: Connection, bytes: number): void;
  /** What had arrived has been executed, as far as it may be. */
  onExecuted(): void;
  /** Whether what is left to execute should wait for the next turn. */
  isTurnOver(): boolean;
  /** Whether requests may be prepared, or begin, before their turn. */
  mayLookAhead(): boolean;
  /** Calls `goOn` in the next turn. */
  defer(connection: Connection): void;
  /** The connection has replies, or is closing: serve it at the end of the turn. */
  schedule(connection: Connection): void;
  /** The same for a message. */
  scheduleMessage(connection: Connection): void;
  /** Calls `releaseHeld` at the end of the turn. */
  scheduleRelease(connection: Connection): void;
  /** Whether replies of this many bytes still pending are too much for the connection. */
  isOverOutputLimit(connection: Connection, bytes: number): boolean;
  /** Replies of the connection are too long to be sent: it is closed. */
  onLostReplies(connection: Connection): void;
  onOutput(bytes: number): void;
  onClosed(connection: Connection): void;
  /** A reply came from elsewhere, and stands at `start`. */
  onAnswered(connection: Connection, start: number): void;
  /** What a ring knows of a new client. */
  ringClientOf(connection: Connection): RingClient;
}
