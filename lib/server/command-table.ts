import type { Command, CommandFlag, SyncCommand, WaitingCommand } from '../commands/command.js';
import type { CommandUse, NestedCommand } from '../commands/ports.js';
import type { RingRole } from '../commands/ring-role.js';
import { ringRoleOf } from '../commands/ring-role.js';
import type { Args } from '../protocol/args.js';
import { LatencyHistogram } from './latency-histogram.js';
import { isOwnRequest } from './own-requests.js';

const SCRIPTS: ReadonlySet<string> = new Set(['eval', 'evalsha', 'eval_ro', 'evalsha_ro']);
const TRANSACTIONAL: ReadonlySet<string> = new Set(['multi', 'exec', 'discard', 'watch', 'quit', 'reset']);

/** A command as the executor sees it: its row, what the row's flags come to, and how it was used. */
export class CommandEntry implements CommandUse, NestedCommand {
  readonly command: Command;
  /** As in COMMAND INFO and commandstats: `client|list` for a subcommand. */
  readonly name: string;
  readonly arity: number;
  readonly run: SyncCommand['run'] | undefined;
  readonly gather: SyncCommand['gather'];
  /** The same, or what stands for it, inside of another command. */
  readonly runNested: SyncCommand['run'] | undefined;
  readonly wait: WaitingCommand['wait'] | undefined;
  readonly subcommands: ReadonlyMap<string, CommandEntry> | undefined;
  readonly isWrite: boolean;
  /** Its reply says what data holds, or that it was changed. */
  readonly showsData: boolean;
  readonly mayReplicate: boolean;
  readonly needsMemory: boolean;
  readonly needsNoPassword: boolean;
  readonly isAdmin: boolean;
  readonly isFast: boolean;
  /** Works on one key, in a time that does not depend on what it holds. */
  readonly isShort: boolean;
  readonly loadsFirst: boolean;
  readonly staysOutOfMonitor: boolean;
  /** MONITOR shows it before what it calls. */
  readonly isScript: boolean;
  readonly staysOutOfSlowLog: boolean;
  readonly staysOutOfScripts: boolean;
  readonly staysOutOfTransactions: boolean;
  /** May be called while a script is so slow that others have to wait. */
  readonly allowsBusy: boolean;
  /** Runs at once between MULTI and EXEC, where others are queued. */
  readonly isTransactional: boolean;
  readonly isExec: boolean;
  /** It may wait for its keys for as long as its client likes. */
  readonly isBlocking: boolean;
  /** Its first argument is its only key. */
  readonly hasOneKey: boolean;
  readonly ringRole: RingRole;
  /** It stands before the command that is meant. */
  readonly isPrefix: boolean;

  calls = 0;
  totalUs = 0;
  /** What a call of it inside of another one takes, as far as it was timed. */
  nestedUs = 0;
  rejectedCalls = 0;
  failedCalls = 0;
  latency: LatencyHistogram | undefined;

  constructor(command: Command, name: string) {
    const has = (flag: CommandFlag): boolean => command.flags.includes(flag);
    this.command = command;
    this.name = name;
    this.arity = command.arity;
    this.run = 'run' in command ? command.run : undefined;
    this.runNested = 'runNested' in command ? command.runNested : this.run;
    this.gather = 'gather' in command ? command.gather : undefined;
    this.wait = 'wait' in command ? command.wait : undefined;
    this.subcommands =
      'subcommands' in command
        ? new Map(command.subcommands.map((sub) => [sub.name, new CommandEntry(sub, `${name}|${sub.name}`)]))
        : undefined;
    this.isWrite = has('write');
    this.mayReplicate = this.isWrite || has('may_replicate');
    this.needsMemory = has('denyoom');
    this.needsNoPassword = has('no_auth');
    this.isAdmin = has('admin');
    this.isFast = has('fast');
    this.isShort =
      command.keys.first !== 0 && command.keys.first === command.keys.last && (this.isFast || name === 'set');
    this.loadsFirst = 'loadsFirst' in command ? command.loadsFirst : false;
    this.staysOutOfMonitor = has('skip_monitor') || has('admin');
    this.isScript = SCRIPTS.has(name);
    this.staysOutOfSlowLog = has('skip_slowlog');
    this.staysOutOfScripts = has('noscript');
    this.staysOutOfTransactions = has('no_multi');
    this.allowsBusy = has('allow_busy');
    this.isTransactional = TRANSACTIONAL.has(name);
    this.isExec = name === 'exec';
    this.showsData = this.isWrite || has('readonly') || this.isScript || this.isExec;
    this.isBlocking = has('blocking');
    const { first, last } = command.keys;
    this.hasOneKey = first === 1 && last === 1 && command.keysOf === undefined;
    this.ringRole = ringRoleOf(command, name);
    this.isPrefix = 'isPrefix' in command;
  }

  /** Whether a request with `count` arguments has the right number of them. */
  takes(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }

  trackLatency(durationUs: number, calls: number): void {
    this.latency ??= new LatencyHistogram();
    this.latency.add(durationUs, calls);
  }

  resetUse(): void {
    this.latency = undefined;
    this.calls = this.totalUs = this.rejectedCalls = this.failedCalls = 0;
    this.subcommands?.forEach((entry) => {
      entry.resetUse();
    });
  }
}

/**
 * The commands by name, letter case apart: open addressing over the bytes of a request, so that finding one makes no
 * string.
 */
export class CommandTable {
  private readonly slots: (CommandEntry | undefined)[];
  private readonly names: (Buffer | undefined)[];
  private readonly mask: number;
  private readonly byName = new Map<string, CommandEntry>();
  /** By their own names: those, too, that cannot be called otherwise. */
  private readonly byOwnName = new Map<string, CommandEntry>();

  /** `renames`: lower-case name to its new one; an empty one disables the command (rename-command). */
  constructor(commands: readonly Command[], renames: ReadonlyMap<string, string> = new Map()) {
    let size = 64;
    while (size < commands.length * 4) size *= 2;
    this.mask = size - 1;
    this.slots = new Array<CommandEntry | undefined>(size).fill(undefined);
    this.names = new Array<Buffer | undefined>(size).fill(undefined);
    for (const command of commands) {
      const name = (renames.get(command.name) ?? command.name).toLowerCase();
      const entry = new CommandEntry(command, command.name);
      this.byOwnName.set(command.name, entry);
      if (name !== '') this.add(name, entry);
    }
  }

  /** The command that argument 0 names. Subcommands are not looked at. */
  find(args: Args): CommandEntry | undefined {
    const { buffer } = args;
    const start = args.start[0];
    const length = args.end[0] - start;
    let slot = hashOf(buffer, start, args.end[0]) & this.mask;
    for (;;) {
      const name = this.names[slot];
      if (name === undefined) return undefined;
      if (name.length === length && sameLetters(name, buffer, start)) return this.slots[slot];
      slot = (slot + 1) & this.mask;
    }
  }

  /** The command that other members call by its own name, argument 0, however it was renamed (own-requests.ts). */
  findOwn(args: Args): CommandEntry | undefined {
    const name = args.text(0).toLowerCase();
    return isOwnRequest(name) ? this.byOwnName.get(name) : undefined;
  }

  named(name: string): CommandEntry | undefined {
    return this.byName.get(name.toLowerCase());
  }

  all(): Iterable<CommandEntry> {
    return this.byName.values();
  }

  private add(name: string, entry: CommandEntry): void {
    const bytes = Buffer.from(name, 'latin1');
    let slot = hashOf(bytes, 0, bytes.length) & this.mask;
    while (this.names[slot] !== undefined) slot = (slot + 1) & this.mask;
    this.names[slot] = bytes;
    this.slots[slot] = entry;
    this.byName.set(name, entry);
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] | 0x20)) | 0;
  return hash ^ (hash >>> 7);
}

/** Whether `bytes` from `start` on are `name` (lower case), letter case apart. */
function sameLetters(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i];
    if (byte !== name[i] && !(byte >= 65 && byte <= 90 && byte + 32 === name[i])) return false;
  }
  return true;
}
