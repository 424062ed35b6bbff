/**
 * What a process has used, from Linux's /proc.
 *
 * CPU time comes from `schedstat` (nanoseconds) of every thread, because `stat` counts in ticks of 10 ms. Threads
 * that have ended are missing from the sum: compare two readings of a process whose threads live on.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of CPU time of all threads that the process has now. Throws if there is no such process. */
export function processCpuUs(pid: number): number {
  let sumUs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) sumUs += threadCpuUs(`/proc/${pid}/task/${thread}/schedstat`);
  return sumUs;
}

/** Bytes of the process's memory that are resident. Throws if there is no such process. */
export function processRssBytes(pid: number): number {
  return parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmRSS');
}

/** The most that `processRssBytes` has ever been. */
export function processPeakRssBytes(pid: number): number {
  return parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmHWM');
}

/** Microseconds of CPU time in the text of a `schedstat` file: its first number, in nanoseconds. */
export function parseSchedstatUs(text: string): number {
  const ns = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(ns)) throw new Error(`expected nanoseconds in schedstat, found '${text.trim()}'`);
  return ns / 1000;
}

/** Bytes in a line of a `status` file. */
export function parseStatusBytes(status: string, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status);
  if (match === null) throw new Error(`expected a line ${field} in /proc/<pid>/status, found none`);
  return Number(match[1]) * 1024;
}

function threadCpuUs(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    // The thread ended between the listing and the reading.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
  return parseSchedstatUs(text);
}
