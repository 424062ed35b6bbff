/** The process and its machine, from Node and from /proc where Linux has it. */

import { readFileSync } from 'node:fs';
import { release, totalmem, type } from 'node:os';
import { getHeapStatistics } from 'node:v8';

import type { ProcessProbe } from './ports.js';

const CLOCK_TICKS_PER_SECOND = 100;

export class NodeProcess implements ProcessProbe {
  readonly processId = process.pid;
  readonly totalMemoryBytes = totalMemory();
  readonly osName = `${type()} ${release()} ${process.arch}`;
  readonly filesMax = openFilesLimit();

  residentBytes(): number {
    return process.memoryUsage.rss();
  }

  heapBytes(): number {
    return getHeapStatistics().used_heap_size;
  }

  cpu(): { user: number; system: number } {
    const { user, system } = process.cpuUsage();
    return { user: user / 1e6, system: system / 1e6 };
  }

  mainThreadCpu(): { user: number; system: number } {
    // The 14th and 15th field of stat; the name in parentheses may hold spaces, so count from behind it.
    const stat = tryRead(`/proc/self/task/${process.pid}/stat`);
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields === undefined) return this.cpu();
    return { user: Number(fields[11]) / CLOCK_TICKS_PER_SECOND, system: Number(fields[12]) / CLOCK_TICKS_PER_SECOND };
  }
}

/** The machine's memory, or the control group's limit where that is lower. */
function totalMemory(): number {
  const limit = Number(tryRead('/sys/fs/cgroup/memory.max')?.trim());
  return Number.isSafeInteger(limit) && limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function openFilesLimit(): number {
  const match = /^Max open files\s+(\d+)/m.exec(tryRead('/proc/self/limits') ?? '');
  return match === null ? Infinity : Number(match[1]);
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
