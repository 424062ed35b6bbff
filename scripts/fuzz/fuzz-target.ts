/**
 * A server that gets random input, and what must hold whatever that is:
 *
 * 1. It goes on running.
 * 2. A PING on another connection is answered within PING_MS_MAX.
 * 3. It grows to no more than RSS_BYTES_MAX.
 *
 * A server that has ended is started again, so that the same input can be tried once more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from '../tools/raw-connection.js';
import type { RespClient } from '../tools/resp-client.js';
import { ServerProcess, type ServerKind } from '../tools/server-process.js';
import { commandRows, type CommandRow } from './command-arbitrary.js';

/** Generous: the machine may be busy with other things. */
const PING_MS_MAX = 3000;
const RSS_BYTES_MAX = 1024 * 1024 * 1024;
/** The longest string is 1 MB, so that random offsets do not fill the memory. */
const FLAGS = ['--save', '', '--proto-max-bulk-len', '1mb', '--appendfsync', 'everysec'];

export class FuzzTarget {
  readonly kind: ServerKind;
  readonly #args: readonly string[];
  #server: ServerProcess;
  #watch: RespClient;

  private constructor(kind: ServerKind, args: readonly string[], server: ServerProcess, watch: RespClient) {
    this.kind = kind;
    this.#args = args;
    this.#server = server;
    this.#watch = watch;
  }

  /** Starts a server. ringkv has its log, redis-server none: it is only there to be compared with. */
  static async start(kind: ServerKind): Promise<FuzzTarget> {
    const args = [...FLAGS, '--appendonly', kind === 'ringkv' ? 'yes' : 'no'];
    const server = await ServerProcess.start({ kind, args });
    return new FuzzTarget(kind, args, server, await server.connect());
  }

  async stop(): Promise<void> {
    this.#watch.close();
    await this.#server.stop();
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

  /** Starts it again if it has ended. */
  async revive(): Promise<void> {
    if (this.#server.isRunning) return;
    this.#watch.close();
    this.#server = await ServerProcess.start({ kind: this.kind, args: this.#args });
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
    if (answer !== 'PONG') throw new Error(`a PING on another connection was answered with '${answer}'`);
    const rssBytes = this.#server.rssBytes();
    if (rssBytes > RSS_BYTES_MAX) {
      await this.#server.kill('SIGKILL');
      throw new Error(`the server has grown to ${(rssBytes / 1e6).toFixed(0)} MB`);
    }
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
