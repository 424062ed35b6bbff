/** What ringkv wants to reach against Redis, as a table, and whether it does. */
import { CPU_US_PER_OP } from './load-measurement.js';
import { BYTES_PER_HASH, BYTES_PER_KEY, BYTES_PER_MEMBER, RSS_AT_1M } from './memory.js';
import type { Metric, Series } from './scenario.js';
import { summarize } from './statistics.js';

/** A bound on one metric of one scenario; exactly one of the two bounds is given. */
export interface Target {
  readonly scenario: string;
  readonly metric: Metric;
  /** ringkv's figure divided by Redis's. */
  readonly ratioMax?: number;
  /** ringkv's figure minus Redis's, in the metric's unit. */
  readonly excessMax?: number;
}

export type Outcome = 'met' | 'missed' | 'not measured';

/** A target and how it stands; `measured` and `bound` are worded for people. */
export interface Verdict {
  readonly target: string;
  readonly bound: string;
  readonly measured: string;
  readonly outcome: Outcome;
}

export const TARGETS: readonly Target[] = [
  { scenario: 'everysec/64B/P16/GET', metric: CPU_US_PER_OP, ratioMax: 1 },
  { scenario: 'everysec/64B/P16/SET', metric: CPU_US_PER_OP, ratioMax: 1 },
  { scenario: 'everysec/64B/P1/GET', metric: CPU_US_PER_OP, ratioMax: 1.25 },
  { scenario: 'everysec/64B/P1/SET', metric: CPU_US_PER_OP, ratioMax: 1.25 },
  ...['HSET', 'LPUSH', 'LPOP', 'LRANGE_100', 'SADD', 'SPOP', 'ZADD', 'ZRANGE', 'EVAL'].map((test) => ({
    scenario: `everysec/collections/P16/${test}`,
    metric: CPU_US_PER_OP,
    ratioMax: 1.3,
  })),
  { scenario: 'memory/hashes', metric: BYTES_PER_HASH, ratioMax: 1.2 },
  { scenario: 'memory/sorted-set', metric: BYTES_PER_MEMBER, ratioMax: 1.2 },
  { scenario: 'memory', metric: BYTES_PER_KEY, ratioMax: 0.8 },
  { scenario: 'memory', metric: RSS_AT_1M, excessMax: 60 },
];

/** Holds the figures against the targets. */
export function judge(targets: readonly Target[], series: readonly Series[]): readonly Verdict[] {
  return targets.map((target) => {
    const { scenario, metric, ratioMax, excessMax } = target;
    const rounds = series.find((one) => one.scenario === scenario && one.metric.name === metric.name)?.rounds;
    const name = `${scenario} ${metric.name}`;
    const bound = ratioMax !== undefined ? `<= ${ratioMax} x Redis` : `<= Redis + ${excessMax} ${metric.unit}`;
    if (rounds === undefined || rounds.length === 0) {
      return { target: name, bound, measured: '-', outcome: 'not measured' };
    }
    const { redis, ringkv, ratio } = summarize(rounds);
    if (ratioMax !== undefined) {
      return { target: name, bound, measured: `${ratio.toFixed(2)} x Redis`, outcome: outcome(ratio <= ratioMax) };
    }
    const excess = ringkv - redis;
    const measured = `Redis ${excess < 0 ? '-' : '+'} ${Math.abs(excess).toFixed(0)} ${metric.unit}`;
    return { target: name, bound, measured, outcome: outcome(excess <= (excessMax ?? 0)) };
  });
}

function outcome(met: boolean): Outcome {
  return met ? 'met' : 'missed';
}
