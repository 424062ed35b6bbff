/** Figures over rounds. */
import type { Sample } from './scenario.js';

/** Medians of the rounds; ratios are ringkv to Redis, taken round by round. */
export interface Summary {
  readonly redis: number;
  readonly ringkv: number;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
}

/** The middle value, or the mean of the middle two. Throws if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('a median needs at least one value');
  return (lower + upper) / 2;
}

/**
 * Sums rounds up. The ratio is the median of the rounds' ratios, not the ratio of the medians: the two servers of one
 * round ran within seconds of each other, under the same disturbance by whoever shares the machine.
 */
export function summarize(rounds: readonly Sample[]): Summary {
  const ratios = rounds.map((sample) => sample.ringkv / sample.redis);
  return {
    redis: median(rounds.map((sample) => sample.redis)),
    ringkv: median(rounds.map((sample) => sample.ringkv)),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
  };
}
