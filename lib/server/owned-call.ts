import type { Call } from '../commands/call.js';
import type { Client } from '../commands/ports.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import type { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { Connection } from './connection.js';
import type { ServerPort } from './server-port.js';

/** A call with arguments of its own, for a command that waits. */
export class OwnedCall implements Call {
  readonly args: Args;
  private readonly connection: Connection;

  constructor(connection: Connection, args: Args) {
    this.connection = connection;
    this.args = args;
  }

  get reply(): ReplyWriter {
    return this.connection.reply;
  }

  get keyspace(): Keyspace {
    return this.connection.keyspace;
  }

  get db(): Database {
    return this.connection.db;
  }

  get client(): Client {
    return this.connection;
  }

  get server(): ServerPort {
    return this.connection.server;
  }

  get listing(): Listing | undefined {
    return this.connection.listing;
  }
}
