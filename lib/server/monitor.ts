import { quoted } from '../base/quoted.js';
import type { Args } from '../protocol/args.js';
import { REDACTED, isSecret } from './secrets.js';

/** Who ran a command. */
export interface MonitoredClient {
  readonly databaseNumber: number;
  readonly address: string;
}

/**
 * A command as MONITOR shows it, without what is secret in it:
 *
 *     1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
 *
 * `wallUs`: microseconds since 1970; `command`: the full name of the command (`config|get`). Bytes that are no printable ASCII are escaped, `\x0a` style.
 */
export function formatMonitorLine(wallUs: number, client: MonitoredClient, command: string, args: Args): string {
  const seconds = Math.floor(wallUs / 1e6);
  const fraction = String(Math.floor(wallUs % 1e6)).padStart(6, '0');
  let line = `${seconds}.${fraction} [${client.databaseNumber} ${client.address}]`;
  for (let i = 0; i < args.count; i++)
    line += isSecret(command, args, i) ? ` "${REDACTED}"` : ` ${quoted(args.buffer, args.start[i], args.end[i])}`;
  return line;
}
