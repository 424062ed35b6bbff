import type { Config } from '../config/config.js';
import { TLS_HANDSHAKES_MAX } from '../host/ports.js';
import type { Log } from './log.js';

/** Open files that are not connections: Node's own, the log's, and those that a rewrite of it needs. */
const FILES_RESERVED = 64;

/** A log that can open no file takes no more writes: `maxclients` is never above what leaves enough of the `filesMax` open files to it. */
export function limitConnections(config: Config, filesMax: number, usesTls: boolean, log: Log): void {
  const clientsMax = Math.max(1, filesMax - FILES_RESERVED - (usesTls ? TLS_HANDSHAKES_MAX : 0));
  if (config.maxclients > clientsMax) {
    log.warning(
      `maxclients is ${clientsMax}, not ${config.maxclients}: the process may have ${filesMax} files open (ulimit -n)`,
    );
    config.set([['maxclients', String(clientsMax)]], true);
  }
  config.onChange('maxclients', () =>
    config.maxclients > clientsMax
      ? `The operating system is not able to handle the specified number of clients, try with ${clientsMax}`
      : undefined,
  );
}
