/** Fields of hashes as numbers: HINCRBY, HINCRBYFLOAT. A field's own expiry stays. */

import { parseInteger, parseInteger64, writeInteger } from '../base/integer.js';
import { formatLongDouble, parseLongDouble, sumLongDoubles } from '../base/long-double.js';
import type { FieldCells } from '../data/field-cells.js';
import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NOT_AN_INTEGER } from './error-texts.js';
import { findField } from './hashes.js';
import { findHash } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Where the digits of a new value are written. */
const digits = Buffer.alloc(32);

/** HINCRBY key field increment */
function hincrby(call: Call): void {
  const { args, reply } = call;
  const increment = parseInteger(args.buffer, args.start[3], args.end[3]);
  const long = Number.isNaN(increment) ? parseInteger64(args.buffer, args.start[3], args.end[3]) : undefined;
  if (Number.isNaN(increment) && long === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const cells = findHash(call, 1);
  const isThere = findField(call, cells, 2);
  const value = isThere ? parseInteger(cells.bytes, cells.valueStart, cells.valueEnd) : 0;
  const sum = value + increment;
  if (!Number.isSafeInteger(sum)) {
    addLong(call, cells, isThere, long ?? BigInt(increment));
    return;
  }
  putDigits(call, cells, isThere, writeInteger(sum, digits, 0));
  reply.integer(sum);
}

/** Adds to the field of the last `find` what may need all 64 bits. */
function addLong(call: Call, cells: FieldCells, isThere: boolean, increment: bigint): void {
  const { reply } = call;
  const value = isThere ? parseInteger64(cells.bytes, cells.valueStart, cells.valueEnd) : 0n;
  if (value === undefined) {
    reply.error('ERR hash value is not an integer');
    return;
  }
  const sum = value + increment;
  if (sum < INT64_MIN || sum > INT64_MAX) {
    reply.error('ERR increment or decrement would overflow');
    return;
  }
  putDigits(call, cells, isThere, digits.write(sum.toString(), 'latin1'));
  reply.bigInteger(sum);
}

/** HINCRBYFLOAT key field increment: in long doubles, as Redis does it on a PC. */
function hincrbyfloat(call: Call): void {
  const { args, reply } = call;
  const increment = parseLongDouble(args.text(3));
  if (increment === undefined) {
    reply.error('ERR value is not a valid float');
    return;
  }
  if (increment.infinite) {
    reply.error('ERR value is NaN or Infinity');
    return;
  }
  const cells = findHash(call, 1);
  const isThere = findField(call, cells, 2);
  const value = parseLongDouble(isThere ? cells.bytes.toString('latin1', cells.valueStart, cells.valueEnd) : '0');
  if (value === undefined) {
    reply.error('ERR hash value is not a float');
    return;
  }
  const sum = sumLongDoubles(value, increment);
  if (sum === undefined || sum.infinite) {
    reply.error('ERR increment would produce NaN or Infinity');
    return;
  }
  const text = Buffer.from(formatLongDouble(sum), 'latin1');
  cells.put(text, 0, text.length, isThere ? cells.expiresAtMs : NEVER);
  notify(call, KEYSPACE_EVENT.hash, 'hincrbyfloat', 1);
  reply.bulkBuffer(text);
}

/** Sets the field of the last `find` to the first `length` digits. */
function putDigits(call: Call, cells: FieldCells, isThere: boolean, length: number): void {
  cells.put(digits, 0, length, isThere ? cells.expiresAtMs : NEVER);
  notify(call, KEYSPACE_EVENT.hash, 'hincrby', 1);
}

export const hashCounterCommands: readonly Command[] = [
  { name: 'hincrby', arity: 4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hincrby },
  { name: 'hincrbyfloat', arity: 4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hincrbyfloat },
];
