import type { Args } from '../protocol/args.js';
import type { CommandEntry } from './command-table.js';
import type { Connection } from './connection.js';

/** CLIENT PAUSE: holds requests back until a time, then lets them run in the order they came. */
export class Pause {
  private untilMs = 0;
  private writesOnly = false;
  private waiting: Connection[] = [];
  private readonly execute: (connection: Connection, args: Args) => void;

  constructor(execute: (connection: Connection, args: Args) => void) {
    this.execute = execute;
  }

  isActive(nowMs: number): boolean {
    return this.untilMs > nowMs;
  }

  /** Whether keys may be removed by the server itself: not while clients are paused. */
  get isOn(): boolean {
    return this.untilMs !== 0;
  }

  /** A pause in force is only made longer and stricter, as in Redis. */
  start(untilMs: number, writesOnly: boolean): void {
    this.writesOnly = this.isOn ? this.writesOnly && writesOnly : writesOnly;
    this.untilMs = Math.max(this.untilMs, untilMs);
  }

  /** Holds a request back if it has to be. */
  postpone(connection: Connection, entry: CommandEntry, args: Args, isWrite: boolean): boolean {
    if (!this.isOn || (this.writesOnly && !isWrite && !mayWrite(entry, args))) return false;
    // Commands that end the pause must get through.
    if (entry.name.startsWith('client|') && entry.isAdmin) return false;
    connection.postponed = args.clone();
    connection.block();
    this.waiting.push(connection);
    return true;
  }

  /** Ends the pause if its time has come. */
  tick(nowMs: number): void {
    if (this.isOn && !this.isActive(nowMs)) this.end();
  }

  end(): void {
    this.untilMs = 0;
    const { waiting } = this;
    this.waiting = [];
    for (const connection of waiting) {
      const args = connection.postponed;
      connection.postponed = undefined;
      if (args === undefined || connection.isClosed) continue;
      this.execute(connection, args);
      connection.unblock();
    }
  }
}

/** Whether a request that is no write may still change something: a script, or a message to others. */
export function mayWrite({ command }: CommandEntry, args: Args): boolean {
  if ('mayWrite' in command && command.mayWrite !== undefined) return command.mayWrite(args);
  return command.flags.includes('may_replicate');
}
