/** What `npm run sim` prints. */
import { Counts } from '../../spec/sim/counts.js';
import type { SeedResult } from '../../spec/sim/run-seed.js';
import type { SimOptions } from './options.js';
import { replayCommand } from './options.js';

const HOUR_MS = 3_600_000;
const PROBLEMS_SHOWN = 5;

/** One seed on its own. */
export function seedReport(result: SeedResult, cpuMs: number): string {
  const { seed, headline, operations, counts, simulatedMs, events, fingerprint } = result;
  return (
    `seed ${seed}: ${headline}\n` +
    `${(simulatedMs / 1000).toFixed(1)} s simulated in ${(cpuMs / 1000).toFixed(2)} s of CPU, ` +
    `${events} events, ${operations} operations answered, fingerprint ${fingerprint}\n${countsLine(counts)}`
  );
}

/** What is wrong with a seed, and how to see it again. */
export function failureReport(
  options: Pick<SimOptions, 'scenario' | 'nodes'>,
  seed: number,
  headline: string,
  problems: readonly string[],
): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `  ${problem}\n`);
  const more = problems.length - shown.length;
  const command = replayCommand(options, seed);
  return (
    `\nseed ${seed} failed: ${headline}\n${shown.join('')}${more > 0 ? `  ... and ${more} more\n` : ''}` +
    `  again: ${command}\n  everything that happens: ${command} --trace\n`
  );
}

/** All seeds. CPU time is in microseconds. */
export function summary(results: readonly SeedResult[], wallMs: number, cpu: { user: number; system: number }): string {
  const sum = (figure: (result: SeedResult) => number): number =>
    results.reduce((total, result) => total + figure(result), 0);
  const simulatedMs = sum((result) => result.simulatedMs);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  const failed = results.filter(({ problems }) => problems.length > 0).map(({ seed }) => seed);
  const counts = new Counts();
  for (const result of results) counts.addAll(result.counts);
  const perMinute = (ms: number): string => (simulatedMs / HOUR_MS / (ms / 60_000)).toFixed(2);
  return (
    `${results.length} seeds, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(' ')}` : ''}\n` +
    `${(simulatedMs / HOUR_MS).toFixed(3)} hours simulated, ${sum(({ operations }) => operations)} operations answered, ` +
    `${sum(({ events }) => events)} events\n` +
    countsLine(counts) +
    `${(wallMs / results.length).toFixed(0)} ms a seed; ${perMinute(wallMs)} hours a minute, ${perMinute(cpuMs)} a minute of CPU\n`
  );
}

/** What has happened, if the scenario counts that. */
function countsLine(counts: Counts): string {
  const text = counts.toString();
  return text === '' ? '' : `${text}\n`;
}
