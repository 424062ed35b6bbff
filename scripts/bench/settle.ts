/** Waiting until a server has finished what its clients have left it to do. */
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;
/** A server that uses less CPU than this between two looks is at rest: 2 % of a core. */
const REST_US = 2000;
const LOOKS_MAX = 100;

/** What is looked at. */
export interface Worker {
  cpuUs(): number;
}

/**
 * Waits until the server is at rest, 10 s at most, and returns its CPU time then. So what it put off (a flush, a
 * compaction, a collection of garbage) is charged to the load that caused it, and does not disturb the next one.
 */
export async function settle(worker: Worker, wait: (ms: number) => Promise<unknown> = sleep): Promise<number> {
  let cpuUs = worker.cpuUs();
  for (let look = 0; look < LOOKS_MAX; look++) {
    await wait(EVERY_MS);
    const usedUs = worker.cpuUs() - cpuUs;
    cpuUs += usedUs;
    if (usedUs < REST_US) break;
  }
  return cpuUs;
}
