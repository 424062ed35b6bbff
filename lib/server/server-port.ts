import type { Command } from '../commands/command.js';
import type { Client, ProcessFigures, ScriptFigures, Server, ServerFigures, Storage } from '../commands/ports.js';
import type { RingInfo } from '../commands/ring-ports.js';
import type { Config } from '../config/config.js';
import type { ActiveExpiry } from '../data/active-expiry.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Clock, ProcessProbe, Timers } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import type { Clients } from './clients.js';
import type { CommandEntry, CommandTable } from './command-table.js';
import type { Executor } from './executor.js';
import type { Gate } from './gate.js';
import type { LatencyEvents } from './latency-monitor.js';
import type { Memory } from './memory.js';
import type { NestedExecutor } from './nested-executor.js';
import type { Pause } from './pause.js';
import type { Persistence } from './persistence.js';
import type { PubSubRegistry } from './pubsub.js';
import type { RecentSlowCommands } from './slow-log.js';
import type { Turn } from './turn.js';
import type { Watches } from './watches.js';

export interface ServerParts {
  readonly config: Config;
  readonly configFile: string;
  readonly version: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly process: ProcessProbe;
  readonly keyspace: Keyspace;
  readonly persistence: Persistence;
  readonly storage: Storage;
  readonly table: CommandTable;
  readonly executor: Executor;
  readonly nested: NestedExecutor;
  readonly scripts: ScriptFigures;
  readonly watches: Watches;
  readonly registry: Clients;
  readonly pubsub: PubSubRegistry;
  readonly turn: Turn;
  readonly gate: Gate;
  readonly pause: Pause;
  readonly expiry: ActiveExpiry;
  readonly memory: Memory;
  readonly slowLog: RecentSlowCommands;
  readonly latency: LatencyEvents;
  readonly rewriteConfig: () => void;
  readonly shutdown: Server['shutdown'];
  /** Listens where the configuration says; rejects, with nothing changed, if it cannot. */
  readonly listen: () => Promise<void>;
}

/** Lengths of records are 32 bits wide, and what grows gets an eighth more than it needs. */
const STRING_BYTES_MAX = 2 ** 30;

/** The server as commands see it: the node's parts behind one interface. */
export class ServerPort implements Server {
  readonly config: Config;
  readonly configFile: string;
  readonly version: string;
  readonly runId: string;
  readonly timers: Timers;
  readonly durability: Persistence;
  readonly storage: Storage;
  readonly nested: NestedExecutor;
  readonly scripts: ScriptFigures;
  readonly pubsub: PubSubRegistry;
  readonly slowLog: RecentSlowCommands;
  readonly latency: LatencyEvents;
  readonly shutdown: Server['shutdown'];
  /** Both set once the node listens. */
  port = 0;
  tlsPort = 0;
  /** Set by the node, if it is in one. */
  ring: RingInfo | undefined;

  private readonly parts: ServerParts;
  private readonly startedMs: number;
  /** Totals a second ago, and what came since. */
  private readonly before = { commands: 0, input: 0, output: 0 };
  private readonly lastSecond = { commands: 0, input: 0, output: 0 };

  constructor(parts: ServerParts) {
    this.parts = parts;
    this.config = parts.config;
    this.configFile = parts.configFile;
    this.version = parts.version;
    this.runId = parts.runId;
    this.timers = parts.timers;
    this.durability = parts.persistence;
    this.storage = parts.storage;
    this.nested = parts.nested;
    this.scripts = parts.scripts;
    this.pubsub = parts.pubsub;
    this.slowLog = parts.slowLog;
    this.latency = parts.latency;
    this.shutdown = parts.shutdown;
    this.startedMs = parts.clock.wallMs();
  }

  allowsAllInScripts = false;

  get activeExpiry(): boolean {
    return this.parts.expiry.enabled;
  }

  set activeExpiry(enabled: boolean) {
    this.parts.expiry.enabled = enabled;
  }

  get valueBytesMax(): number {
    return Math.min(this.config.protoMaxBulkLenBytes, STRING_BYTES_MAX);
  }

  get usedMemoryBytes(): number {
    return this.parts.memory.usedBytes;
  }

  get peakMemoryBytes(): number {
    return this.parts.memory.peakBytes;
  }

  get figures(): ServerFigures {
    const { registry, executor, turn, watches } = this.parts;
    return {
      startedMs: this.startedMs,
      connectionsReceived: registry.received,
      connectionsRejected: registry.rejected,
      commandsProcessed: executor.times.commandsProcessed,
      inputBytes: registry.inputBytes,
      outputBytes: registry.outputBytes,
      watchedKeys: watches.keyCount,
      loop: turn,
      errors: executor.errors,
      opsPerSecond: this.lastSecond.commands,
      inputBytesPerSecond: this.lastSecond.input,
      outputBytesPerSecond: this.lastSecond.output,
    };
  }

  /** Called once a second. */
  sampleRates(): void {
    const { registry, executor } = this.parts;
    const now = {
      commands: executor.times.commandsProcessed,
      input: registry.inputBytes,
      output: registry.outputBytes,
    };
    for (const key of ['commands', 'input', 'output'] as const) {
      this.lastSecond[key] = Math.max(0, now[key] - this.before[key]);
      this.before[key] = now[key];
    }
  }

  clients(): Iterable<Client> {
    return this.parts.registry.all();
  }

  clientById(id: number): Client | undefined {
    return this.parts.registry.get(id);
  }

  *commands(): Iterable<Command> {
    for (const entry of this.parts.table.all()) yield entry.command;
  }

  commandNamed(name: string): Command | undefined {
    return this.parts.table.named(name)?.command;
  }

  resolve(args: Args): { command: Command; fullName: string } | undefined {
    const entry = this.parts.table.find(args);
    const sub = args.count < 2 ? undefined : entry?.subcommands?.get(args.text(1).toLowerCase());
    const found = entry?.subcommands === undefined ? entry : sub;
    return found === undefined ? undefined : { command: found.command, fullName: found.name };
  }

  *commandUses(): Iterable<CommandEntry> {
    for (const entry of this.parts.table.all()) {
      yield entry;
      if (entry.subcommands !== undefined) yield* entry.subcommands.values();
    }
  }

  resetFigures(): void {
    const { table, registry, turn, executor, keyspace, memory } = this.parts;
    for (const entry of table.all()) entry.resetUse();
    registry.resetFigures();
    turn.resetFigures();
    executor.resetFigures();
    keyspace.resetFigures();
    memory.resetPeak();
    Object.assign(this.before, { commands: 0, input: 0, output: 0 });
  }

  processFigures(): ProcessFigures {
    const { process } = this.parts;
    const all = process.cpu();
    const main = process.mainThreadCpu();
    return {
      residentBytes: process.residentBytes(),
      heapBytes: process.heapBytes(),
      systemMemoryBytes: process.totalMemoryBytes,
      userCpuSeconds: all.user,
      systemCpuSeconds: all.system,
      mainThreadUserCpuSeconds: main.user,
      mainThreadSystemCpuSeconds: main.system,
      processId: process.processId,
      osName: process.osName,
      architectureBits: 64,
    };
  }

  wallMs(): number {
    return this.parts.clock.wallMs();
  }

  wallUs(): number {
    return this.parts.clock.wallUs();
  }

  setMonitor(client: Client, on: boolean): void {
    const connection = this.parts.registry.get(client.id);
    if (connection !== undefined) this.parts.gate.setMonitor(connection, on);
  }

  pauseClients(untilMs: number, writesOnly: boolean): void {
    this.parts.pause.start(untilMs, writesOnly);
    this.parts.gate.update();
  }

  unpauseClients(): void {
    this.parts.pause.end();
    this.parts.gate.update();
  }

  async listenAgain(): Promise<string | undefined> {
    try {
      await this.parts.listen();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  rewriteConfig(): void {
    this.parts.rewriteConfig();
  }
}
