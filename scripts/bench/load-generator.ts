/** Runs redis-benchmark, which must be installed beside redis-server, and reads its results. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** One run. */
export interface LoadRun {
  readonly port: number;
  /** What to send: redis-benchmark's `-t` and its like, or a command. */
  readonly workload: readonly string[];
  readonly pipeline: number;
  readonly requests: number;
  /** Random keys are drawn from this many. */
  readonly keySpace: number;
}

/** What redis-benchmark says of a run. */
export interface LoadResult {
  readonly opsPerSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
}

export const CONNECTIONS = 50;
/** A run that takes longer is ended, and the benchmark with it. */
const TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** Sends the requests and waits for all replies. Rejects if the server answers with an error, or takes too long. */
export async function generateLoad(load: LoadRun): Promise<LoadResult> {
  const args = [
    ...['-h', '127.0.0.1', '-p', String(load.port), '-c', String(CONNECTIONS), '-n', String(load.requests)],
    ...['-P', String(load.pipeline), '-r', String(load.keySpace), '--csv', '--precision', '3', ...load.workload],
  ];
  try {
    const { stdout } = await run('redis-benchmark', args, { timeout: TIMEOUT_MS });
    return parseCsv(stdout);
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr ?? '';
    throw new Error(`redis-benchmark ${args.join(' ')} failed: ${stderr.trim()}`, { cause: error });
  }
}

/** Reads the output of `redis-benchmark --csv` with one test: a line of titles, a line of figures. */
export function parseCsv(csv: string): LoadResult {
  const [titles = [], figures = []] = csv.trim().split('\n').map(cells);
  const figure = (title: string): number => {
    const value = Number(figures[titles.indexOf(title)]);
    if (!Number.isFinite(value)) throw new Error(`expected a figure '${title}' of redis-benchmark, found '${csv}'`);
    return value;
  };
  return {
    opsPerSecond: figure('rps'),
    latencyP50Ms: figure('p50_latency_ms'),
    latencyP99Ms: figure('p99_latency_ms'),
  };
}

function cells(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"/g), (match) => match[1] ?? '');
}
