import Denque from 'denque';

import type { SlowLog, SlowLogEntry } from '../commands/ports.js';
import type { Args } from '../protocol/args.js';
import { REDACTED, isSecret } from './secrets.js';

/** Of a long request, so many arguments are kept, the last one telling how many there were more. */
const ARGUMENTS_MAX = 32;
/** Of a long argument, so many bytes are kept. */
const ARGUMENT_BYTES_MAX = 128;

/** Who ran a command, and the command's full name. */
export interface SlowLogClient {
  readonly address: string;
  readonly name: string;
  readonly lastCommand: string;
}

/** SLOWLOG: the last commands that took long, shortened, and without what is secret in them. */
export class RecentSlowCommands implements SlowLog {
  private readonly recent = new Denque<SlowLogEntry>();
  private nextId = 0;

  get length(): number {
    return this.recent.length;
  }

  /** Adds a command; forgets the oldest beyond `max`. */
  add(args: Args, client: SlowLogClient, nowMs: number, durationUs: number, max: number): void {
    this.recent.unshift({
      id: this.nextId++,
      atSeconds: Math.floor(nowMs / 1000),
      durationUs: Math.round(durationUs),
      args: shortened(client.lastCommand, args),
      clientAddress: client.address,
      clientName: client.name,
    });
    this.trim(max);
  }

  trim(max: number): void {
    while (this.recent.length > max) this.recent.pop();
  }

  entries(count: number): readonly SlowLogEntry[] {
    return this.recent.toArray().slice(0, count);
  }

  reset(): void {
    this.recent.clear();
  }
}

function shortened(command: string, args: Args): Buffer[] {
  const kept: Buffer[] = [];
  const whole = args.count <= ARGUMENTS_MAX ? args.count : ARGUMENTS_MAX - 1;
  for (let i = 0; i < whole; i++) {
    kept.push(isSecret(command, args, i) ? Buffer.from(REDACTED) : shortenedArgument(args, i));
  }
  if (whole < args.count) kept.push(Buffer.from(`... (${args.count - whole} more arguments)`));
  return kept;
}

function shortenedArgument(args: Args, i: number): Buffer {
  const length = args.lengthOf(i);
  if (length <= ARGUMENT_BYTES_MAX) return args.copy(i);
  const more = Buffer.from(`... (${length - ARGUMENT_BYTES_MAX} more bytes)`);
  return Buffer.concat([args.view(i).subarray(0, ARGUMENT_BYTES_MAX), more]);
}
