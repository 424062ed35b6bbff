/** The command line of `npm run bench`. */
import { count, flag, readOptions, text } from '../tools/script-options.js';

export interface BenchOptions {
  readonly rounds: number;
  readonly quick: boolean;
  readonly only: RegExp | undefined;
  readonly requests: number | undefined;
  readonly outDir: string;
  readonly gate: boolean;
  readonly publish: boolean;
  /** Program and first arguments of what is measured in ringkv's place. */
  readonly candidate: readonly string[] | undefined;
  readonly help: boolean;
}

export const USAGE = `npm run bench -- [options]
npm run bench -- cluster [options]     a ring of three nodes, beside others who replicate (cluster --help)

Measures ringkv beside redis-server with redis-benchmark, which must be installed (Linux only).
All scenarios together take about forty minutes, 4 GB of memory and 10 GB of disk.

  --quick            about seven minutes: what the targets ask for, and no more
  --only PATTERN     the scenarios whose name matches this regular expression (everysec/64B/P16/GET)
  --rounds N         measurements of each scenario and server (6); even numbers are fairer
  --requests N       requests of each measurement (default: as many as keep a server busy for a second)
  --out DIR          where bench.json, chart.svg and the servers' data go (bench-out)
  --gate             exit with 1 if a target is missed or was not measured
  --publish          also replace scripts/bench/chart.svg, the chart that is committed
  --candidate "CMD"  measure another server in ringkv's place, as "redis-server --io-threads 2"
  --help             this text
`;

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { out, candidate, only, ...values } = readOptions(args, {
    rounds: count(6),
    quick: flag,
    only: text(),
    requests: count(),
    out: text('bench-out'),
    gate: flag,
    publish: flag,
    candidate: text(),
  });
  return {
    ...values,
    only: only === undefined ? undefined : new RegExp(only, 'i'),
    outDir: out,
    candidate: candidate === undefined ? undefined : words(candidate),
  };
}

function words(command: string): string[] {
  const found = command.split(/\s+/).filter((word) => word !== '');
  if (found.length === 0) throw new Error('--candidate must name a program');
  return found;
}
