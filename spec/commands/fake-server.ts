/**
 * A server without sockets, disk or time of its own, for specs of the commands about connections and the server: a
 * real keyspace and configuration, and a part of everything else that the spec can look at and set.
 *
 * `connect()` gives a client; `ask` runs one of its commands, found and checked as the executor does, and decodes the reply.
 */

import { PositionHasher } from '../../lib/base/position.js';
import { HybridClock } from '../../lib/base/stamp.js';
import type { Call } from '../../lib/commands/call.js';
import type { Command } from '../../lib/commands/command.js';
import { dataCommands } from '../../lib/commands/data-commands.js';
import type {
  Client,
  CommandUse,
  Durability,
  NestedCommands,
  QueuedCommands,
  ProcessFigures,
  ReplyMode,
  Server,
  ServerFigures,
  Storage,
  Wait,
  Subscriptions,
} from '../../lib/commands/ports.js';
import type { RingInfo } from '../../lib/commands/ring-ports.js';
import { UNBLOCKED } from '../../lib/commands/error-texts.js';
import { serverCommands } from '../../lib/commands/server-commands.js';
import { Config } from '../../lib/config/config.js';
import { AccessPolicy } from '../../lib/data/access.js';
import { NO_COLD_DATA } from '../../lib/data/cold-data.js';
import type { Database } from '../../lib/data/keyspace.js';
import { Keyspace } from '../../lib/data/keyspace.js';
import { Args } from '../../lib/protocol/args.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import type { StorageFigures } from '../../lib/storage/engine/figures.js';
import type { CommandEntry } from '../../lib/server/command-table.js';
import { CommandTable } from '../../lib/server/command-table.js';
import { LatencyEvents } from '../../lib/server/latency-monitor.js';
import { KeptEffects } from '../../lib/server/kept-effects.js';
import { PubSubRegistry } from '../../lib/server/pubsub.js';
import { RecentSlowCommands } from '../../lib/server/slow-log.js';
import type { RespValue } from '../protocol/resp-decoder.js';
import { RespDouble, RespError, RespVerbatim, decodeAll } from '../protocol/resp-decoder.js';

/** When the server's clock begins: 2023-11-14T22:13:20Z. */
export const START_MS = 1700000000000;

const TOTAL_MEMORY_BYTES = 8 * 1024 ** 3;

/**
 * A reply in plain form: strings of every kind are strings (latin1), errors begin with `-`, doubles are numbers; maps
 * of RESP3 are Maps, sets of RESP3 are Sets.
 */
export type Plain = string | number | bigint | boolean | null | Plain[] | Map<Plain, Plain> | Set<Plain>;

type WakeReason = 'timeout' | 'unblocked' | 'error' | 'woken';

export class FakeClient implements Client, Call {
  readonly id: number;
  readonly address: string;
  readonly localAddress = '127.0.0.1:6379';
  isLocal = true;
  usesTls = false;
  readonly createdMs: number;
  lastUsedMs: number;
  lastCommand = '';
  databaseNumber = 0;
  inputBytes = 0;
  outputBytes = 0;
  isBlocked = false;
  readonly listing = undefined;
  transaction: QueuedCommands | undefined;
  watchedCount = 0;
  isTouched = false;
  readonly reply = new ReplyWriter(new BufferPool());
  name = '';
  libraryName = '';
  libraryVersion = '';
  authenticated: boolean;
  noEvict = false;
  noTouch = false;
  isMonitor = false;
  subscriptions: Subscriptions | undefined;
  /** Messages that it was sent, as bytes. */
  readonly pushed: Buffer[] = [];
  replyMode: ReplyMode = 'on';
  consistency = 'QUORUM';
  /** What has been asked of the connection. */
  closesAfterReplies = false;
  isKilled = false;
  /** The time-out that the command which waits has set, in milliseconds; undefined if none waits. */
  waitsMs: number | undefined;

  readonly args = new Args();
  readonly server: FakeServer;
  private settle: ((reason: WakeReason) => void) | undefined;

  constructor(server: FakeServer, id: number) {
    this.server = server;
    this.id = id;
    this.address = `127.0.0.1:${40000 + id}`;
    this.createdMs = this.lastUsedMs = server.nowMs;
    this.authenticated = server.config.requirepass === '';
  }

  get client(): this {
    return this;
  }

  get keyspace(): Keyspace {
    return this.server.keyspace;
  }

  get db(): Database {
    return this.keyspace.database(this.databaseNumber);
  }

  chooseConsistency(words: readonly string[]): string | undefined {
    this.consistency = words.join(' ');
    return words[0] === 'wrong' ? '-ERR wrong' : undefined;
  }

  beginTransaction(): void {
    this.transaction = { count: 0, bytes: 0, hasFailed: false };
  }

  endTransaction(): void {
    this.transaction = undefined;
    this.unwatch();
  }

  runTransaction(): void {
    this.reply.array(0);
    this.endTransaction();
  }

  watch(): void {
    this.watchedCount++;
  }

  unwatch(): void {
    this.watchedCount = 0;
    this.isTouched = false;
  }

  waitForKeys(call: Call, wait: Wait): void {
    this.waitsMs = wait.timeoutMs;
    this.settle = (reason) => {
      if (reason === 'error') this.reply.error(UNBLOCKED);
      else wait.onTimeout(call);
    };
  }

  /** Runs a command to its end; the reply in plain form, undefined if there is none. Strings are latin1. */
  async ask(...words: (string | number)[]): Promise<Plain | undefined> {
    const bytes = await this.askRaw(...words);
    const replies = decodeAll(bytes);
    if (replies.length > 1) throw new Error(`${words[0]} gave ${replies.length} replies`);
    return replies.length === 0 ? undefined : plain(replies[0]);
  }

  /** The same, of a command that answers with a text. */
  async askText(...words: (string | number)[]): Promise<string> {
    const reply = await this.ask(...words);
    if (typeof reply !== 'string') throw new Error(`${words[0]} did not answer with a text`);
    return reply;
  }

  /** The same; the bytes on the wire. */
  async askRaw(...words: (string | number)[]): Promise<Buffer> {
    this.fillArgs(words);
    const entry = this.server.entryFor(this);
    if (entry !== undefined) {
      this.lastCommand = entry.name;
      this.lastUsedMs = this.server.nowMs;
      entry.run?.(this);
      await entry.wait?.(this);
      // A view that was kept shows.
      this.args.buffer.fill(0xee);
    }
    const { buffer, length } = this.reply.detach();
    return Buffer.from(buffer.subarray(0, length));
  }

  select(number: number): void {
    this.databaseNumber = number;
  }

  push(message: Buffer, length: number): void {
    this.pushed.push(Buffer.from(message.subarray(0, length)));
  }

  closeAfterReplies(): void {
    this.closesAfterReplies = true;
  }

  kill(): void {
    this.isKilled = true;
    this.server.forget(this);
  }

  reset(): void {
    this.name = '';
    this.databaseNumber = 0;
    this.noEvict = this.noTouch = this.isMonitor = false;
    this.replyMode = 'on';
    this.reply.resp = 2;
  }

  pauseFor(timeoutMs: number): Promise<WakeReason> {
    this.waitsMs = timeoutMs;
    this.isBlocked = true;
    return new Promise((resolve) => (this.settle = resolve));
  }

  wake(reason: Exclude<WakeReason, 'timeout'>): boolean {
    return this.endWait(reason);
  }

  /** Lets the time-out of the command that waits pass. */
  timeOut(): void {
    this.endWait('timeout');
  }

  private endWait(reason: WakeReason): boolean {
    const { settle } = this;
    this.settle = this.waitsMs = undefined;
    this.isBlocked = false;
    settle?.(reason);
    return settle !== undefined;
  }

  private fillArgs(words: readonly (string | number)[]): void {
    const { args } = this;
    args.clear();
    args.buffer = Buffer.from(words.join(''), 'latin1');
    let at = 0;
    for (const word of words) {
      args.push(at, at + String(word).length);
      at += String(word).length;
    }
  }
}

/** The log: counts what is asked of it. */
export class FakeDurability implements Durability {
  failure: string | undefined;
  isSaving = false;
  lastSaveOk = true;
  lastSaveMs = START_MS;
  logBytes = 0;
  lastSaveSeconds = -1;
  savedChangeCount = 0;
  syncs = 0;
  rewrites = 0;
  reloads = 0;
  compactions = 0;
  /** Directories that backups were made in. */
  readonly backups: string[] = [];
  /** What the next rewrite fails with. */
  rewriteError: Error | undefined;

  sync(): Promise<void> {
    this.syncs++;
    return Promise.resolve();
  }

  save(): Promise<void> {
    this.rewrites++;
    return this.rewriteError === undefined ? Promise.resolve() : Promise.reject(this.rewriteError);
  }

  compact(): Promise<void> {
    this.compactions++;
    return this.save();
  }

  backup(directory: string): Promise<void> {
    this.backups.push(directory);
    return this.save();
  }

  reload(): Promise<void> {
    this.reloads++;
    return Promise.resolve();
  }
}

/** The store: nothing, unless the spec says otherwise. */
export class FakeStorage implements Storage {
  loadedCount = 0;
  loadingCount = 0;
  dirtyBytes = 0;
  dirtyBytesMax = 0;
  writePressure = 0;
  writeDelayMs = 0;
  writeDelayTurns = 0;
  writeStalls = 0;
  isBackingUp = false;
  shown: StorageFigures | undefined;

  figures(): StorageFigures | undefined {
    return this.shown;
  }
}

export class FakeServer implements Server {
  nowMs = START_MS;
  readonly config: Config;
  readonly timers = {
    after: () => ({ cancel: () => undefined }),
    every: () => ({ cancel: () => undefined }),
    endOfTurn: (run: () => void) => {
      queueMicrotask(run);
    },
  };
  readonly durability = new FakeDurability();
  readonly storage = new FakeStorage();
  readonly nested: NestedCommands = {
    find: () => undefined,
    run: () => undefined,
    errorIsCounted: () => undefined,
    countRefusal: () => undefined,
  };
  readonly scripts = { cachedCount: 0, sourceBytes: 0, memoryBytes: 0 };
  readonly pubsub = new PubSubRegistry(new BufferPool(), new KeptEffects());
  ring: RingInfo | undefined;
  readonly version = '1.2.3';
  readonly runId = 'a'.repeat(40);
  configFile = '';
  readonly port = 6379;
  readonly tlsPort = 0;
  readonly valueBytesMax = 512 * 1024 * 1024;
  usedMemoryBytes = 64 * 1024 * 1024;
  peakMemoryBytes = 65 * 1024 * 1024;
  residentBytes = 96 * 1024 * 1024;
  activeExpiry = true;
  allowsAllInScripts = false;
  readonly slowLog = new RecentSlowCommands();
  readonly latency = new LatencyEvents();
  readonly keyspace: Keyspace;
  readonly errors = new Map<string, number>();

  /** What has been asked of the server. */
  readonly monitors = new Set<Client>();
  pause: { untilMs: number; writesOnly: boolean } | undefined;
  figuresReset = 0;
  configRewrites = 0;
  rewriteConfigError: Error | undefined;
  shutdowns: { force: boolean; nowait: boolean; abort: boolean }[] = [];
  shutdownAnswer: string | undefined;
  /** Why new addresses cannot be had. */
  listenFailure: string | undefined;

  private readonly table: CommandTable;
  private readonly open: FakeClient[] = [];
  private lastId = 0;
  private readonly clock = new HybridClock(() => this.nowMs);

  /** `options`: names and values, as in the configuration file. */
  constructor(
    options: Record<string, string> = {},
    commands: readonly Command[] = [...dataCommands, ...serverCommands],
  ) {
    const directives = Object.entries(options).map(([name, value]) => ({
      name,
      words: value.split(' '),
      file: undefined,
      line: 0,
    }));
    this.config = new Config({ totalMemoryBytes: TOTAL_MEMORY_BYTES }, directives);
    this.table = new CommandTable(commands, this.config.renamedCommands);
    const random = { uint32: () => 0x12345678, fill: (target: Uint8Array) => void target.fill(0xab) };
    this.keyspace = new Keyspace({
      databaseCount: 16,
      clock: this.clock,
      hasher: new PositionHasher(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
      random,
      batch: new WriteBatch(1),
      access: new AccessPolicy(random),
      cold: NO_COLD_DATA,
      origin: 1,
    });
    this.clock.tick();
  }

  connect(): FakeClient {
    const client = new FakeClient(this, ++this.lastId);
    this.open.push(client);
    return client;
  }

  forget(client: FakeClient): void {
    this.open.splice(this.open.indexOf(client), 1);
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.nowMs += ms;
    this.clock.tick();
  }

  /** The command that a client's arguments ask for; undefined after an error reply. */
  entryFor({ args, reply }: FakeClient): CommandEntry | undefined {
    const found = this.table.find(args);
    if (found === undefined) throw new Error(`no command '${args.text(0)}'`);
    let entry = found;
    if (found.subcommands !== undefined && args.count > 1) {
      const sub = found.subcommands.get(args.text(1).toLowerCase());
      if (sub === undefined) throw new Error(`no subcommand '${args.text(1)}'`);
      entry = sub;
    }
    if (entry.takes(args.count)) return entry;
    reply.error(`ERR wrong number of arguments for '${entry.name}' command`);
    return undefined;
  }

  /** Notes a call of a command, as the executor would. */
  noteCall(name: string, durationUs: number, failed = false): void {
    for (const entry of this.commandUses()) {
      if (entry.name !== name) continue;
      entry.calls++;
      entry.totalUs += durationUs;
      if (failed) entry.failedCalls++;
      entry.trackLatency(durationUs, 1);
    }
  }

  get figures(): ServerFigures {
    return {
      startedMs: START_MS,
      connectionsReceived: this.lastId,
      connectionsRejected: 2,
      commandsProcessed: 1234,
      inputBytes: 1000,
      outputBytes: 2000,
      watchedKeys: 0,
      loop: { turns: 77, cpuOver10Ms: 3, cpuOver20Ms: 1, cpuMaxUs: 12345.6, wallMaxUs: 23456.7 },
      errors: this.errors,
      opsPerSecond: 55,
      inputBytesPerSecond: 2048,
      outputBytesPerSecond: 1024,
    };
  }

  clients(): Iterable<FakeClient> {
    return this.open;
  }

  clientById(id: number): FakeClient | undefined {
    return this.open.find((client) => client.id === id);
  }

  *commands(): Iterable<Command> {
    for (const entry of this.table.all()) yield entry.command;
  }

  commandNamed(name: string): Command | undefined {
    return this.table.named(name)?.command;
  }

  resolve(args: Args): { command: Command; fullName: string } | undefined {
    const entry = this.table.find(args);
    if (entry === undefined) return undefined;
    if (entry.subcommands === undefined || args.count < 2) return { command: entry.command, fullName: entry.name };
    const sub = entry.subcommands.get(args.text(1).toLowerCase());
    return sub === undefined ? undefined : { command: sub.command, fullName: sub.name };
  }

  *commandUses(): Iterable<CommandEntry & CommandUse> {
    for (const entry of this.table.all()) {
      yield entry;
      if (entry.subcommands !== undefined) yield* entry.subcommands.values();
    }
  }

  resetFigures(): void {
    this.figuresReset++;
  }

  processFigures(): ProcessFigures {
    return {
      residentBytes: this.residentBytes,
      heapBytes: 16 * 1024 * 1024,
      systemMemoryBytes: TOTAL_MEMORY_BYTES,
      userCpuSeconds: 1.5,
      systemCpuSeconds: 0.25,
      mainThreadUserCpuSeconds: 1.25,
      mainThreadSystemCpuSeconds: 0.125,
      processId: 4711,
      osName: 'Linux 6.1 x64',
      architectureBits: 64,
    };
  }

  wallMs(): number {
    return this.nowMs;
  }

  wallUs(): number {
    return this.nowMs * 1000 + 42;
  }

  pauseClients(untilMs: number, writesOnly: boolean): void {
    this.pause = { untilMs, writesOnly };
  }

  unpauseClients(): void {
    this.pause = undefined;
  }

  setMonitor(client: Client, on: boolean): void {
    if (on) this.monitors.add(client);
    else this.monitors.delete(client);
  }

  shutdown(options: { force: boolean; nowait: boolean; abort: boolean }): Promise<string | undefined> {
    this.shutdowns.push(options);
    return Promise.resolve(this.shutdownAnswer);
  }

  listenAgain(): Promise<string | undefined> {
    return Promise.resolve(this.listenFailure);
  }

  rewriteConfig(): void {
    this.configRewrites++;
    if (this.rewriteConfigError !== undefined) throw this.rewriteConfigError;
  }
}

function plain(value: RespValue): Plain {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (value instanceof RespError) return `-${value.text}`;
  if (value instanceof RespVerbatim) return value.text;
  if (value instanceof RespDouble) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]));
  if (value instanceof Set) return new Set([...value].map(plain));
  if (value === null || typeof value !== 'object') return value;
  throw new Error('a reply that has no plain form');
}
