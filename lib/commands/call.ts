/**
 * The call: what a command gets to work with. One object a connection, reused for each of its commands.
 *
 * `args` are views that end when `run` returns; replies go to `reply`; data is read and changed through `keyspace` in
 * database `db`. Commands know no sockets: what they need of the connection and of the server are the ports in ports.ts.
 */

import type { Database, Keyspace } from '../data/keyspace.js';
import type { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Client, Server } from './ports.js';

export interface Call {
  readonly args: Args;
  readonly reply: ReplyWriter;
  readonly keyspace: Keyspace;
  /** The database that the client has selected. */
  readonly db: Database;
  readonly client: Client;
  readonly server: Server;
  /** The command was called by a script. */
  readonly isFromScript?: true;
  /** What the command's `gather` has found on the disk, while it runs. */
  readonly listing: Listing | undefined;
}
