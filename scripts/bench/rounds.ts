/** Rounds of measuring: in each, both servers one after the other, so that only one has work at any time. */
import type { ServerKind } from '../tools/server-process.js';
import type { Order, Pair } from './plan.js';
import type { Metric, Series } from './scenario.js';

/** One round: of each server a figure for each metric. */
export type Figures = Pair<readonly number[]>;

/** Measures both servers in every round, in that round's order. */
export async function measureRounds(
  rounds: number,
  order: (round: number) => Order,
  measure: (kind: ServerKind, round: number) => Promise<readonly number[]>,
): Promise<readonly Figures[]> {
  const figures: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    const pair: Record<ServerKind, readonly number[]> = { redis: [], ringkv: [] };
    for (const kind of order(round)) pair[kind] = await measure(kind, round);
    figures.push(pair);
  }
  return figures;
}

/** One series for each metric of what was measured. Throws if a round lacks a figure. */
export function seriesOf(scenario: string, metrics: readonly Metric[], rounds: readonly Figures[]): readonly Series[] {
  return metrics.map((metric, at) => ({
    scenario,
    metric,
    rounds: rounds.map(({ redis, ringkv }) => ({ redis: figure(redis, at), ringkv: figure(ringkv, at) })),
  }));
}

function figure(figures: readonly number[], at: number): number {
  const value = figures[at];
  if (value === undefined) throw new Error(`a measurement yielded ${figures.length} figures, none for metric ${at}`);
  return value;
}
