/** Hashes, field by field: HSET, HGET and their kin. */

import type { FieldCells } from '../data/field-cells.js';
import type { FieldReader } from '../data/field-reader.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { findHash, readHash } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';

/** HSET key field value [field value ...] */
function hset(call: Call): void {
  const created = setPairs(call, 'hset');
  if (!Number.isNaN(created)) call.reply.integer(created);
}

/** HMSET key field value [field value ...] */
function hmset(call: Call): void {
  if (!Number.isNaN(setPairs(call, 'hmset'))) call.reply.ok();
}

/** Sets the fields of all pairs; returns how many of them are new, NaN after an error reply. */
function setPairs(call: Call, command: string): number {
  const { args } = call;
  const { count } = args;
  if (count % 2 === 1) {
    call.reply.error(`ERR wrong number of arguments for '${command}' command`);
    return NaN;
  }
  const cells = findHash(call, 1);
  let created = 0;
  for (let i = 2; i < count; i += 2) {
    if (!cells.find(args.buffer, args.start[i], args.end[i])) created++;
    cells.put(args.buffer, args.start[i + 1], args.end[i + 1]);
  }
  notify(call, KEYSPACE_EVENT.hash, 'hset', 1);
  return created;
}

/** HSETNX key field value: only if the field is not there. */
function hsetnx(call: Call): void {
  const { args } = call;
  const cells = findHash(call, 1);
  const isNew = !findField(call, cells, 2);
  if (isNew) {
    cells.put(args.buffer, args.start[3], args.end[3]);
    notify(call, KEYSPACE_EVENT.hash, 'hset', 1);
  }
  call.reply.integer(isNew ? 1 : 0);
}

/** HGET key field */
function hget(call: Call): void {
  replyField(call, readHash(call, 1), 2);
}

/** HMGET key field [field ...] */
function hmget(call: Call): void {
  const { count } = call.args;
  const cells = readHash(call, 1);
  call.reply.array(count - 2);
  for (let i = 2; i < count; i++) replyField(call, cells, i);
}

/** HLEN key */
function hlen(call: Call): void {
  call.reply.integer(readHash(call, 1).count);
}

/** HSTRLEN key field */
function hstrlen(call: Call): void {
  const cells = readHash(call, 1);
  call.reply.integer(findField(call, cells, 2) ? cells.valueEnd - cells.valueStart : 0);
}

/** HEXISTS key field */
function hexists(call: Call): void {
  call.reply.integer(findField(call, readHash(call, 1), 2) ? 1 : 0);
}

/** HDEL key field [field ...] */
function hdel(call: Call): void {
  const { count } = call.args;
  const cells = findHash(call, 1);
  let removed = 0;
  for (let i = 2; i < count && cells.count > 0; i++) {
    if (!findField(call, cells, i)) continue;
    cells.remove();
    removed++;
  }
  if (removed > 0) notifyRemoval(call, cells, KEYSPACE_EVENT.hash, 'hdel', 1);
  call.reply.integer(removed);
}

/** Stands on the cell of the field in argument i; false if there is none. */
export function findField({ args }: Call, cells: FieldReader, i: number): boolean {
  return cells.find(args.buffer, args.start[i], args.end[i]);
}

/** Answers with the value of the field in argument i. */
function replyField(call: Call, cells: FieldReader, i: number): void {
  if (findField(call, cells, i)) replyValue(call, cells);
  else call.reply.nullBulk();
}

/** Answers with the field that the cells stand on. */
export function replyFieldName({ reply }: Call, { bytes, fieldStart, fieldEnd }: FieldReader): void {
  reply.bulk(bytes, fieldStart, fieldEnd);
}

/** Answers with the value that the cells stand on. */
export function replyValue({ reply }: Call, { bytes, valueStart, valueEnd }: FieldReader): void {
  reply.bulk(bytes, valueStart, valueEnd);
}

/** Elements were removed from the collection at the key in argument i: with the last one, the key is gone. */
export function notifyRemoval(call: Call, cells: FieldCells, eventClass: number, event: string, i: number): void {
  notify(call, eventClass, event, i);
  if (cells.count === 0) notifyDel(call, i);
}

export const hashCommands: readonly Command[] = [
  { name: 'hset', arity: -4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hset },
  { name: 'hsetnx', arity: 4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hsetnx },
  { name: 'hmset', arity: -4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: hmset },
  { name: 'hget', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hget },
  { name: 'hmget', arity: -3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hmget },
  { name: 'hlen', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hlen },
  { name: 'hstrlen', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hstrlen },
  { name: 'hexists', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: hexists },
  { name: 'hdel', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: hdel },
];
