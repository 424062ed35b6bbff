/**
 * What commands need of the connection they came by, and of the server: implemented in lib/server, so that commands
 * know nothing of sockets. Times are Unix milliseconds unless a name says otherwise.
 */

import type { Config } from '../config/config.js';
import type { Timers } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import type { CellType } from '../record/entry.js';
import type { StorageFigures } from '../storage/engine/figures.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import type { RingInfo } from './ring-ports.js';

/** CLIENT REPLY: SKIP makes it `skip_next`, and the executor makes that `skip` for one command. */
export type ReplyMode = 'on' | 'off' | 'skip' | 'skip_next';

/** What can be subscribed to: channels by name, channels by a pattern, shard channels by name. */
export type SubscriptionKind = 'channel' | 'pattern' | 'shard';

/** What a connection has subscribed to, in order: names and patterns in latin1, each byte one character. */
export type Subscriptions = Readonly<Record<SubscriptionKind, Set<string>>>;

/**
 * How a command waits for a key: BLPOP and its kin. It looks for itself first, and if there is nothing to be had, says what it waits for:
 *
 *     function blpop(call: Call): void {
 *       const timeoutMs = blockingTimeout(call, call.args.count - 1);
 *       if (Number.isNaN(timeoutMs)) return;                                // an error was answered
 *       const keys = keysOf(call.args);                                     // indexes of arguments
 *       for (const i of keys) if (pop(call, i)) return;
 *       call.client.waitForKeys(call, { keys, type: CellType.LIST, timeoutMs, attempt: pop, onTimeout });
 *     }
 *
 * Its client runs nothing else until then. When one of the keys has come to hold `type`, `attempt` runs behind the command, transaction or script
 * that did it, before anything else does: for those who have waited longest first, and for as many as find something. Each time, there is a
 * call with a copy of the arguments, which stays as it is for as long as the wait lasts.
 *
 * Inside of a transaction or a script nothing waits: `onTimeout` is called at once. Elsewhere it is called when the time is over, and for CLIENT
 * UNBLOCK.
 */
export interface Wait {
  /** Indexes of the arguments that are keys, one at least once. */
  readonly keys: readonly number[];
  /** The keys are not looked at as long as they hold anything else. */
  readonly type: CellType;
  /** Milliseconds; 0 is for ever. */
  readonly timeoutMs: number;
  /**
   * Tries with the key in argument i, which holds `type`. Answers if it can; if it cannot, it changes nothing, answers nothing, and the wait goes
   * on. May throw COLD_KEY, after which it is tried again, and WRONG_TYPE, of other keys than that one: this is answered, and ends the wait.
   */
  readonly attempt: (call: Call, i: number) => void;
  /** Answers that nothing came. */
  readonly onTimeout: (call: Call) => void;
  /** A member waits for a client of its own: what `attempt` says is that it may come and take something. */
  readonly isOfMember?: boolean;
}

/** What a client has queued since MULTI. */
export interface QueuedCommands {
  readonly count: number;
  /** What it takes in memory, about. */
  readonly bytes: number;
  /** A command could not be queued: EXEC runs none. */
  readonly hasFailed: boolean;
}

/** A connection. */
export interface Client {
  /** Rising from 1; never reused. */
  readonly id: number;
  /** `ip:port`, or the socket's path with `:0`, as in CLIENT LIST. */
  readonly address: string;
  readonly localAddress: string;
  /** Came by the unix socket or a loopback address. */
  readonly isLocal: boolean;
  readonly usesTls: boolean;
  readonly createdMs: number;
  /** When it last sent a command. */
  readonly lastUsedMs: number;
  /** Full name of the last command (`client|list`), lower case; empty before the first. */
  readonly lastCommand: string;
  readonly databaseNumber: number;
  /** Bytes of unparsed input held, and of replies not yet taken by the system. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly isBlocked: boolean;
  readonly reply: ReplyWriter;
  name: string;
  libraryName: string;
  libraryVersion: string;
  /** Has shown the password, or none is wanted. */
  authenticated: boolean;
  noEvict: boolean;
  /** CLIENT NO-TOUCH: reads do not count as uses. */
  noTouch: boolean;
  isMonitor: boolean;
  /** Kept by PubSub; undefined while it has subscribed to nothing. */
  subscriptions: Subscriptions | undefined;
  replyMode: ReplyMode;

  /** The replicas that its commands ask for, and this one that runs (WITH), as CONSISTENCY shows them. */
  readonly consistency: string;
  /** Has its commands ask for others from now on. Returns the error to answer with, and changes nothing then. */
  chooseConsistency(words: readonly string[]): string | undefined;
  /** Selects a database. REQUIRES: the number is valid. */
  select(number: number): void;
  /**
   * Sends the first `length` bytes of `message`, which is no reply. If a command of this client runs or waits, it stands before that one's
   * reply.
   */
  push(message: Buffer, length: number): void;
  /** Closes the connection once the replies so far are sent (QUIT, a protocol error). */
  closeAfterReplies(): void;
  /** Closes it now. */
  kill(): void;
  /** Back to how a new connection is (RESET), the password included. */
  reset(): void;
  /**
   * For a waiting command: settles with 'timeout' after `timeoutMs` (0: never), with 'unblocked' or 'error' by CLIENT UNBLOCK, and with
   * 'woken' by `wake`. REQUIRES: called from `wait` of a command of this client, once at a time.
   */
  pauseFor(timeoutMs: number): Promise<'timeout' | 'unblocked' | 'error' | 'woken'>;
  /** Since MULTI, until EXEC or DISCARD. */
  readonly transaction: QueuedCommands | undefined;
  /** How many keys it watches. */
  readonly watchedCount: number;
  /** Whether one of them was changed since. */
  readonly isTouched: boolean;
  beginTransaction(): void;
  /** Forgets what was queued, and what is watched. */
  endTransaction(): void;
  /** Runs what was queued, and answers with all replies; the transaction is over then. REQUIRES: there is one, and no transaction or script runs. */
  runTransaction(): void;
  /** Watches a key of the database that is selected. REQUIRES: it is in memory. */
  watch(key: Buffer): void;
  /** Forgets what is watched, and that it was changed. */
  unwatch(): void;
  /** Has the command answer later; see Wait. Its `run` returns then, and has answered nothing. */
  waitForKeys(call: Call, wait: Wait): void;
  /** Ends a `pauseFor` or `waitForKeys`; false if there is none. */
  wake(reason: 'unblocked' | 'error' | 'woken'): boolean;
}

/** The log and what keeps data durable. */
export interface Durability {
  /** Writes of the log go on; else the reason why not: a failed write or fsync. */
  readonly failure: string | undefined;
  readonly isSaving: boolean;
  /** Whether the last save went well. */
  readonly lastSaveOk: boolean;
  readonly lastSaveMs: number;
  /** What of the log is not in tables. */
  readonly logBytes: number;
  /** How long the last save took, seconds; -1 before the first. */
  readonly lastSaveSeconds: number;
  /** The keyspace's `changeCount` when the last save that went well began; 0 before the first. */
  readonly savedChangeCount: number;
  /** Makes everything written so far durable. Rejects when the log has failed. */
  sync(): Promise<void>;
  /** Moves everything that was written so far to tables (SAVE, BGSAVE, BGREWRITEAOF). Resolves when it is durable. REQUIRES: not `isSaving`. */
  save(): Promise<void>;
  /** The same, and merges all tables until nothing in them is superseded, deleted or expired (COMPACT). */
  compact(): Promise<void>;
  /**
   * Copies everything that was written so far to a new directory, by its absolute path (BACKUP). Rejects if there is something of that name, or
   * the copy fails: then there is none.
   */
  backup(directory: string): Promise<void>;
  /** Forgets all data in memory and reads it from disk again (DEBUG RELOAD). */
  reload(): Promise<void>;
}

/** What keeps data on disk, for INFO storage. Counts are since the start, sizes are bytes. */
export interface Storage {
  /** Undefined while the data is being read anew. */
  figures(): StorageFigures | undefined;
  /** Keys read from the disk into memory, and those that are being read. */
  readonly loadedCount: number;
  readonly loadingCount: number;
  /** What is in the log and not in tables, and how much that may be. */
  readonly dirtyBytes: number;
  readonly dirtyBytesMax: number;
  /** How much writers are slowed down, 0 to 1; for how long they were, and in how many turns. */
  readonly writePressure: number;
  readonly writeDelayMs: number;
  readonly writeDelayTurns: number;
  /** Commands that waited until data had left the memory. */
  readonly writeStalls: number;
  readonly isBackingUp: boolean;
}

/** How commands were called: a row of INFO commandstats. */
export interface CommandUse {
  readonly name: string;
  readonly calls: number;
  readonly totalUs: number;
  readonly rejectedCalls: number;
  readonly failedCalls: number;
  /** How long its calls took; absent until one was measured (latency-tracking). */
  readonly latency: LatencyDistribution | undefined;
}

/** How the durations of calls are distributed: exact to two digits, from 1 ns to 1 s. */
export interface LatencyDistribution {
  readonly count: number;
  /** The duration that `percent` of the calls did not exceed, in microseconds. */
  percentileUs(percent: number): number;
  /**
   * How many calls took at most so many microseconds, for bounds that double from about 1 us on; only bounds at which the number
   * grows.
   */
  cumulative(): readonly (readonly [boundUs: number, calls: number])[];
}

/** A turn of the event loop, as INFO loop shows it. */
export interface LoopFigures {
  readonly turns: number;
  /** Turns that used 10 ms of thread CPU and more, and 20 ms. */
  readonly cpuOver10Ms: number;
  readonly cpuOver20Ms: number;
  readonly cpuMaxUs: number;
  readonly wallMaxUs: number;
}

/** Counters of the whole server; reset by CONFIG RESETSTAT where Redis resets them. */
export interface ServerFigures {
  readonly startedMs: number;
  readonly connectionsReceived: number;
  readonly connectionsRejected: number;
  readonly commandsProcessed: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Keys that clients watch. */
  readonly watchedKeys: number;
  readonly loop: LoopFigures;
  /** Errors answered, by their first word. */
  readonly errors: ReadonlyMap<string, number>;
  /** Sums of the last second. */
  readonly opsPerSecond: number;
  readonly inputBytesPerSecond: number;
  readonly outputBytesPerSecond: number;
}

/** The process, for INFO and MEMORY: bytes, seconds. */
export interface ProcessFigures {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly systemMemoryBytes: number;
  readonly userCpuSeconds: number;
  readonly systemCpuSeconds: number;
  readonly mainThreadUserCpuSeconds: number;
  readonly mainThreadSystemCpuSeconds: number;
  readonly processId: number;
  readonly osName: string;
  readonly architectureBits: number;
}

/** A command as one finds it that is run inside of another one. */
export interface NestedCommand {
  readonly command: Command;
  /** As in commandstats: `client|list` for a subcommand. */
  readonly name: string;
  /** What it does inside of another one; undefined for those that wait for something. */
  readonly runNested: ((call: Call) => void) | undefined;
  readonly isWrite: boolean;
  /** It writes, or tells others something (may_replicate). */
  readonly mayReplicate: boolean;
  /** Refused when memory is short (denyoom). */
  readonly needsMemory: boolean;
  /** Not to be run inside of a script (noscript), or of a transaction (no_multi). */
  readonly staysOutOfScripts: boolean;
  readonly staysOutOfTransactions: boolean;
  /** Whether a request with `count` arguments has the right number of them. */
  takes(count: number): boolean;
}

/** Commands inside of others: in transactions and scripts. */
export interface NestedCommands {
  /** The command, or subcommand, that a request calls; `undefined`: there is none. Allocates for subcommands only. */
  find(args: Args): NestedCommand | undefined;
  /**
   * Runs a command to its end: its reply is added to `call.reply`, also if that is an error. Keys that are on disk alone are read on this
   * thread. It is counted (commandstats, errorstats), is shown to monitors and in the slow log as one of `call.client`. Whether it may run (arguments,
   * flags, memory) is for the caller to say.
   *
   * Allocates nothing. `call.args` may be reused when it returns. REQUIRES: `nested.runNested` and `nested.takes(call.args.count)`.
   */
  run(call: Call, nested: NestedCommand): void;
  /** The error that the outer command answers with is one of a nested command: it is in errorstats already. Called before it is answered. */
  errorIsCounted(): void;
  /** Counts a command, if it is one, that was not run, because of an error with that code. */
  countRefusal(nested: NestedCommand | undefined, code: string): void;
}

/** Scripts, for INFO: sizes are bytes. */
export interface ScriptFigures {
  readonly cachedCount: number;
  /** Their texts. */
  readonly sourceBytes: number;
  /** What Lua has in use. */
  readonly memoryBytes: number;
}

/** Messages to whoever has subscribed. Names and patterns are in latin1, each byte one character. */
export interface PubSub {
  /** Does nothing if the client has subscribed to it already. */
  subscribe(client: Client, kind: SubscriptionKind, name: string): void;
  /** Does nothing if it has not. */
  unsubscribe(client: Client, kind: SubscriptionKind, name: string): void;
  unsubscribeAll(client: Client): void;
  /** Sends the bytes [start, end) of `message`; returns how often. What is sent leaves at the end of the turn. */
  publish(kind: 'channel' | 'shard', channel: string, message: Uint8Array, start: number, end: number): number;
  /** What somebody has subscribed to. */
  names(kind: SubscriptionKind): Iterable<string>;
  /** How many of them there are. */
  count(kind: SubscriptionKind): number;
  subscriberCount(kind: SubscriptionKind, name: string): number;
}

/** The server as a whole. */
export interface Server {
  readonly config: Config;
  readonly timers: Timers;
  readonly durability: Durability;
  readonly storage: Storage;
  readonly nested: NestedCommands;
  readonly scripts: ScriptFigures;
  readonly pubsub: PubSub;
  /** Undefined on a single node. */
  readonly ring: RingInfo | undefined;
  readonly figures: ServerFigures;
  /** ringkv's own version, as in package.json. */
  readonly version: string;
  /** 40 hexadecimal digits, new with every start. */
  readonly runId: string;
  readonly configFile: string;
  /** Ports that clients connect to, without TLS and with it; 0 if there is none. */
  readonly port: number;
  readonly tlsPort: number;
  /** Largest string that may be stored: proto-max-bulk-len, in bytes. */
  readonly valueBytesMax: number;
  /** What maxmemory is compared with, in bytes, and the most it has been. */
  readonly usedMemoryBytes: number;
  readonly peakMemoryBytes: number;

  /** All open connections, oldest first. */
  clients(): Iterable<Client>;
  clientById(id: number): Client | undefined;
  /** Every command that can be called, under its current name (rename-command). */
  commands(): Iterable<Command>;
  /** The command of that name, letter case apart. */
  commandNamed(name: string): Command | undefined;
  /** Finds command and subcommand of a request, as execution would: for COMMAND GETKEYS. */
  resolve(args: Args): { command: Command; fullName: string } | undefined;
  commandUses(): Iterable<CommandUse>;
  resetFigures(): void;
  processFigures(): ProcessFigures;
  wallMs(): number;
  /** Microseconds since 1970, for TIME. */
  wallUs(): number;
  /** Holds back commands until then: all of them, or those that may write. */
  pauseClients(untilMs: number, writesOnly: boolean): void;
  unpauseClients(): void;
  /** Lets a client see every command that runs, or no longer. */
  setMonitor(client: Client, on: boolean): void;
  /** Whether keys that have expired are looked for in the background (DEBUG SET-ACTIVE-EXPIRE). */
  activeExpiry: boolean;
  /** Whether scripts may call what is not meant for them, too (DEBUG SET-DISABLE-DENY-SCRIPTS). */
  allowsAllInScripts: boolean;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  /** Ends the process after the log is durable; `force` ends it even when that fails. Resolves only if it cannot. */
  shutdown(options: { force: boolean; nowait: boolean; abort: boolean }): Promise<string | undefined>;
  /** Listens where the configuration says now (port, bind). Resolves to why it cannot, with nothing changed. */
  listenAgain(): Promise<string | undefined>;
  /** Writes the configuration file anew; throws ConfigError or DiskError. */
  rewriteConfig(): void;
}

export interface SlowLogEntry {
  readonly id: number;
  readonly atSeconds: number;
  readonly durationUs: number;
  readonly args: readonly Buffer[];
  readonly clientAddress: string;
  readonly clientName: string;
}

export interface SlowLog {
  readonly length: number;
  /** Newest first. */
  entries(count: number): readonly SlowLogEntry[];
  reset(): void;
}

export interface LatencySample {
  readonly atSeconds: number;
  readonly latencyMs: number;
}

export interface LatencyMonitor {
  events(): readonly string[];
  /** Oldest first; empty for an unknown event. */
  history(event: string): readonly LatencySample[];
  /** The worst sample of an event since its last reset, those included that its history has forgotten; 0 for none. */
  maxMs(event: string): number;
  /** Forgets events (all without arguments); returns how many there were. */
  reset(events: readonly string[]): number;
}
