/** The results of a run: for programs (JSON) and for the terminal (tables). */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { left, right, textTable } from '../tools/text-table.js';
import { CPU_US_PER_OP, LATENCY_P99, OPS_PER_SECOND } from './load-measurement.js';
import type { Metric, Series } from './scenario.js';
import { summarize, type Summary } from './statistics.js';
import type { Verdict } from './targets.js';

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly node: string;
  readonly redis: string;
}

/** Everything that a run yields; bench.json is this. */
export interface Report {
  /** ISO 8601, UTC: when the run ended. */
  readonly date: string;
  readonly machine: Machine;
  /** What ran in ringkv's place. */
  readonly candidate: string | undefined;
  readonly series: readonly (Series & { readonly summary: Summary })[];
  readonly verdicts: readonly Verdict[];
}

/** This machine. Throws if redis-server is not installed. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    node: process.versions.node,
    redis: parseRedisVersion(execFileSync('redis-server', ['--version'], { encoding: 'utf8' })),
  };
}

/** The number in `Redis server v=7.0.15 sha=...`. */
export function parseRedisVersion(text: string): string {
  const version = /\bv=(\S+)/.exec(text)?.[1];
  if (version === undefined) throw new Error(`expected a version of redis-server, found '${text.trim()}'`);
  return version;
}

export function makeReport(
  series: readonly Series[],
  verdicts: readonly Verdict[],
  about: Pick<Report, 'date' | 'machine' | 'candidate'>,
): Report {
  return { ...about, series: series.map((one) => ({ ...one, summary: summarize(one.rounds) })), verdicts };
}

/** The tables of a report that have rows: loads, other figures, targets. */
export function reportText(report: Report): string {
  const tables = [loadTable(report), figureTable(report), targetTable(report.verdicts)];
  return tables.filter((table) => table !== '').join('\n');
}

function loadTable(report: Report): string {
  const find = (scenario: string, metric: Metric): Summary | undefined =>
    report.series.find((one) => one.scenario === scenario && one.metric.name === metric.name)?.summary;
  const rows: string[][] = [];
  for (const { scenario, metric, summary: cpu } of report.series) {
    if (metric.name !== CPU_US_PER_OP.name) continue;
    const pace = find(scenario, OPS_PER_SECOND);
    const p99 = find(scenario, LATENCY_P99);
    if (pace === undefined || p99 === undefined) continue;
    rows.push([
      scenario,
      ...[pace.redis, pace.ringkv].map((rate) => `${(rate / 1000).toFixed(1)}k`),
      pace.ratio.toFixed(2),
      ...[p99.redis, p99.ringkv].map((ms) => ms.toFixed(1)),
      ...[cpu.redis, cpu.ringkv].map((us) => us.toFixed(2)),
      ...[cpu.ratio, cpu.ratioMin, cpu.ratioMax].map((ratio) => ratio.toFixed(2)),
    ]);
  }
  if (rows.length === 0) return '';
  const columns = [
    'op/s Redis',
    'ringkv',
    'ratio',
    'p99 ms Redis',
    'ringkv',
    'CPU us/op Redis',
    'ringkv',
    'ratio',
    'min',
    'max',
  ];
  return textTable([left('load'), ...columns.map(right)], rows);
}

function figureTable(report: Report): string {
  const loadMetrics = [CPU_US_PER_OP, OPS_PER_SECOND, LATENCY_P99].map((metric) => metric.name);
  const rows = report.series
    .filter(({ metric }) => !loadMetrics.includes(metric.name))
    .map(({ metric, summary }) => [
      `${metric.name} (${metric.unit})`,
      ...[summary.redis, summary.ringkv].map((value) => value.toFixed(1)),
      ...[summary.ratio, summary.ratioMin, summary.ratioMax].map((ratio) => ratio.toFixed(2)),
    ]);
  if (rows.length === 0) return '';
  return textTable([left('figure'), ...['Redis', 'ringkv', 'ratio', 'min', 'max'].map(right)], rows);
}

function targetTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, bound, measured, outcome }) => [target, bound, measured, outcome]);
  return textTable([left('target'), left('bound'), right('measured'), left('outcome')], rows);
}
