/**
 * Runs one unit of the suite against a server that has just been started for it.
 *
 * One unit a run and a fresh server each, because units leave settings behind, and because a push message that never
 * comes hangs the runner for ever: it is told to give up on a test that stalls, and is killed when the unit's time is
 * over. The runner works in processes of its own, which end with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { freePort } from '../tools/free-port.js';
import { ServerProcess, type ServerKind } from '../tools/server-process.js';
import type { RedisSource } from './redis-source.js';
import { parseUnitRun, type UnitReport } from './unit-run.js';
import type { Unit } from './units.js';

export interface UnitJob {
  readonly unit: Unit;
  readonly kind: ServerKind;
  /** Names of tests that are not to be started. */
  readonly held: readonly string[];
  /** Called with each line of the runner as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Flags of every unit: errors end a test and not the run, and bounds on latency are for idle machines. */
const RUNNER_FLAGS = ['--durable', '--no-latency', '--dont-clean'];
/** Without an end of any test, the runner gives up after so long: several times the longest test's own, on a machine that does other things, too. */
const STALL_SECONDS = 120;
/** What the units expect of a server, in the words of both. */
const SERVER_FLAGS = ['--enable-debug-command', 'yes', '--enable-protected-configs', 'yes'];
/** Redis alone would write snapshots; ringkv persists as it always does. */
const REDIS_FLAGS = ['--save', '', '--appendonly', 'no'];

/** The runner looks for a port of its own from this far below its base port on. */
const PORTS_BELOW_BASE = 32;

/** The runner's flags that decide which tests there are. */
export function runnerFlags(unit: Unit): readonly string[] {
  return [...RUNNER_FLAGS, ...unit.flags];
}

/** Starts a server, runs the unit against it, and ends it. Rejects if the server or the runner cannot be started. */
export async function runUnit(source: RedisSource, job: UnitJob): Promise<UnitReport> {
  const server = await ServerProcess.start({
    kind: job.kind,
    args: [...SERVER_FLAGS, ...(job.kind === 'redis' ? REDIS_FLAGS : [])],
  });
  try {
    return await runAgainst(source, job, server);
  } finally {
    await server.stop();
  }
}

async function runAgainst(source: RedisSource, job: UnitJob, server: ServerProcess): Promise<UnitReport> {
  const startMs = performance.now();
  const { output, timedOut } = await runRunner(source, job, server.port);
  const seconds = (performance.now() - startMs) / 1000;
  const serverEnd = server.isRunning ? null : await describeEnd(server);
  return { ...parseUnitRun(output), seconds, timedOut, serverEnd, output };
}

async function describeEnd(server: ServerProcess): Promise<string> {
  const { code, signal } = await server.exited;
  return `the server ended (code ${code}, signal ${signal}):\n${server.outputTail.trim()}`;
}

async function runRunner(
  source: RedisSource,
  { unit, held, onLine }: UnitJob,
  port: number,
): Promise<{ output: string; timedOut: boolean }> {
  const where = ['--host', '127.0.0.1', '--port', String(port), '--single', unit.name];
  // The runner listens for its own child. Left to itself it takes a fixed port, and two runs at a time would meet there.
  const own = ['--baseport', String((await freePort()) + PORTS_BELOW_BASE)];
  const limits = ['--timeout', String(STALL_SECONDS), ...held.flatMap((name) => ['--skiptest', name])];
  const args = ['tests/test_helper.tcl', ...where, ...own, ...limits, ...runnerFlags(unit)];
  // A process group of its own, because the runner has a child; and no terminal, so that it prints no colours.
  const child = spawn('tclsh', args, {
    cwd: source.dir,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'dumb' },
  });
  const killRunner = (): void => killGroup(child);
  process.once('exit', killRunner);
  let timedOut = false;
  const overdue = setTimeout(() => {
    timedOut = true;
    killRunner();
  }, unit.timeoutSeconds * 1000);
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    onLine?.(line);
  };
  createInterface({ input: child.stdout }).on('line', keep);
  createInterface({ input: child.stderr }).on('line', keep);
  // The runner's own child may be left, waiting for a reply that never comes.
  child.once('exit', killRunner);
  try {
    await ended(child);
  } finally {
    clearTimeout(overdue);
    process.off('exit', killRunner);
  }
  return { output: lines.join('\n') + '\n', timedOut };
}

/** Resolves when the process has ended and all that it wrote has been read. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the whole group has ended.
  }
}
