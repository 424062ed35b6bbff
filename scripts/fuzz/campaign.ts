/**
 * Runs an experiment for a time: in chunks, each with a seed of its own, so that a failure is replayed without the
 * chunks before it, and the campaign goes on after it.
 */
import type { Experiment, Failure } from './experiment.js';

export interface CampaignOptions {
  /** The first chunk's; the next ones' follow. */
  readonly seed: number;
  /** Chunks are begun until then. */
  readonly durationMs: number;
  /** Or until so much input was tried (commands; of raw input: connections). */
  readonly sizeMax?: number;
  /** Called after each chunk with the share that is done, from 0 to 1. */
  readonly onProgress?: (share: number, failures: number) => void;
}

export interface CampaignResult {
  readonly name: string;
  /** Random inputs, without those that made a failure smaller. */
  readonly runs: number;
  /** Commands in them; of raw input: connections. */
  readonly size: number;
  /** The first failure of each sort. */
  readonly failures: readonly Failure[];
}

const CHUNK_RUNS = 100;
/** A server that fails at everything need not be told for an hour. */
const FAILURES_MAX = 20;

export async function runCampaign(experiment: Experiment, options: CampaignOptions): Promise<CampaignResult> {
  const { seed, durationMs, sizeMax = Infinity, onProgress } = options;
  const startMs = performance.now();
  const failures = new Map<string, Failure>();
  let runs = 0;
  let size = 0;
  for (let chunk = 0; ; chunk++) {
    const outcome = await experiment.run(seed + chunk, CHUNK_RUNS);
    runs += outcome.runs;
    size += outcome.size;
    if (outcome.failure !== undefined) {
      const sort = sortOf(outcome.failure.error);
      if (!failures.has(sort)) failures.set(sort, outcome.failure);
    }
    const share = Math.max((performance.now() - startMs) / durationMs, size / sizeMax);
    onProgress?.(Math.min(share, 1), failures.size);
    if (share >= 1 || failures.size >= FAILURES_MAX) break;
  }
  return { name: experiment.name, runs, size, failures: [...failures.values()] };
}

/** What failures of one sort have in common: the numbers and names in them may differ. */
function sortOf(error: string): string {
  return error.replace(/".*?"|'.*?'|\d+/g, '_').slice(0, 300);
}
