/** One load scenario on one pair of running servers: warm-up, the number of requests, a measurement. */
import { generateLoad } from './load-generator.js';
import type { LoadScenario, Metric } from './scenario.js';
import type { ServerDriver } from './server-driver.js';
import { settle } from './settle.js';

export const CPU_US_PER_OP: Metric = { name: 'cpu-per-op', unit: 'us' };
export const OPS_PER_SECOND: Metric = { name: 'throughput', unit: 'op/s' };
export const LATENCY_P99: Metric = { name: 'latency-p99', unit: 'ms' };
export const LOAD_METRICS: readonly Metric[] = [CPU_US_PER_OP, OPS_PER_SECOND, LATENCY_P99];

/** A server's pace, as its warm-up shows it. */
export interface Pace {
  readonly cpuUsPerOp: number;
  readonly opsPerSecond: number;
}

/**
 * A warm-up finds the pace with a few requests, then runs at it for a second: with pipelining that makes more requests
 * than Node's optimizing compiler waits for, and without it the path is warm from what came before.
 */
const PROBE_REQUESTS = 20_000;
const WARM_UP_SECONDS = 1;

/** A measurement shall use this much of the quicker server's CPU, so that what is not the load's own vanishes. */
const CPU_US_WANTED = 1_200_000;
/** And no more of the slower server's time than this (a disk may need milliseconds for each fsync). */
const SECONDS_MAX = 12;
const REQUESTS_MIN = 10_000;

/** Runs the scenario unmeasured on a server; returns its pace at the end. `requestsMax` is for trial runs. */
export async function warmUp(scenario: LoadScenario, driver: ServerDriver, requestsMax: number): Promise<Pace> {
  const probe = Math.min(requestsMax, PROBE_REQUESTS);
  const [, probePace] = await measureLoad(scenario, driver, probe);
  const requests = Math.min(requestsMax, Math.max(probe, Math.ceil(probePace * WARM_UP_SECONDS)));
  const [cpuUsPerOp, opsPerSecond] = await measureLoad(scenario, driver, requests);
  return { cpuUsPerOp, opsPerSecond };
}

/** How many requests a measurement needs, for servers of these paces; the same number for both. */
export function requestsFor(paces: readonly Pace[]): number {
  const enough = Math.max(...paces.map((pace) => CPU_US_WANTED / pace.cpuUsPerOp));
  const bearable = Math.min(...paces.map((pace) => SECONDS_MAX * pace.opsPerSecond));
  return Math.ceil(Math.max(REQUESTS_MIN, Math.min(enough, bearable)) / 1000) * 1000;
}

/** Runs the scenario once on a server that is at rest; figures in the order of LOAD_METRICS. */
export async function measureLoad(
  scenario: LoadScenario,
  driver: ServerDriver,
  requests: number,
): Promise<readonly [number, number, number]> {
  const [first] = scenario.setup.preload;
  if (first === undefined) throw new Error(`the setup '${scenario.setup.title}' has no keys`);
  const { workload, before, pipeline, setup } = scenario;
  const load = { port: driver.port, pipeline, requests, keySpace: setup.keySpace ?? first.count };
  if (before !== undefined) {
    await generateLoad({ ...load, workload: before });
    await settle(driver);
  }
  const beforeUs = driver.cpuUs();
  const result = await generateLoad({ ...load, workload });
  const afterUs = await settle(driver);
  return [(afterUs - beforeUs) / requests, result.opsPerSecond, result.latencyP99Ms];
}
