/**
 * What one connection has written, and what of it must be there after a crash.
 *
 * The keys are the connection's own, so the server's state after its first n writes is known for every n. A server that
 * keeps its promise comes back with the state after some n, its *cut*: one n for all keys, since the log is one sequence,
 * and no half of a command that changes two keys. Acknowledged writes lie below the cut, unsent ones do not exist:
 *
 *      writes   0 . . . . . . . . . . . . . . . . sent
 *                             acknowledged
 *      cut                    [----------------------]
 */

/** A key's new value; undefined: the key is gone. */
export type Effect = readonly [key: string, value: string | undefined];

/** What a history says to the state that was found after the restart. */
export interface Verdict {
  /** The latest n that explains what was found; undefined if none does. */
  readonly cut: number | undefined;
  /** Acknowledged writes that are missing. */
  readonly lost: number;
  /** How long before the crash the first of those was acknowledged, in milliseconds; 0 if there is none. */
  readonly lostMs: number;
  /** Where there is no cut: some of the keys that speak against the n that explains most. */
  readonly strangers: readonly string[];
}

const STRANGERS_MAX = 5;
const SHOWN_CHARS = 40;

export class WriteHistory {
  readonly #start: ReadonlyMap<string, string>;
  readonly #state: Map<string, string>;
  readonly #writes: (readonly Effect[])[] = [];
  readonly #acknowledgedMs: number[] = [];

  /** `start`: the keys and values before the first write. */
  constructor(start: ReadonlyMap<string, string> = new Map()) {
    this.#start = start;
    this.#state = new Map(start);
  }

  get sent(): number {
    return this.#writes.length;
  }

  get acknowledged(): number {
    return this.#acknowledgedMs.length;
  }

  /** The state after all writes that were sent. */
  get state(): ReadonlyMap<string, string> {
    return this.#state;
  }

  /** A command is being sent: all its effects, or none of them. */
  record(effects: readonly Effect[]): void {
    this.#writes.push(effects);
    for (const effect of effects) apply(this.#state, effect);
  }

  /** The oldest write without an answer was acknowledged at `nowMs`. */
  acknowledge(nowMs: number): void {
    if (this.acknowledged === this.sent) throw new Error('a write was acknowledged that was not sent');
    this.#acknowledgedMs.push(nowMs);
  }

  /** The server refused everything that has no answer yet: that must not be there. */
  refuseRest(): void {
    this.#writes.length = this.acknowledged;
  }

  /** The state after the first `cut` writes. */
  stateAt(cut: number): Map<string, string> {
    const state = new Map(this.#start);
    for (const write of this.#writes.slice(0, cut)) {
      for (const effect of write) apply(state, effect);
    }
    return state;
  }

  /** Judges what was found after a crash at `crashedMs`. */
  judge(found: ReadonlyMap<string, string>, crashedMs: number): Verdict {
    const { cut, closest } = this.#findCut(found);
    if (cut === undefined) return { cut, lost: 0, lostMs: 0, strangers: differences(this.stateAt(closest), found) };
    const lost = Math.max(0, this.acknowledged - cut);
    return { cut, lost, lostMs: lost === 0 ? 0 : crashedMs - this.#acknowledgedMs[cut], strangers: [] };
  }

  /** Walks through the writes with a count of the keys that differ from what was found. */
  #findCut(found: ReadonlyMap<string, string>): { cut: number | undefined; closest: number } {
    const state = new Map(this.#start);
    let wrong = [...new Set([...state.keys(), ...found.keys()])].filter(
      (key) => state.get(key) !== found.get(key),
    ).length;
    let cut = wrong === 0 ? 0 : undefined;
    let closest = 0;
    let fewest = wrong;
    this.#writes.forEach((write, at) => {
      for (const effect of write) {
        const [key] = effect;
        if (state.get(key) !== found.get(key)) wrong--;
        apply(state, effect);
        if (state.get(key) !== found.get(key)) wrong++;
      }
      if (wrong === 0) cut = at + 1;
      if (wrong <= fewest) {
        fewest = wrong;
        closest = at + 1;
      }
    });
    return { cut, closest };
  }
}

function apply(state: Map<string, string>, [key, value]: Effect): void {
  if (value === undefined) state.delete(key);
  else state.set(key, value);
}

function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((key) => expected.get(key) !== found.get(key))
    .slice(0, STRANGERS_MAX)
    .map((key) => `${key}: expected ${shown(expected.get(key))}, found ${shown(found.get(key))}`);
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'none';
  return value.length <= SHOWN_CHARS ? `'${value}'` : `'${value.slice(0, SHOWN_CHARS)}...' (${value.length})`;
}
