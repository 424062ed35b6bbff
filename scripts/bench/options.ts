/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { positiveInteger } from '../tools/arguments.js';

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
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '6' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      requests: { type: 'string' },
      out: { type: 'string', default: 'bench-out' },
      gate: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      candidate: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: positiveInteger('--rounds', values.rounds),
    quick: values.quick,
    only: values.only === undefined ? undefined : new RegExp(values.only, 'i'),
    requests: values.requests === undefined ? undefined : positiveInteger('--requests', values.requests),
    outDir: values.out,
    gate: values.gate,
    publish: values.publish,
    candidate: values.candidate === undefined ? undefined : words(values.candidate),
    help: values.help,
  };
}

function words(command: string): string[] {
  const found = command.split(/\s+/).filter((word) => word !== '');
  if (found.length === 0) throw new Error('--candidate must name a program');
  return found;
}
