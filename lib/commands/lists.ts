/** Lists: adding elements at either end or in between, and reading them. */

import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { ListCells } from '../data/list-cells.js';
import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NO_SUCH_KEY, SYNTAX_ERROR } from './error-texts.js';
import { fromStart } from './index-range.js';
import { integerArgument } from './integer-argument.js';
import type { ListEnd } from './list-arguments.js';
import { findList, readList } from './lookup.js';
import { notify } from './notify.js';

/** LPUSH key element [element ...] */
function lpush(call: Call): void {
  pushAll(call, findList(call, 1), ListSide.LEFT);
}

/** RPUSH key element [element ...] */
function rpush(call: Call): void {
  pushAll(call, findList(call, 1), ListSide.RIGHT);
}

/** LPUSHX key element [element ...]: only if there is such a list. */
function lpushx(call: Call): void {
  pushToOld(call, ListSide.LEFT);
}

/** RPUSHX key element [element ...] */
function rpushx(call: Call): void {
  pushToOld(call, ListSide.RIGHT);
}

function pushToOld(call: Call, end: ListEnd): void {
  const cells = findList(call, 1);
  if (cells.count === 0) call.reply.integer(0);
  else pushAll(call, cells, end);
}

function pushAll(call: Call, cells: ListCells, end: ListEnd): void {
  const { args } = call;
  for (let i = 2; i < args.count; i++) cells.push(end, args.buffer, args.start[i], args.end[i]);
  call.reply.integer(cells.count);
  notify(call, KEYSPACE_EVENT.list, end === ListSide.LEFT ? 'lpush' : 'rpush', 1);
}

/** LINSERT key BEFORE | AFTER pivot element: -1 if there is no such pivot. */
function linsert(call: Call): void {
  const { args, reply } = call;
  const isBefore = args.is(2, 'before');
  if (!isBefore && !args.is(2, 'after')) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const cells = findList(call, 1);
  if (cells.count === 0) {
    reply.integer(0);
    return;
  }
  let isThere = cells.seek(0);
  while (isThere && !cells.equals(args.buffer, args.start[3], args.end[3])) isThere = cells.next();
  if (!isThere) {
    reply.integer(-1);
    return;
  }
  cells.insert(isBefore ? cells.index : cells.index + 1, args.buffer, args.start[4], args.end[4]);
  reply.integer(cells.count);
  notify(call, KEYSPACE_EVENT.list, 'linsert', 1);
}

/** LSET key index element */
function lset(call: Call): void {
  const { args, reply } = call;
  const cells = findList(call, 1);
  if (cells.count === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const index = indexArgument(call, cells);
  if (Number.isNaN(index)) return;
  if (!cells.seek(index)) {
    reply.error('ERR index out of range');
    return;
  }
  cells.set(index, args.buffer, args.start[3], args.end[3]);
  reply.ok();
  notify(call, KEYSPACE_EVENT.list, 'lset', 1);
}

/** LINDEX key index */
function lindex(call: Call): void {
  const { reply } = call;
  const cells = readList(call, 1);
  if (cells.count === 0) {
    reply.nullBulk();
    return;
  }
  const index = indexArgument(call, cells);
  if (Number.isNaN(index)) return;
  if (cells.seek(index)) reply.bulk(cells.bytes, cells.start, cells.end);
  else reply.nullBulk();
}

/** The index in argument 2 counted from the left, which may be none of the list; NaN after an error reply. */
function indexArgument(call: Call, { count }: ListCells): number {
  const index = integerArgument(call, 2);
  return index < 0 ? count + index : index;
}

/** LLEN key */
function llen(call: Call): void {
  call.reply.integer(readList(call, 1).count);
}

/** LRANGE key start stop */
function lrange(call: Call): void {
  const { reply } = call;
  const start = integerArgument(call, 2);
  if (Number.isNaN(start)) return;
  const stop = integerArgument(call, 3);
  if (Number.isNaN(stop)) return;
  const cells = readList(call, 1);
  const first = fromStart(start, cells.count);
  const last = Math.min(stop < 0 ? cells.count + stop : stop, cells.count - 1);
  const count = Math.max(0, last - first + 1);
  reply.array(count);
  if (cells.seek(first)) cells.writeRight(reply, count);
}

export const listCommands: readonly Command[] = [
  { name: 'lindex', arity: 3, flags: ['readonly'], keys: ONE_KEY, run: lindex },
  { name: 'linsert', arity: 5, flags: ['write', 'denyoom'], keys: ONE_KEY, run: linsert },
  { name: 'llen', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: llen },
  { name: 'lpush', arity: -3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: lpush },
  { name: 'lpushx', arity: -3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: lpushx },
  { name: 'lrange', arity: 4, flags: ['readonly'], keys: ONE_KEY, run: lrange },
  { name: 'lset', arity: 4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: lset },
  { name: 'rpush', arity: -3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: rpush },
  { name: 'rpushx', arity: -3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: rpushx },
];
