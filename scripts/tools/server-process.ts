/**
 * A database server as a child process: started, waited for until it answers, ended by its own pid.
 *
 * Invariants:
 * 1. No server outlives the script, whatever ends the script short of SIGKILL: an uncaught error, process.exit, SIGINT,
 *    SIGTERM, SIGHUP.
 * 2. A server is only ever signalled through its own pid, and never after its end was seen.
 * 3. A directory that was made here is removed when the server has ended; one that was handed in is left alone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXECUTABLE } from './executable.js';
import { freePort, isPortFree } from './free-port.js';
import { processCpuUs, processRssBytes } from './process-usage.js';
import { RespClient } from './resp-client.js';

export type ServerKind = 'redis' | 'ringkv';

/** What to start. */
export interface ServerOptions {
  readonly kind: ServerKind;
  /** Default: a free one. Must be free. */
  readonly port?: number;
  /** Where it answers; default: 127.0.0.1. It must be told so by `args`. */
  readonly host?: string;
  /** The server's data directory; default: a fresh one, removed at the end. */
  readonly dir?: string;
  /** Flags in Redis's style, after `--port` and `--dir`. */
  readonly args?: readonly string[];
  /** Program and first arguments, in place of the kind's own. */
  readonly command?: readonly string[];
  /** Is given what the server writes to stdout and stderr, as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Default 60 s. */
  readonly readyTimeoutMs?: number;
}

/** How a process ended: one of the two is null. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const COMMANDS: Record<ServerKind, readonly string[]> = {
  redis: ['redis-server'],
  ringkv: [process.execPath, EXECUTABLE],
};
const LOOPBACK = '127.0.0.1';
const PROBE_EVERY_MS = 5;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const TAIL_CHARS = 4000;

export class ServerProcess {
  readonly kind: ServerKind;
  readonly port: number;
  readonly host: string;
  readonly dir: string;
  /** Milliseconds from spawn to the first PONG. */
  readonly readyAfterMs: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #child: RunningChild;

  private constructor(options: ServerOptions, port: number, child: RunningChild, readyAfterMs: number) {
    this.kind = options.kind;
    this.port = port;
    this.host = options.host ?? LOOPBACK;
    this.dir = child.dir;
    this.readyAfterMs = readyAfterMs;
    this.exited = child.exited;
    this.#child = child;
  }

  /**
   * Starts a server and waits until it answers PING with PONG (or asks for a password). Rejects, with
   * the last of the server's own output, if it ends before that or takes too long; it is ended in both cases.
   */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const port = options.port ?? (await freePort());
    const { host = LOOPBACK } = options;
    if (host === LOOPBACK && !(await isPortFree(port))) throw new Error(`port ${port} is in use`);
    const startMs = performance.now();
    const child = new RunningChild(options, port);
    try {
      await waitUntilReady(child, host, port, startMs + (options.readyTimeoutMs ?? READY_TIMEOUT_MS));
    } catch (error) {
      await child.end('SIGKILL');
      throw error;
    }
    return new ServerProcess(options, port, child, performance.now() - startMs);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the process's end has not been seen yet. */
  get isRunning(): boolean {
    return this.#child.isRunning;
  }

  /** The end of what the server wrote to stdout and stderr, for error messages. */
  get outputTail(): string {
    return this.#child.outputTail;
  }

  /** Microseconds of CPU time of all its threads. */
  cpuUs(): number {
    return processCpuUs(this.pid);
  }

  rssBytes(): number {
    return processRssBytes(this.pid);
  }

  /** A new connection to it. */
  connect(): Promise<RespClient> {
    return RespClient.connect(this.port, { host: this.host });
  }

  /** Sends a signal that need not end the process (SIGSTOP, SIGCONT, SIGUSR2). */
  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal);
  }

  /** Sends a signal that ends the process, and waits until it has ended. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ExitStatus> {
    return this.#child.end(signal);
  }

  /** Ends the server in its own good order (SIGTERM); with SIGKILL if that takes longer than 20 s. */
  async stop(): Promise<ExitStatus> {
    const overdue = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    try {
      return await this.kill('SIGTERM');
    } finally {
      clearTimeout(overdue);
    }
  }
}

/** The child process itself, with its output and its directory, from spawn on. */
class RunningChild {
  readonly dir: string;
  readonly exited: Promise<ExitStatus>;
  readonly #child: ChildProcess;
  readonly #ownsDir: boolean;
  #tail = '';
  #isRunning = true;
  #spawnError: Error | undefined;

  constructor(options: ServerOptions, port: number) {
    this.#ownsDir = options.dir === undefined;
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), `${options.kind}-`));
    const [program, ...first] = options.command ?? COMMANDS[options.kind];
    if (program === undefined) throw new Error('the command of a server must name a program');
    const args = [...first, '--port', String(port), '--dir', this.dir, ...(options.args ?? [])];
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (chunk: Buffer): void => {
      const text = chunk.toString('utf8');
      this.#tail = (this.#tail + text).slice(-TAIL_CHARS);
      options.onOutput?.(text);
    };
    this.#child.stdout?.on('data', take);
    this.#child.stderr?.on('data', take);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        // Only a process that could not be spawned has no pid; a signal that failed is not an end.
        if (this.#child.pid !== undefined) return;
        this.#spawnError = error;
        resolve({ code: null, signal: null });
      });
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then(() => this.#ended());
    guard(this);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the server could not be spawned', { cause: this.#spawnError });
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get outputTail(): string {
    return this.#tail;
  }

  get spawnError(): Error | undefined {
    return this.#spawnError;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#child.kill(signal);
  }

  end(signal: NodeJS.Signals): Promise<ExitStatus> {
    this.signal(signal);
    return this.exited;
  }

  /** For the moment when the script itself ends: nothing can be waited for any more. */
  abandon(): void {
    this.signal('SIGKILL');
    this.#removeDir();
  }

  #ended(): void {
    this.#isRunning = false;
    running.delete(this);
    this.#removeDir();
  }

  #removeDir(): void {
    if (this.#ownsDir) rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function waitUntilReady(child: RunningChild, host: string, port: number, deadlineMs: number): Promise<void> {
  for (;;) {
    if (child.spawnError !== undefined) throw new Error('the server could not be spawned', { cause: child.spawnError });
    if (!child.isRunning) {
      const { code, signal } = await child.exited;
      throw new Error(`the server ended (code ${code}, signal ${signal}) before it was ready:\n${child.outputTail}`);
    }
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new Error(`the server was not ready in time:\n${child.outputTail}`);
    if (await answersPing(host, port, leftMs)) return;
    await sleep(PROBE_EVERY_MS);
  }
}

/** Whether a server on the port answers PING with PONG, or would if it were given a password. */
async function answersPing(host: string, port: number, timeoutMs: number): Promise<boolean> {
  let client: RespClient | undefined;
  const overdue = setTimeout(() => client?.close(), timeoutMs);
  try {
    client = await RespClient.connect(port, { host });
    return (await client.call('PING')) === 'PONG';
  } catch (error) {
    // Refused, closed, or -LOADING: not ready.
    return error instanceof Error && error.message.startsWith('NOAUTH');
  } finally {
    clearTimeout(overdue);
    client?.close();
  }
}

const running = new Set<RunningChild>();
let isGuarding = false;

/** Sees to invariant 1 for one more child. */
function guard(child: RunningChild): void {
  running.add(child);
  if (isGuarding) return;
  isGuarding = true;
  process.on('exit', () => {
    for (const child of running) child.abandon();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // A script that listens already ends in its own way.
    if (process.listenerCount(signal) > 0) continue;
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
