import type { Kind } from './option.js';
import type { Settings } from './settings.js';

/** What the defaults depend on. */
export interface Machine {
  readonly totalMemoryBytes: number;
}

/**
 * When an option may change: at any time; at start only (of these, CONFIG SET takes `settled` ones with the value that they have, as who sets all that
 * CONFIG GET has told does, and `immutable` ones with none, as Redis does); or at any time if `enable-protected-configs` allows.
 */
export type Change = 'mutable' | 'settled' | 'immutable' | 'protected';

/** A row of the table. */
export interface Option {
  readonly name: string;
  /** Older names of the same option. */
  readonly aliases: readonly string[];
  readonly kind: Kind<unknown>;
  /** The value before anything is set, as CONFIG SET would take it. */
  readonly initial: string | ((machine: Machine) => string);
  readonly change: Change;
  /** Known, and without effect. */
  readonly inert: boolean;
  /** The value with which an inert option asks for what happens anyway, so that no warning is due. */
  readonly asIs: string | undefined;
  /** It names a file: setting it to what it is has that read again, as in Redis. */
  readonly isVolatile: boolean;
  /** Not among the answers to a pattern of CONFIG GET, only to its exact name. */
  readonly hidden: boolean;
  /** Never shown in a message; whoever keeps commands (SLOWLOG, MONITOR) hides it there. */
  readonly secret: boolean;
  /** Why a value that Redis takes cannot be had here; checked at start. */
  readonly refusal: ((text: string) => string | undefined) | undefined;
  /** One line: what the option does, or why it does nothing. */
  readonly doc: string;
  /** Puts a value that `kind` read into its field. */
  store(settings: Settings, value: unknown): void;
}

/** What most rows do not need to say. */
export type Extra = Partial<
  Pick<Option, 'aliases' | 'asIs' | 'change' | 'isVolatile' | 'hidden' | 'secret' | 'refusal'>
>;

function row(
  name: string,
  kind: Kind<unknown>,
  initial: Option['initial'],
  doc: string,
  extra: Extra,
): Omit<Option, 'inert' | 'store'> {
  const { aliases = [], asIs, change = 'mutable', isVolatile = false, hidden = false, secret = false, refusal } = extra;
  return { name, aliases, kind, initial, change, asIs, isVolatile, hidden, secret, refusal, doc };
}

/** An option that does something, or is kept for what will: its value goes into `field`. */
export function real<Field extends keyof Settings>(
  name: string,
  field: Field,
  kind: Kind<Settings[Field]>,
  initial: Option['initial'],
  doc: string,
  extra: Extra = {},
): Option {
  return {
    ...row(name, kind, initial, doc, extra),
    inert: false,
    store(settings: { -readonly [F in keyof Settings]: Settings[F] }, value) {
      settings[field] = value as Settings[Field]; // What `kind` read is of its type.
    },
  };
}

/**
 * An option that is known to Redis and means nothing here, for a reason that goes into the warning. It is kept
 * and shown by CONFIG GET, so that a redis.conf, a client library or a test suite for Redis goes on working.
 */
export function inert(name: string, kind: Kind<unknown>, initial: string, reason: string, extra: Extra = {}): Option {
  return { ...row(name, kind, initial, reason, extra), inert: true, store: () => undefined };
}

/** Set at start only; one that Redis does not have, or lets be changed. */
export const SETTLED: Extra = { change: 'settled' };
/** Set at start only. */
export const FIXED: Extra = { change: 'immutable' };
