/** Which writes a connection sends: mostly new values in few keys, so that each key has a long history. */
import type { Effect } from './write-history.js';

/** A command, what it changes, and the only reply that is right. */
export interface Write {
  readonly command: readonly string[];
  readonly effects: readonly Effect[];
  readonly reply: string | number;
}

const KEYS = 400;
const COUNTERS = 20;
/** One value in so many is large enough to fill a block of the log by itself. */
const LARGE_EVERY = 200;
const LARGE_CHARS = 40_000;
const SMALL_CHARS_MAX = 100;
const APPENDED_CHARS_MAX = 2000;

type Kind = (mix: WriteMix, state: ReadonlyMap<string, string>) => Write;

/** Kinds of writes, each as often as it stands here. */
const KINDS: readonly Kind[] = [
  (mix) => mix.set(),
  (mix) => mix.set(),
  (mix) => mix.set(),
  (mix) => mix.setTwo(),
  (mix, state) => mix.increment(state),
  (mix, state) => mix.append(state),
  (mix, state) => mix.remove(state),
  (mix, state) => mix.rename(state),
];

/** Makes one connection's writes. No value comes twice, so a value tells which write it is from. */
export class WriteMix {
  readonly #prefix: string;
  readonly #random: () => number;
  #sequence: number;

  /** `prefix`: of all keys; `first`: the first number that is in no value yet. */
  constructor(prefix: string, first: number, random: () => number = Math.random) {
    this.#prefix = prefix;
    this.#sequence = first;
    this.#random = random;
  }

  /** How many values there have been. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The next write. `state`: what the keys hold once everything before it has run. */
  next(state: ReadonlyMap<string, string>): Write {
    return KINDS[this.#below(KINDS.length)](this, state);
  }

  set(): Write {
    const key = this.#key();
    const value = this.#value();
    return { command: ['SET', key, value], effects: [[key, value]], reply: 'OK' };
  }

  /** Two keys in one command: both change, or neither. */
  setTwo(): Write {
    const [first, second] = this.#twoKeys();
    const [one, two] = [this.#value(), this.#value()];
    const effects: Effect[] = [
      [first, one],
      [second, two],
    ];
    return { command: ['MSET', first, one, second, two], effects, reply: 'OK' };
  }

  increment(state: ReadonlyMap<string, string>): Write {
    const key = `${this.#prefix}n${this.#below(COUNTERS)}`;
    const count = Number(state.get(key) ?? 0) + 1;
    return { command: ['INCR', key], effects: [[key, String(count)]], reply: count };
  }

  append(state: ReadonlyMap<string, string>): Write {
    const key = this.#key();
    const before = state.get(key) ?? '';
    if (before.length > APPENDED_CHARS_MAX) return this.set();
    const added = `+${this.#sequence++}`;
    return { command: ['APPEND', key, added], effects: [[key, before + added]], reply: (before + added).length };
  }

  remove(state: ReadonlyMap<string, string>): Write {
    const keys = this.#twoKeys();
    const reply = keys.filter((key) => state.has(key)).length;
    return { command: ['DEL', ...keys], effects: keys.map((key) => [key, undefined] as const), reply };
  }

  rename(state: ReadonlyMap<string, string>): Write {
    const [from, to] = this.#twoKeys();
    const value = state.get(from);
    if (value === undefined) return this.set();
    const effects: Effect[] = [
      [from, undefined],
      [to, value],
    ];
    return { command: ['RENAME', from, to], effects, reply: 'OK' };
  }

  #key(): string {
    return `${this.#prefix}${this.#below(KEYS)}`;
  }

  #twoKeys(): [string, string] {
    const first = this.#below(KEYS);
    const second = (first + 1 + this.#below(KEYS - 1)) % KEYS;
    return [`${this.#prefix}${first}`, `${this.#prefix}${second}`];
  }

  #value(): string {
    const chars = this.#below(LARGE_EVERY) === 0 ? LARGE_CHARS : this.#below(SMALL_CHARS_MAX);
    return `${this.#sequence++}:${'v'.repeat(chars)}`;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
