/** What the script prints about its runs. */
import { left, right, textTable } from '../tools/text-table.js';
import type { BaselineUnit } from './baseline.js';
import type { MeasuredUnit, Outcome } from './bench.js';
import { skipsOf } from './skips.js';
import { BUILT, type Unit } from './units.js';
import type { Verdict } from './verdict.js';

/** Of what the suite says about one failure, this many lines are printed; the rest is Tcl's call stack. */
const MESSAGE_LINES_MAX = 8;

/** The units there are. */
export function unitList(units: readonly Unit[]): string {
  const columns = [left('unit'), left('area'), left('fast'), right('time-out'), right('on the skip list')];
  const rows = units.map((unit) => [
    unit.name,
    BUILT.has(unit.area) ? unit.area : `${unit.area} (not built)`,
    unit.fast ? 'fast' : '',
    `${unit.timeoutSeconds} s`,
    String(skipsOf(unit.name).length),
  ]);
  return textTable(columns, rows);
}

/** One row a unit, ringkv's figures and then redis-server's, and a row of sums. */
export function outcomeTable(outcomes: readonly Outcome[], redisVersion: string): string {
  const ringkv = ['passed', 'failed', 'not run', 'skipped', 'seconds'];
  const redis = [`redis ${redisVersion}: passed`, 'failed', 'seconds'];
  const figures = outcomes.map(outcomeFigures);
  const sums = figures.reduce((sum, row) => sum.map((value, at) => value + (row[at] ?? 0)), [0, 0, 0, 0, 0, 0, 0, 0]);
  const rows = outcomes.map(({ unit }, at) => [unit.name, ...(figures[at] ?? []).map(figure)]);
  return textTable([left('unit'), ...[...ringkv, ...redis].map(right)], [...rows, ['all', ...sums.map(figure)]]);
}

/** One row a unit: redis-server's own figures. */
export function baselineTable(measured: readonly MeasuredUnit[]): string {
  const rows = measured.map(({ unit, baseline }) => [unit.name, ...baselineFigures(baseline).map(figure)]);
  return textTable([left('unit'), right('passed'), right('failed'), right('seconds')], rows);
}

/** All that speaks against a unit's run, a paragraph each; empty if nothing does. */
export function complaints(unit: Unit, verdict: Verdict): string[] {
  return [
    ...verdict.failed.map(({ name, message }) => `FAILED   ${unit.name}: ${name}\n${indented(message)}`),
    ...verdict.broken.map((what) => `BROKEN   ${unit.name}\n${indented(what)}`),
    ...(verdict.missing.length > 0 ? [`NOT RUN  ${unit.name}\n${indented(verdict.missing.join('\n'))}`] : []),
    ...verdict.stale.map(({ test, reason }) => `STALE    ${unit.name}: ${test}\n${indented(`skipped for: ${reason}`)}`),
  ];
}

function outcomeFigures({ unit, report, baseline, verdict }: Outcome): number[] {
  const { passed, failed, missing } = verdict;
  return [
    passed,
    failed.length,
    missing.length,
    skipsOf(unit.name).length,
    report.seconds,
    ...baselineFigures(baseline),
  ];
}

function baselineFigures({ tests, seconds }: BaselineUnit): number[] {
  const passed = tests.filter((test) => test.passed).length;
  return [passed, tests.length - passed, seconds];
}

/** Counts are whole; times are not. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function indented(text: string): string {
  const lines = text.split('\n');
  const shown = lines.slice(0, MESSAGE_LINES_MAX);
  if (lines.length > shown.length) shown.push(`(${lines.length - shown.length} more lines)`);
  return shown.map((line) => `         ${line}\n`).join('');
}
