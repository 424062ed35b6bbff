/**
 * A server that gets random input, and what must hold whatever that is:
 *
 * 1. It goes on running.
 * 2. A PING on another connection is answered within PING_MS_MAX.
 * 3. It grows to no more than RSS_BYTES_MAX.
 *
 * A server that has ended is started again, so that the same input can be tried once more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from '../tools/raw-connection.js';
import type { Reply, RespClient } from '../tools/resp-client.js';
import { ServerProcess, type ServerKind } from '../tools/server-process.js';
import { commandRows, type CommandRow } from './command-arbitrary.js';

/** Generous: the machine may be busy with other things. */
const PING_MS_MAX = 3000;
const TOUCH_MS_MAX = 100;
const LOOK_EVERY_MS = 5;
/** Looks at who is there before those that are still there are said to stay: on a busy machine a server may not run for seconds. */
const RECOVER_LOOKS_MIN = 20;
/** Some data is pinned: it need not all go. */
const COOL_LOOKS_MAX = 60;
const RSS_BYTES_MAX = 1024 * 1024 * 1024;
/** The longest string is 1 MB, so that random offsets do not fill the memory. */
const FLAGS = [
  '--save',
  '',
  '--proto-max-bulk-len',
  '1mb',
  '--appendfsync',
  'everysec',
  '--enable-debug-command',
  'local',
  '--hz',
  '100',
  // Not when keys expire, which each server finds out at a time of its own.
  '--notify-keyspace-events',
  'KEg$lshztmn',
  // Small, so that collections are not packed any more when they have some elements.
  ...['--hash-max-listpack-entries', '16', '--hash-max-listpack-value', '32', '--set-max-intset-entries', '16'],
  ...['--zset-max-listpack-entries', '16', '--zset-max-listpack-value', '32', '--list-max-listpack-size', '16'],
];
/** What experiments change of ringkv, and its defaults. */
const DEFAULTS = [
  ...['maxclients', '10000', 'timeout', '0', 'maxmemory', '0', 'maxmemory-policy', 'noeviction', 'hz', '100'],
  ...['client-output-buffer-limit', 'normal 0 0 0', 'appendfsync', 'everysec', 'appendonly', 'yes'],
  ...['aof-segment-size', '256mb', 'compaction-rate-limit', '0'],
];

export class FuzzTarget {
  readonly kind: ServerKind;
  readonly #args: readonly string[];
  /** Its data stays over restarts. */
  readonly #dir: string;
  #server: ServerProcess;
  #watch: RespClient;

  private constructor(
    kind: ServerKind,
    args: readonly string[],
    dir: string,
    server: ServerProcess,
    watch: RespClient,
  ) {
    this.kind = kind;
    this.#args = args;
    this.#dir = dir;
    this.#server = server;
    this.#watch = watch;
  }

  /** Starts a server. ringkv has its log, redis-server none: it is only there to be compared with. */
  static async start(kind: ServerKind): Promise<FuzzTarget> {
    const args = [...FLAGS, '--appendonly', kind === 'ringkv' ? 'yes' : 'no'];
    const dir = mkdtempSync(join(tmpdir(), `fuzz-${kind}-`));
    const server = await ServerProcess.start({ kind, args, dir });
    // Whatever ends the script: behind ServerProcess's own listener, which ends the server first.
    process.once('exit', () => {
      removeDir(dir);
    });
    return new FuzzTarget(kind, args, dir, server, await server.connect());
  }

  async stop(): Promise<void> {
    this.#watch.close();
    await this.#server.stop();
    removeDir(this.#dir);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.connect({ port: this.#server.port });
  }

  /** The commands that it has. */
  async commands(): Promise<CommandRow[]> {
    return commandRows(await this.#watch.call('COMMAND'));
  }

  /** Removes all data. */
  async clear(): Promise<void> {
    await this.revive();
    await this.#watch.call('FLUSHALL');
  }

  /** Sends a command, and returns its reply. */
  ask(...command: string[]): Promise<Reply> {
    return this.#watch.call(...command);
  }

  /** Comes and goes: the server has then read what was sent before. */
  async touch(): Promise<void> {
    const connection = await this.connect();
    void connection.write('QUIT\r\n');
    await Promise.race([connection.closed, sleep(TOUCH_MS_MAX, undefined, { ref: false })]);
    connection.destroy();
  }

  /**
   * Comes back to a server whose options were changed, and which may have closed all connections. Rejects as `check` does if
   * it lets nobody in, or if clients that have gone are still there after a while.
   */
  async recover(): Promise<void> {
    const deadlineMs = performance.now() + PING_MS_MAX;
    let failure: unknown;
    for (let look = 0; this.#server.isRunning; look++) {
      if (look >= RECOVER_LOOKS_MIN && performance.now() >= deadlineMs) {
        throw new Error('clients that have gone stay, or nobody is let in', { cause: failure });
      }
      try {
        this.#watch.close();
        this.#watch = await this.#server.connect();
        const others = await this.#others();
        if (others.length === 0) return;
        failure = others.join('; ');
        await sleep(LOOK_EVERY_MS);
      } catch (error) {
        failure = error;
      }
    }
  }

  /** Puts the options back, and says who else is there still: what they had sent may be run later, and change them again. */
  async #others(): Promise<string[]> {
    await this.#inTime(this.#watch.call('CLIENT', 'UNPAUSE'));
    const clients = String(await this.#inTime(this.#watch.call('CLIENT', 'LIST')));
    await this.#inTime(this.#watch.call('CONFIG', 'SET', ...DEFAULTS));
    return clients.trim().split('\n').slice(0, -1);
  }

  /** Starts it again if it has ended. */
  async revive(): Promise<void> {
    if (this.#server.isRunning) return;
    await this.#start();
  }

  /** Ends it, and starts it again with its data. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#server.kill(signal);
    await this.#start();
  }

  /** Has all data leave the memory: what is read next comes from the disk. */
  async cool(): Promise<void> {
    await this.ask('SAVE');
    await this.ask('CONFIG', 'SET', 'maxmemory', '1');
    for (let look = 0; look < COOL_LOOKS_MAX; look++) {
      if (String(await this.ask('INFO', 'storage')).includes('resident_records:0\r\n')) break;
      await sleep(LOOK_EVERY_MS);
    }
    await this.ask('CONFIG', 'SET', 'maxmemory', '0');
  }

  async #start(): Promise<void> {
    this.#watch.close();
    this.#server = await ServerProcess.start({ kind: this.kind, args: this.#args, dir: this.#dir });
    this.#watch = await this.#server.connect();
  }

  /** Rejects if one of the invariants does not hold. */
  async check(): Promise<void> {
    const answer = await Promise.race([this.#ping(), sleep(PING_MS_MAX, 'late', { ref: false })]);
    if (!this.#server.isRunning) throw new Error(`the server ended:\n${this.#server.outputTail}`);
    if (answer === 'late') {
      const report = new Error(`a PING on another connection was not answered within ${PING_MS_MAX} ms`);
      await this.#server.kill('SIGKILL');
      throw report;
    }
    if (answer !== 'PONG') {
      throw new Error(`a PING on another connection was answered with '${answer}':\n${this.#server.outputTail}`);
    }
    const rssBytes = this.#server.rssBytes();
    if (rssBytes > RSS_BYTES_MAX) {
      await this.#server.kill('SIGKILL');
      throw new Error(`the server has grown to ${(rssBytes / 1e6).toFixed(0)} MB`);
    }
  }

  #inTime(reply: Promise<Reply>): Promise<Reply> {
    const late = sleep(PING_MS_MAX, undefined, { ref: false }).then(() => {
      throw new Error(`no answer within ${PING_MS_MAX} ms`);
    });
    return Promise.race([reply, late]);
  }

  /** The answer, or what became of the connection once the end of the process could be seen. */
  async #ping(): Promise<string> {
    try {
      return String(await this.#watch.call('PING'));
    } catch (error) {
      await Promise.race([this.#server.exited, sleep(1000, undefined, { ref: false })]);
      return String(error);
    }
  }
}

function removeDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}
