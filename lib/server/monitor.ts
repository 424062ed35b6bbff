import type { Args } from '../protocol/args.js';
import { REDACTED, isSecret } from './secrets.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TILDE = 0x7e;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
]);

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
  for (let i = 0; i < args.count; i++) line += isSecret(command, args, i) ? ` "${REDACTED}"` : ` ${quoted(args, i)}`;
  return line;
}

function quoted(args: Args, i: number): string {
  const { buffer } = args;
  const end = args.end[i];
  let text = '"';
  let plainFrom = args.start[i];
  for (let at = plainFrom; at < end; at++) {
    const byte = buffer[at];
    if (byte >= SPACE && byte <= TILDE && byte !== QUOTE && byte !== BACKSLASH) continue;
    text += buffer.toString('latin1', plainFrom, at) + escaped(byte);
    plainFrom = at + 1;
  }
  return `${text}${buffer.toString('latin1', plainFrom, end)}"`;
}

function escaped(byte: number): string {
  return ESCAPES.get(byte) ?? `\\x${byte.toString(16).padStart(2, '0')}`;
}
