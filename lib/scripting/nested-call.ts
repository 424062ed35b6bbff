import type { Call } from '../commands/call.js';
import type { Client, Server } from '../commands/ports.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import { Args } from '../protocol/args.js';
import { BufferPool } from '../protocol/buffer-pool.js';
import { ReplyWriter } from '../protocol/reply-writer.js';

/**
 * The call of a command inside of a script: the client is that of the script, arguments and replies are the script's own. One for all scripts,
 * which run one after the other.
 */
export class NestedCall implements Call {
  readonly args = new Args();
  readonly reply: ReplyWriter;
  readonly listing = undefined;
  readonly isFromScript = true;
  keyspace!: Keyspace;
  client!: Client;
  server!: Server;
  private outer!: Call;

  /** `bytesMax`: how long a reply may be. */
  constructor(bytesMax: number) {
    // What it writes into is Lua's memory: nothing of it goes to a pool.
    this.reply = new ReplyWriter(new BufferPool(0));
    this.reply.bytesMax = bytesMax;
  }

  /** What the client has selected, in the script too. */
  get db(): Database {
    return this.outer.db;
  }

  /** The next commands are those of a script that `outer` calls. */
  belongTo(outer: Call): void {
    this.outer = outer;
    this.keyspace = outer.keyspace;
    this.client = outer.client;
    this.server = outer.server;
  }
}
