/**
 * Requests at a rate, whether or not earlier ones are answered: as users come. Latency counts from the moment at which a request was due, so that
 * a server that stops for a while pays for all that were due meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../lib/host/ports.js';

export interface OpenLoop {
  /** Requests a second; they come at random moments (a Poisson process). */
  readonly rate: number;
  readonly seconds: number;
  readonly random: Random;
  /** Sends one; resolves when it is answered. */
  readonly send: () => Promise<void>;
}

const TWO_32 = 2 ** 32;

/** Milliseconds from one request to the next. */
export function gapMs(rate: number, random: Random): number {
  return (-Math.log((random.uint32() + 1) / TWO_32) * 1000) / rate;
}

/** Resolves to the latencies in milliseconds, in the order in which the requests were due. Rejects if one fails. */
export async function runOpenLoop({ rate, seconds, random, send }: OpenLoop): Promise<Float64Array> {
  const count = Math.max(1, Math.round(rate * seconds));
  const latencies = new Float64Array(count);
  const running: Promise<void>[] = [];
  let hasFailed = false;
  let dueMs = performance.now();
  for (let i = 0; i < count && !hasFailed; i++) {
    dueMs += gapMs(rate, random);
    // Timers keep whole milliseconds: one that is due in less is sent now.
    const waitMs = Math.floor(dueMs - performance.now());
    if (waitMs > 0) await sleep(waitMs);
    const fromMs = Math.min(dueMs, performance.now());
    const answered = send().then(() => {
      latencies[i] = performance.now() - fromMs;
    });
    answered.catch(() => (hasFailed = true));
    running.push(answered);
  }
  await Promise.all(running);
  return latencies;
}

/** The value that a share (0 to 1) of the values is at most. Throws if there is none. */
export function percentile(values: Float64Array, share: number): number {
  if (values.length === 0) throw new Error('a percentile needs at least one value');
  const sorted = values.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
