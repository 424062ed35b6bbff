import type { Call } from '../commands/call.js';
import type { Clock, Random } from '../host/ports.js';
import type { LogLevel } from './redis-library.js';

/** A script that goes on later. Until `end`, its client waits, other clients are told that the server is busy, and nothing is logged. */
export interface Suspension {
  /** Runs `slice` soon, when others have had their turn. */
  later(slice: () => void): void;
  /** The script has come to its end, and its reply is written. `hasWritten`: it may have changed data. */
  end(hasWritten: boolean): void;
}

/** What scripts need of the server. */
export interface ScriptHost {
  readonly clock: Clock;
  readonly random: Random;
  /** The binary of Lua. Called once, when the first script comes. */
  readonly readBinary: () => Uint8Array;
  log(level: LogLevel, message: string): void;
  /** Whether there is room in memory for more data. */
  hasRoom(): boolean;
  /** Why no command may write, if none may. */
  writeRefusal(): string | undefined;
  /** Lets a script go on later; undefined if it cannot, because `call` is inside of another command that cannot. */
  suspend(call: Call): Suspension | undefined;
  /** A script has run for long. If it runs on a draft it cannot go on later, and is to be ended: why, and nothing of it comes to pass. */
  abandonDraft(call: Call): string | undefined;
}
