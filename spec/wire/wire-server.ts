/**
 * The server of a wire spec: a real ringkv process. `WIRE_SERVER=redis npm test -- wire` runs the same specs against
 * redis-server, which shows whether a spec asks for what Redis does, or for what only ringkv promises.
 */
import { join } from 'node:path';
import { ServerProcess, type ServerKind, type ServerOptions } from '../../scripts/tools/server-process.js';

export const kind: ServerKind = process.env['WIRE_SERVER'] === 'redis' ? 'redis' : 'ringkv';

const FLAGS = ['--appendonly', 'yes', '--save', ''];

/** Starts a server with a log, on a free port and in a directory of its own unless options say otherwise. */
export function startServer(
  args: readonly string[] = [],
  options: Partial<ServerOptions> = {},
): Promise<ServerProcess> {
  return ServerProcess.start({ ...options, kind, args: [...FLAGS, ...args] });
}

/** Skips the test where redis-server is tested: it does not promise this. */
export function ringkvOnly(context: Mocha.Context): void {
  if (kind === 'redis') context.skip();
}

/** Where a server in `dir` may have its unix socket. */
export function socketPath(dir: string): string {
  return join(dir, 'wire.sock');
}

/** The error of a call that must fail, as `name: message`; or `no error`. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
