/**
 * The machine's clocks.
 *
 * The CPU time of one thread comes from the best of three sources:
 *   1. `process.threadCpuUsage()`, which newer versions of Node have;
 *   2. Linux's `/proc/thread-self/schedstat`: its first number is the nanoseconds that the thread ran. The kernel brings
 *      it up to date at every timer tick (1 to 4 ms) and every switch, so a shorter span may read as 0. A read costs
 *      about 1.5 us;
 *   3. `process.cpuUsage()`, which counts the whole process: the garbage collector's and the workers' time too.
 */

import { openSync, readSync } from 'node:fs';

import type { Clock } from './ports.js';

type CpuUsage = () => { user: number; system: number };

/** See Clock. Belongs to the thread that made it: `threadCpuUs` is that thread's. */
export class NodeClock implements Clock {
  private readonly source = threadCpuSource();
  private lastThreadCpuUs = 0;

  wallMs(): number {
    return Date.now();
  }

  wallUs(): number {
    return Math.floor((performance.timeOrigin + performance.now()) * 1000);
  }

  monotonicUs(): number {
    return performance.now() * 1000;
  }

  threadCpuUs(): number {
    this.lastThreadCpuUs = Math.max(this.lastThreadCpuUs, this.source());
    return this.lastThreadCpuUs;
  }
}

function threadCpuSource(): () => number {
  const { threadCpuUsage } = process as { threadCpuUsage?: CpuUsage };
  if (threadCpuUsage) return () => totalUs(threadCpuUsage());
  return schedstatSource() ?? (() => totalUs(process.cpuUsage()));
}

function totalUs(usage: { user: number; system: number }): number {
  return usage.user + usage.system;
}

/** Reads schedstat through a descriptor that stays open: it keeps naming the thread that opened it. */
function schedstatSource(): (() => number) | undefined {
  const text = Buffer.alloc(64);
  try {
    const descriptor = openSync('/proc/thread-self/schedstat', 'r');
    const read = () => {
      const length = readSync(descriptor, text, 0, text.length, 0);
      return Number.parseInt(text.toString('latin1', 0, length), 10) / 1000;
    };
    return Number.isFinite(read()) ? read : undefined;
  } catch {
    return undefined;
  }
}
