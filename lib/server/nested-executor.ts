import { AssertionError, assert } from '../base/assert.js';
import type { Call } from '../commands/call.js';
import { keyIndexes } from '../commands/key-uses.js';
import type { NestedCommands } from '../commands/ports.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import { COLD_KEY } from '../data/cold-data.js';
import type { Database, Keyspace } from '../data/keyspace.js';
import type { Loader } from '../data/loader.js';
import { WRONG_TYPE, WRONG_TYPE_ERROR } from '../data/wrong-type.js';
import type { Clock } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { MonitoredClient } from './monitor.js';
import type { CommandEntry, CommandTable } from './command-table.js';
import { Connection } from './connection.js';
import type { Executor } from './executor.js';
import type { Guards } from './executor-ports.js';

/** Of short commands, one call in so many is timed: reading the clock costs as much as a fifth of one. The others count with the same time. */
const TIMED_EVERY = 16;
/** What took longer, for want of memory or of the processor, says nothing of others. */
const USUAL_US_MAX = 20;

/**
 * Runs commands inside of others, in transactions and in scripts: each to its end, whatever it needs of the disk, since those before it
 * may have changed something already. They are counted and shown as others are; whether they may run is the business of who runs them.
 */
export class NestedExecutor implements NestedCommands {
  private readonly commands: CommandTable;
  private readonly keyspace: Keyspace;
  private readonly loader: Loader;
  private readonly guards: Guards;
  private readonly clock: Clock;
  private readonly executor: Executor;
  /** What the running command has waited for the disk. */
  private loadingUs = 0;

  constructor(
    commands: CommandTable,
    keyspace: Keyspace,
    loader: Loader,
    guards: Guards,
    clock: Clock,
    executor: Executor,
  ) {
    this.commands = commands;
    this.keyspace = keyspace;
    this.loader = loader;
    this.guards = guards;
    this.clock = clock;
    this.executor = executor;
  }

  find(args: Args): CommandEntry | undefined {
    const entry = this.commands.find(args);
    if (entry?.subcommands === undefined || args.count === 1) return entry;
    return entry.subcommands.get(args.text(1).toLowerCase());
  }

  run(call: Call, entry: CommandEntry): void {
    const { reply, args } = call;
    const { executor, guards } = this;
    const errors = reply.errors;
    const isTimed = !entry.isShort || entry.calls % TIMED_EVERY === 0 || executor.times.timesEach;
    const startedUs = isTimed ? this.clock.monotonicUs() : 0;
    this.loadingUs = 0;
    const { runNested } = entry;
    assert(runNested !== undefined, 'what waits is not run inside of anything');
    const mayRun = this.mayRun(call, entry) && this.canList(call, entry);
    if (mayRun && (!this.loadsFirst(entry) || this.loadKeys(call, entry))) this.complete(call, runNested);
    const durationUs = isTimed ? this.clock.monotonicUs() - startedUs : entry.nestedUs + this.loadingUs;
    if (isTimed) entry.nestedUs = Math.min(durationUs, USUAL_US_MAX);
    executor.countNested(entry, durationUs, reply, errors);
    if (durationUs >= executor.times.slowUs) {
      guards.onSlow(
        { address: call.client.address, name: call.client.name, lastCommand: entry.name },
        entry,
        args,
        durationUs,
      );
    }
    if (guards.alert && !entry.staysOutOfMonitor) guards.watch(monitored(call), entry, args);
  }

  /** In a ring, a script is bound to a slot. False after an error reply. */
  private mayRun({ client, args, reply, isFromScript }: Call, entry: CommandEntry): boolean {
    if (isFromScript !== true || !(client instanceof Connection)) return true;
    const refusal = this.executor.ring?.scriptRefusal(client, entry, args);
    if (refusal !== undefined) reply.error(refusal);
    return refusal === undefined;
  }

  errorIsCounted(): void {
    this.executor.errorIsCounted();
  }

  countRefusal(entry: CommandEntry | undefined, code: string): void {
    this.executor.countRefusal(entry, code);
  }

  /** Runs `work`, which answers to `call.reply`, until no key is missing for it: a signal that it throws ends it before it changes anything. */
  complete(call: Call, work: (call: Call) => void): void {
    const { reply } = call;
    const { keyspace } = this;
    const { hits, misses } = keyspace;
    const start = reply.length;
    for (;;) {
      try {
        work(call);
        return;
      } catch (error) {
        reply.truncate(start);
        if (error === WRONG_TYPE) {
          reply.error(WRONG_TYPE_ERROR);
          return;
        }
        if (error !== COLD_KEY) throw error;
      }
      keyspace.hits = hits;
      keyspace.misses = misses;
      const { missing } = keyspace;
      assert(missing !== undefined, 'COLD_KEY comes with a key');
      if (!this.load(call, missing.db, missing.key)) return;
    }
  }

  /** Whether the command sees all keys that it has to list: for those on disk alone, somebody must have begun to list them before. */
  private canList(call: Call, entry: CommandEntry): boolean {
    const { db, listing, reply } = call;
    if (entry.gather === undefined || listing !== undefined || entry.name === 'randomkey') return true;
    const isAllInMemory = !db.isEstimate && db.keyCount <= db.table.count - db.emptyCount;
    // One that is wrong needs nothing either: it says so itself.
    if (isAllInMemory || entry.gather(call) === undefined) return true;
    reply.error('ERR keys that are on disk alone cannot be listed by a script');
    return false;
  }

  /** As in the executor. */
  private loadsFirst(entry: CommandEntry): boolean {
    return entry.loadsFirst || this.keyspace.events.wants(KEYSPACE_EVENT.keyMiss);
  }

  /** Loads all keys of a command that changes some before it looks at the others. False after an error reply. */
  private loadKeys(call: Call, entry: CommandEntry): boolean {
    const { args, db } = call;
    return keyIndexes(entry.command, args).every((i) => {
      const isCold = i < args.count && this.keyspace.isCold(db, args.buffer, args.start[i], args.end[i]);
      return !isCold || this.load(call, db, args.copy(i));
    });
  }

  /** Loads a key. False after an error reply. */
  private load(call: Call, db: Database, key: Buffer): boolean {
    const startedUs = this.clock.monotonicUs();
    try {
      this.loader.loadNow(db, key);
      this.loadingUs += this.clock.monotonicUs() - startedUs;
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      call.reply.error(`ERR ${error.message}`);
      return false;
    }
  }
}

/** Who MONITOR shows to have run a command: `lua`, if that is a script. */
function monitored({ client, isFromScript }: Call): MonitoredClient {
  return isFromScript === true ? { databaseNumber: client.databaseNumber, address: 'lua' } : client;
}
