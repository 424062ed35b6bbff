/** Whole databases: SELECT, DBSIZE, FLUSHALL, SWAPDB. */

import { parseInteger64 } from '../base/integer.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';
import { DB_OUT_OF_RANGE, NOT_AN_INTEGER, SYNTAX_ERROR } from './error-texts.js';

/** Redis holds database numbers in an int. */
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const OUT_OF_INT = `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`;

/** Whether there is one database alone, because this node is in a ring. */
export function isInRing({ server }: Call): boolean {
  return server.ring !== undefined;
}

/** The number of a database in argument i; undefined after an error reply. */
export function parseDatabase(call: Call, i: number): number | undefined {
  const number = parseNumber(call, i, undefined);
  return number === undefined || !isDatabase(call, number) ? undefined : number;
}

/** The number in argument i, of a database or not; undefined after an error reply, `refusal` if there is one. */
function parseNumber(call: Call, i: number, refusal: string | undefined): number | undefined {
  const { args, reply } = call;
  const number = parseInteger64(args.buffer, args.start[i], args.end[i]);
  if (number !== undefined && number >= INT32_MIN && number <= INT32_MAX) return Number(number);
  reply.error(refusal ?? (number === undefined ? NOT_AN_INTEGER : OUT_OF_INT));
  return undefined;
}

/** Whether there is a database of that number; if not, after an error reply. */
function isDatabase(call: Call, number: number): boolean {
  if (number >= 0 && number < call.keyspace.databaseCount) return true;
  call.reply.error(DB_OUT_OF_RANGE);
  return false;
}

/** SELECT index */
function select(call: Call): void {
  const number = parseDatabase(call, 1);
  if (number === undefined) return;
  if (number > 0 && isInRing(call)) {
    call.reply.error('ERR SELECT is not allowed in cluster mode');
    return;
  }
  call.client.select(number);
  call.reply.ok();
}

/** DBSIZE. Counts keys that have expired and were not met since. */
function dbsize(call: Call): void {
  call.reply.integer(call.db.size);
}

/** FLUSHDB [ASYNC | SYNC] */
function flushdb(call: Call): void {
  if (!parseFlush(call)) return;
  call.keyspace.flush(call.db);
  call.reply.ok();
}

/** FLUSHALL [ASYNC | SYNC] */
function flushall(call: Call): void {
  const { keyspace } = call;
  if (!parseFlush(call)) return;
  for (let number = 0; number < keyspace.databaseCount; number++) keyspace.flush(keyspace.database(number));
  call.reply.ok();
}

/** Both ways are one here: data goes at once, and memory is given back afterwards. */
function parseFlush(call: Call): boolean {
  const { args, reply } = call;
  if (args.count === 1 || (args.count === 2 && (args.is(1, 'async') || args.is(1, 'sync')))) return true;
  reply.error(SYNTAX_ERROR);
  return false;
}

/** SWAPDB index index */
function swapdb(call: Call): void {
  const { keyspace, reply } = call;
  if (isInRing(call)) {
    reply.error('ERR SWAPDB is not allowed in cluster mode');
    return;
  }
  const first = parseNumber(call, 1, 'ERR invalid first DB index');
  if (first === undefined) return;
  const second = parseNumber(call, 2, 'ERR invalid second DB index');
  if (second === undefined || !isDatabase(call, first) || !isDatabase(call, second)) return;
  if (first !== second) {
    keyspace.swap(first, second);
    // A client holds on to the database that its number stood for.
    for (const client of call.server.clients()) client.select(client.databaseNumber);
  }
  reply.ok();
}

export const databaseCommands: readonly Command[] = [
  { name: 'select', arity: 2, flags: ['loading', 'stale', 'fast'], keys: NO_KEYS, run: select },
  { name: 'dbsize', arity: 1, flags: ['readonly', 'fast'], keys: NO_KEYS, run: dbsize },
  { name: 'flushdb', arity: -1, flags: ['write'], keys: NO_KEYS, run: flushdb },
  { name: 'flushall', arity: -1, flags: ['write'], keys: NO_KEYS, run: flushall },
  { name: 'swapdb', arity: 3, flags: ['write', 'fast'], keys: NO_KEYS, run: swapdb },
];
