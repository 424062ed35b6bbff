/** What a run is made of, and how long it takes. */
import type { ServerKind } from '../tools/server-process.js';
import type { DataDirs } from '../tools/data-dirs.js';
import type { Scenario, Setup } from './scenario.js';
import type { Contender } from './server-driver.js';

/** One thing of each of the two servers. */
export type Pair<T> = Readonly<Record<ServerKind, T>>;

/** Who goes first, and who second. */
export type Order = readonly [ServerKind, ServerKind];

export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly contenders: Pair<Contender>;
  readonly rounds: number;
  /** Instead of as many as a measurement needs. */
  readonly requests: number | undefined;
  readonly dirs: DataDirs;
  readonly progress: Progress;
}

/** Who is told how far the run is, in estimated seconds of work. */
export interface Progress {
  label(text: string): void;
  advance(seconds: number): void;
}

/** Estimates, for the progress bar alone. */
export const FILL_SECONDS = 2;
export const WARM_UP_SECONDS = 2;
export const LOAD_SECONDS = 2;

export const SITTINGS = 2;

/** The order in a round that counts from 0, so that over the rounds it goes A, B, B, A, A, B ... */
export function orderOf(round: number, [first, second]: Order = ['redis', 'ringkv']): Order {
  return round % 2 === 0 ? [first, second] : [second, first];
}

/** How many of the rounds fall to each sitting; none of them is without a round. */
export function roundsOfSittings(rounds: number): readonly number[] {
  const half = Math.floor(rounds / SITTINGS);
  return [rounds - half, half].filter((share) => share > 0);
}

/** Neighbours with the same setup, which run on the same pair of servers; each fresh scenario is by itself. */
export function groupScenarios(scenarios: readonly Scenario[]): readonly (readonly Scenario[])[] {
  const groups: Scenario[][] = [];
  let setup: Setup | undefined;
  for (const scenario of scenarios) {
    const group = groups.at(-1);
    if (group !== undefined && scenario.kind === 'load' && scenario.setup === setup) group.push(scenario);
    else groups.push([scenario]);
    setup = scenario.kind === 'load' ? scenario.setup : undefined;
  }
  return groups;
}

/** Seconds that the scenarios take together, about. */
export function estimateSeconds(scenarios: readonly Scenario[], rounds: number): number {
  const sittings = roundsOfSittings(rounds).length;
  let seconds = 0;
  for (const group of groupScenarios(scenarios)) {
    for (const scenario of group) {
      seconds +=
        scenario.kind === 'load'
          ? 2 * (sittings * WARM_UP_SECONDS + rounds * LOAD_SECONDS)
          : 2 * Math.min(rounds, scenario.roundsMax) * scenario.estimateSeconds;
    }
    if (group[0]?.kind === 'load') seconds += 2 * sittings * FILL_SECONDS;
  }
  return seconds;
}
