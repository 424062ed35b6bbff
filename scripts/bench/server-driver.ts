/**
 * What the benchmark knows of a server, so that a scenario neither knows nor cares what stands behind a port: one
 * process today, a ring of several for a cluster's scenarios.
 */
import { ServerProcess, type ServerKind } from '../tools/server-process.js';

/** A running server. With several processes, `cpuUs` and `rssBytes` are their sums. */
export interface ServerDriver {
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from spawn to the first PONG. */
  readonly readyAfterMs: number;
  /** Microseconds of CPU time so far, all threads. */
  cpuUs(): number;
  rssBytes(): number;
  stop(): Promise<unknown>;
}

/** One of the two that are compared: how to start it. */
export interface Contender {
  readonly kind: ServerKind;
  /** Starts it on the directory, with flags in Redis's style, and waits until it answers. */
  start(flags: readonly string[], dir: string): Promise<ServerDriver>;
}

/** A contender of one process; `command` stands in for the kind's own program. */
export function singleProcess(kind: ServerKind, command?: readonly string[]): Contender {
  const replaced = command === undefined ? {} : { command };
  return { kind, start: (args, dir) => ServerProcess.start({ kind, args, dir, ...replaced }) };
}
