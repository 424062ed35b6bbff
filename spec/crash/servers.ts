/** The servers of a spec, on one data directory: started as it likes, ended in `afterEach` whatever has become of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../../scripts/tools/server-process.js';

export class Servers {
  /** The data directory. */
  readonly dir = mkdtempSync(join(tmpdir(), 'ringkv-crash-'));
  readonly #started: ServerProcess[] = [];

  /** Starts ringkv on the directory. `command`: program and first arguments, in place of node's and ringkv's. */
  async start(args: readonly string[], command?: readonly string[]): Promise<ServerProcess> {
    const options = { kind: 'ringkv', dir: this.dir, args } as const;
    const server = await ServerProcess.start(command === undefined ? options : { ...options, command });
    this.#started.push(server);
    return server;
  }

  /** Ends all of them, and removes the directory. */
  async end(): Promise<void> {
    for (const server of this.#started) await server.kill();
    rmSync(this.dir, { recursive: true });
  }
}
