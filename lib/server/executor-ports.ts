import type { Args } from '../protocol/args.js';
import type { CommandEntry } from './command-table.js';
import type { Connection } from './connection.js';
import type { MonitoredClient } from './monitor.js';
import type { SlowLogClient } from './slow-log.js';
import type { Transaction } from './transaction.js';

/** Why a command may not run now; `undefined`: it may. The texts are Redis's. */
export interface Guards {
  /** Whether any of the others may say no, or `watch` wants to see commands: kept up to date, so that the common case asks once. */
  readonly alert: boolean;
  /** Holds the request back (CLIENT PAUSE); true if it did. */
  postpone(connection: Connection, entry: CommandEntry, args: Args, isWrite: boolean): boolean;
  refusal(entry: CommandEntry, isWrite: boolean): string | undefined;
  /** Whether nothing runs any more. */
  readonly isStopping: boolean;
  /** Whether data has changed in a way that is not logged yet. */
  readonly hasUnlogged: boolean;
  /** Shows a command that has run to the monitors. */
  watch(client: MonitoredClient, entry: CommandEntry, args: Args): void;
  /** Grows whenever making room took some time. */
  readonly roomLookCount: number;
  /** Makes room in memory for a command that needs some; false if there is none, a promise if there will be. */
  makeRoom(): boolean | Promise<void>;
  /** A command took long enough to be logged. */
  onSlow(client: SlowLogClient, entry: CommandEntry, args: Args, durationUs: number): void;
}

/** What a node in a ring does around commands: see coordinator.ts. */
export interface RingExecution {
  /** Whether a request may run, here and now. If not, it was answered, or waits. */
  admit(connection: Connection, entry: CommandEntry, args: Args): boolean;
  /** Whether a request was begun ahead of its turn: then it happens, whatever comes now. */
  hasBegun(args: Args): boolean;
  /** Whether a command may be queued behind MULTI; if not, it was answered. */
  admitQueued(connection: Connection, transaction: Transaction, entry: CommandEntry, args: Args): boolean;
  /** Whether EXEC may run, here and now. If not, it was answered, or waits. */
  admitExec(connection: Connection, transaction: Transaction, args: Args): boolean;
  /** Why a script of that client may not call a command; undefined if it may. */
  scriptRefusal(connection: Connection, entry: CommandEntry, args: Args): string | undefined;
  /** A command has run, and answered from `start` on. */
  ran(connection: Connection, hasChanged: boolean, start: number): void;
}
