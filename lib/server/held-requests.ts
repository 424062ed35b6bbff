import { AssertionError } from '../base/assert.js';
import type { Command } from '../commands/command.js';
import { isOverwritten, keyFlags, keyIndexes } from '../commands/key-uses.js';
import type { Listing } from '../data/listing.js';
import type { Loader } from '../data/loader.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Args } from '../protocol/args.js';
import type { Connection } from './connection.js';
import { OwnedCall } from './owned-call.js';
import type { Transaction } from './transaction.js';

export interface HeldRequestsOptions {
  readonly keyspace: Keyspace;
  readonly loader: Loader;
  /** Executes a request as if it had just arrived. */
  readonly execute: (connection: Connection, args: Args) => void;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
  /** The command that a request calls, if it calls one properly. */
  readonly commandOf: (args: Args) => Command | undefined;
}

/**
 * Requests that wait: for their keys to be loaded, or for room in memory. Each blocks its connection, and is executed from the beginning when
 * what it waits for is there. Others go on meanwhile.
 */
export class HeldRequests {
  private readonly keyspace: Keyspace;
  private readonly loader: Loader;
  private readonly options: HeldRequestsOptions;

  constructor(options: HeldRequestsOptions) {
    const { keyspace, loader } = options;
    this.options = options;
    this.keyspace = keyspace;
    this.loader = loader;
  }

  /** Whether a key of the request has to be loaded before the command can see it. */
  isCold(connection: Connection, command: Command, args: Args): boolean {
    const { keyspace } = this;
    for (const i of keyIndexes(command, args)) {
      if (i < args.count && keyspace.isCold(connection.db, args.buffer, args.start[i], args.end[i])) return true;
    }
    return false;
  }

  /**
   * Loads the keys that a request lacks, all at a time, and holds it until they are there. `missing`: the key that its command asked for,
   * which may be none of those that its row names.
   */
  load(connection: Connection, command: Command, borrowed: Args, missing?: Keyspace['missing']): void {
    const args = borrowed.clone();
    const loads = this.startLoads(connection, command, args);
    if (missing !== undefined) loads.push(this.loader.load(missing.db, missing.key));
    this.holdOwned(connection, args, Promise.all(loads));
    connection.lookAhead((later) => {
      this.prefetch(connection, later);
      return true;
    });
  }

  /**
   * Begins to read what the commands of a transaction need of the disk, and holds the EXEC until it is there. False if nothing is to be read, or
   * was before. What cannot be read, or is missing when it runs, is for the command to say that needs it.
   */
  loadTransaction(connection: Connection, transaction: Transaction, args: Args): boolean {
    if (transaction.hasLoaded || transaction.hasFailed) return false;
    transaction.hasLoaded = true;
    const loads: Promise<void>[] = [];
    for (const queued of transaction.queued) {
      const { entry } = queued;
      if (entry.name === 'select') break; // who knows where
      loads.push(...this.startLoads(connection, entry.command, queued.args));
      queued.listing = entry.gather?.(new OwnedCall(connection, queued.args))?.();
      if (queued.listing !== undefined) loads.push(queued.listing.ready);
    }
    if (loads.length === 0) return false;
    this.holdOwned(connection, args.clone(), Promise.allSettled(loads));
    return true;
  }

  /** Loads the key that a command asked for last in vain. */
  async loadMissing(): Promise<void> {
    const { missing } = this.keyspace;
    if (missing !== undefined) await this.loader.load(missing.db, missing.key);
  }

  /** Starts to load what a request will need that comes later. It is a hint: nobody waits for it. */
  private prefetch(connection: Connection, args: Args): void {
    const command = this.options.commandOf(args);
    if (command === undefined) return;
    // What is overwritten is not looked at as a rule.
    const isWanted = (i: number): boolean => !isOverwritten(keyFlags(command, command.name, args, i));
    for (const load of this.startLoads(connection, command, args, isWanted)) load.catch(() => undefined);
  }

  /** Holds a request, whose `args` are its own, until the listing is ready, which is closed when the request has been executed. */
  holdForListing(connection: Connection, args: Args, listing: Listing): void {
    this.holdOwned(connection, args, listing.ready, (run) => {
      // The database may have been emptied meanwhile, or exchanged for another one: then it is listed anew.
      if (listing.isOf(connection.db)) connection.listing = listing;
      run();
      connection.listing = undefined;
      listing.close();
    });
  }

  /**
   * Holds a request until `ready`, then lets the connection go on with it when its turn has come: many may have waited for the same. If `ready`
   * rejects, the request is answered with the error.
   */
  hold(connection: Connection, borrowed: Args, ready: Promise<unknown>): void {
    const args = borrowed.clone();
    connection.hold();
    void ready.then(
      () => {
        connection.releaseWith(args);
      },
      (error: unknown) => {
        this.fail(connection, args, error);
        connection.release();
      },
    );
  }

  private startLoads(
    connection: Connection,
    command: Command,
    args: Args,
    isWanted: (i: number) => boolean = () => true,
  ): Promise<void>[] {
    const { keyspace, loader } = this;
    const { db } = connection;
    const loads: Promise<void>[] = [];
    for (const i of keyIndexes(command, args)) {
      if (i >= args.count || !isWanted(i) || !keyspace.isCold(db, args.buffer, args.start[i], args.end[i])) continue;
      loads.push(loader.load(db, args.copy(i)));
    }
    return loads;
  }

  /** `around` runs what it is given: the request's execution. */
  private holdOwned(
    connection: Connection,
    args: Args,
    ready: Promise<unknown>,
    around: (run: () => void) => void = (run) => {
      run();
    },
  ): void {
    connection.hold();
    void ready.then(
      () => {
        this.keyspace.clock.tick();
        around(() => {
          if (!connection.isClosed) this.options.execute(connection, args);
        });
        connection.release();
      },
      (error: unknown) => {
        around(() => {
          this.fail(connection, args, error);
        });
        connection.release();
      },
    );
  }

  private fail(connection: Connection, args: Args, error: unknown): void {
    if (!(error instanceof Error) || error instanceof AssertionError) throw error;
    if (!connection.isClosed) this.options.fail(connection, args, `ERR ${error.message}`);
  }
}
