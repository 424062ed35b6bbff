/**
 * A command is a row: its name, how many arguments it takes, what kind it is, where its keys are, and what it does.
 *
 * The words are Redis's own (COMMAND INFO), so that clients can read the table. `run` works synchronously, to completion: that makes
 * each command atomic. What has to wait for something (a disk, a time) has `wait` in place of `run`: it gets arguments of its own, and
 * the connection runs nothing else until its promise is settled; other connections go on.
 */

import type { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { Call } from './call.js';

export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_mandatory_keys'
  | 'protected'
  | 'sentinel'
  | 'no_async_loading'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy';

/** Where a command's keys are among its arguments: first and last index (negative: from the end) and step; all 0 for none. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

export const NO_KEYS: KeyRange = { first: 0, last: 0, step: 0 };
export const ONE_KEY: KeyRange = { first: 1, last: 1, step: 1 };
export const TWO_KEYS: KeyRange = { first: 1, last: 2, step: 1 };
export const ALL_KEYS: KeyRange = { first: 1, last: -1, step: 1 };

interface CommandBase {
  /** Lower case; of a subcommand, its own word alone. */
  readonly name: string;
  /** Number of arguments with the name (of a subcommand: both names); negative: at least so many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly keys: KeyRange;
  /** For commands whose keys depend on their arguments ('movablekeys'): the indexes of their keys. */
  readonly keysOf?: (args: Args) => number[];
}

/** Begins to list. */
export type ListingPlan = () => Listing;

export interface SyncCommand extends CommandBase {
  readonly run: (call: Call) => void;
  /** All its keys must be in memory before it runs, because it changes some before it looks at the others. */
  readonly loadsFirst?: true;
  /** For a command that may write or not, depending on what it is asked to do (a script): whether this request may. */
  readonly mayWrite?: (args: Args) => boolean;
  /**
   * For a command that looks at more than its keys: how to list what it needs from the disk, `undefined` if it needs nothing. It runs when the
   * listing is ready, and finds it in the call.
   */
  readonly gather?: (call: Call) => ListingPlan | undefined;
}

export interface WaitingCommand extends CommandBase {
  readonly wait: (call: Call) => Promise<void>;
  /** What it does inside of a transaction, where nothing waits. Without it, it is not allowed there. */
  readonly runNested?: (call: Call) => void;
}

/** A command that does nothing but hold others: CLIENT, CONFIG ... `run` is for when none of them is meant. */
export interface ContainerCommand extends CommandBase {
  readonly subcommands: readonly (SyncCommand | WaitingCommand)[];
  /** Only for containers that Redis lets be called bare (COMMAND). */
  readonly run?: (call: Call) => void;
}

/** A command that stands before another one, and says how that is run (WITH). */
export interface PrefixCommand extends CommandBase {
  readonly isPrefix: true;
}

export type Command = SyncCommand | WaitingCommand | ContainerCommand | PrefixCommand;
