import type { Clock, Random } from '../host/ports.js';
import type { LogLevel } from '../scripting/redis-library.js';
import type { ScriptHost, Suspension } from '../scripting/script-host.js';
import type { Gate } from './gate.js';
import type { Log } from './log.js';

export interface ScriptPortOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly gate: Gate;
  readonly readBinary: () => Uint8Array;
  /** Why the log takes no more writes, if it does not. */
  readonly logFailure: () => string | undefined;
}

/** redis.LOG_DEBUG ... */
const DEBUG = 0;
const VERBOSE = 1;
const NOTICE = 2;

/** The server as scripts see it. */
export class ScriptPort implements ScriptHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly readBinary: () => Uint8Array;
  private readonly options: ScriptPortOptions;

  constructor(options: ScriptPortOptions) {
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.readBinary = options.readBinary;
  }

  log(level: LogLevel, message: string): void {
    const { log } = this.options;
    if (level === DEBUG) log.debug(message);
    else if (level === VERBOSE) log.verbose(message);
    else if (level === NOTICE) log.notice(message);
    else log.warning(message);
  }

  hasRoom(): boolean {
    return this.options.gate.makeRoom() !== false;
  }

  writeRefusal(): string | undefined {
    const failure = this.options.logFailure();
    return failure === undefined ? undefined : `MISCONF Errors writing to the AOF file: ${failure}`;
  }

  suspend(): Suspension | undefined {
    return undefined;
  }
}
