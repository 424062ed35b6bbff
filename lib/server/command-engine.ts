import { dataCommands } from '../commands/data-commands.js';
import { serverCommands } from '../commands/server-commands.js';
import type { Config } from '../config/config.js';
import type { Keyspace } from '../data/keyspace.js';
import { Loader } from '../data/loader.js';
import type { Clock, Random, Timers } from '../host/ports.js';
import type { Args } from '../protocol/args.js';
import { scriptCommands } from '../scripting/script-commands.js';
import { Scripts } from '../scripting/scripts.js';
import type { Store } from '../storage/engine/store.js';
import { Blocking } from './blocking.js';
import type { Changes } from './changes.js';
import { CommandTable } from './command-table.js';
import type { Connection } from './connection.js';
import { Executor } from './executor.js';
import { Gate } from './gate.js';
import { HeldRequests } from './held-requests.js';
import type { KeptEffects } from './kept-effects.js';
import { LatencyEvents } from './latency-monitor.js';
import type { Log } from './log.js';
import type { Memory } from './memory.js';
import { NestedExecutor } from './nested-executor.js';
import { Pause } from './pause.js';
import type { Persistence } from './persistence.js';
import { ScriptPort } from './script-port.js';
import { RecentSlowCommands } from './slow-log.js';
import type { Turn } from './turn.js';

export interface CommandEngineOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly keyspace: Keyspace;
  readonly store: Store;
  readonly persistence: Persistence;
  readonly changes: Changes;
  readonly turn: Turn;
  readonly memory: Memory;
  readonly effects: KeptEffects;
  /** Lua's interpreter. */
  readonly readBinary: () => Uint8Array;
  /** Why no write may be taken, if that is so. */
  readonly writeFailure: () => string | undefined;
  /** Runs a request of a connection to the end, or blocks the connection. */
  readonly execute: (connection: Connection, args: Args) => void;
}

/** All that runs commands: which there are, what stands before each, what has them wait, and what runs some within others. */
export class CommandEngine {
  readonly table: CommandTable;
  readonly gate: Gate;
  readonly pause: Pause;
  readonly slowLog = new RecentSlowCommands();
  readonly latency = new LatencyEvents();
  readonly loader: Loader;
  readonly held: HeldRequests;
  readonly blocking: Blocking;
  readonly scripts: Scripts;
  readonly executor: Executor;
  readonly nested: NestedExecutor;
  private readonly options: CommandEngineOptions;

  constructor(options: CommandEngineOptions) {
    const { config, clock, keyspace, store } = options;
    this.options = options;
    this.pause = new Pause((connection, args) => {
      this.execute(connection, args);
    });
    this.gate = this.makeGate();
    this.scripts = this.makeScripts();
    this.table = new CommandTable(
      [...dataCommands, ...serverCommands, ...scriptCommands(this.scripts)],
      config.renamedCommands,
    );
    this.loader = new Loader(keyspace, store);
    this.held = this.makeHeldRequests();
    this.blocking = this.makeBlocking();
    this.executor = new Executor(this.table, keyspace, this.gate, clock, this.held, this.blocking, options.effects);
    this.nested = new NestedExecutor(this.table, keyspace, this.loader, this.gate, clock, this.executor);
  }

  /** Executes a request as if it had just arrived. */
  execute(connection: Connection, args: Args): void {
    this.executor.times.start();
    this.options.execute(connection, args);
  }

  private makeGate(): Gate {
    const { persistence, writeFailure } = this.options;
    return new Gate({
      ...this.options,
      pause: this.pause,
      slowLog: this.slowLog,
      latency: this.latency,
      logFailure: writeFailure,
      hasUnlogged: () => persistence.hasChanges,
      whenFlushed: () => persistence.whenFlushed(),
      reloading: () => persistence.reloading,
      hold: (connection, args, ready) => {
        this.held.hold(connection, args, ready);
      },
    });
  }

  private makeScripts(): Scripts {
    return new Scripts(
      new ScriptPort({
        ...this.options,
        gate: this.gate,
        onChanged: (connection, start) => {
          this.executor.ring?.ran(connection, true, start);
          if (this.blocking.isNeeded) this.blocking.serve();
        },
      }),
    );
  }

  private makeHeldRequests(): HeldRequests {
    const { keyspace, turn } = this.options;
    return new HeldRequests({
      keyspace,
      loader: this.loader,
      execute: (connection, args) => {
        turn.begin();
        this.execute(connection, args);
      },
      fail: (connection, args, error) => {
        this.executor.failHeld(connection, args, error);
      },
      commandOf: (args) => {
        const entry = this.table.find(args);
        return entry?.takes(args.count) === true ? entry.command : undefined;
      },
    });
  }

  private makeBlocking(): Blocking {
    const { keyspace, turn } = this.options;
    return new Blocking({
      ...this.options,
      onWork: () => {
        turn.begin();
        keyspace.clock.tick();
      },
      nested: () => this.nested,
      onChanged: (connection, start) => {
        this.executor.ring?.ran(connection, true, start);
      },
    });
  }
}
