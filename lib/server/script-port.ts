import type { Call } from '../commands/call.js';
import type { Clock, Random, Timers } from '../host/ports.js';
import type { LogLevel } from '../scripting/redis-library.js';
import type { ScriptHost, Suspension } from '../scripting/script-host.js';
import { Connection } from './connection.js';
import type { Gate } from './gate.js';
import type { KeptEffects } from './kept-effects.js';
import type { Log } from './log.js';
import type { Persistence } from './persistence.js';
import type { Turn } from './turn.js';

export interface ScriptPortOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly gate: Gate;
  readonly turn: Turn;
  readonly persistence: Persistence;
  readonly effects: KeptEffects;
  readonly readBinary: () => Uint8Array;
  /** A script that went on from turn to turn has changed something, and answered from `start` on: clients that wait for keys may be served. */
  readonly onChanged: (connection: Connection, start: number) => void;
}

/** redis.LOG_DEBUG ... */
const DEBUG = 0;
const VERBOSE = 1;
const NOTICE = 2;
const DRAFT_TOO_SLOW =
  'consensus decides about its key, so it may run no longer than busy-reply-threshold: nothing was done';
/** How long others have their turn between two slices of a slow script. */
const REST_MS = 1;

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
    const { log, effects } = this.options;
    if (effects.isKeeping) {
      effects.add(() => {
        this.log(level, message);
      });
    } else if (level === DEBUG) log.debug(message);
    else if (level === VERBOSE) log.verbose(message);
    else if (level === NOTICE) log.notice(message);
    else log.warning(message);
  }

  /** A script cannot wait until there is room. */
  hasRoom(): boolean {
    return this.options.gate.makeRoom() === true;
  }

  writeRefusal(): string | undefined {
    const { failure } = this.options.persistence;
    return failure === undefined ? undefined : `MISCONF Errors writing to the AOF file: ${failure}`;
  }

  suspend(call: Call): Suspension | undefined {
    // Inside of a transaction, it would have to wait as well.
    return call instanceof Connection ? new SuspendedScript(call, this.options) : undefined;
  }

  abandonDraft({ client }: Call): string | undefined {
    if (!(client instanceof Connection) || client.ring.proposedKey === undefined) return undefined;
    this.options.log.warning(`A script was ended: ${DRAFT_TOO_SLOW}`);
    client.ring.draftError = `ERR ${DRAFT_TOO_SLOW}`;
    return client.ring.draftError;
  }
}

/** A script that goes on from turn to turn: nothing of it is logged before it is done, and background work rests. */
class SuspendedScript implements Suspension {
  private readonly connection: Connection;
  private readonly options: ScriptPortOptions;

  constructor(connection: Connection, options: ScriptPortOptions) {
    this.connection = connection;
    this.options = options;
    connection.block();
    options.persistence.hold();
    options.gate.setBusy(true);
  }

  later(slice: () => void): void {
    const { timers, turn, gate } = this.options;
    timers.after(REST_MS, () => {
      // What it would write now could be logged in part.
      if (gate.isStopping) return this.later(slice);
      turn.begin();
      slice();
    });
  }

  end(hasWritten: boolean): void {
    const { connection } = this;
    const { persistence, gate, turn, onChanged } = this.options;
    turn.begin();
    persistence.unhold();
    gate.setBusy(false);
    connection.replies.spans.add(connection.replies.start, connection.reply.length);
    if (hasWritten) {
      connection.wroteInTurn = true;
      onChanged(connection, connection.replies.start);
    }
    if (connection.isClosed) connection.reply.truncate(0);
    connection.unblock();
  }
}
