/** Lists: taking elements from either end, at once or when there are some. */

import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { ListCells } from '../data/list-cells.js';
import { CellType } from '../record/entry.js';
import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS, ONE_KEY } from './command.js';
import { countedKeys } from './counted-keys.js';
import { NOT_POSITIVE, SYNTAX_ERROR } from './error-texts.js';
import { fromStart } from './index-range.js';
import { integerArgument, integerAtLeast } from './integer-argument.js';
import type { ListEnd } from './list-arguments.js';
import { endArgument } from './list-arguments.js';
import { findList } from './lookup.js';
import { notify, notifyDel } from './notify.js';
import { ALL_BUT_LAST, popFromAny, popOrWait, replyKey } from './popping.js';
import { blockingTimeout } from './timeout-argument.js';

/** LPOP key [count] */
function lpop(call: Call): void {
  popOf(call, ListSide.LEFT, 'lpop');
}

/** RPOP key [count] */
function rpop(call: Call): void {
  popOf(call, ListSide.RIGHT, 'rpop');
}

function popOf(call: Call, end: ListEnd, name: string): void {
  const { args, reply } = call;
  if (args.count > 3) {
    reply.error(`ERR wrong number of arguments for '${name}' command`);
    return;
  }
  const hasCount = args.count === 3;
  const wanted = hasCount ? integerAtLeast(call, 2, 0, NOT_POSITIVE) : 1;
  if (Number.isNaN(wanted)) return;
  const cells = findList(call, 1);
  if (cells.count === 0) {
    if (hasCount) reply.nullArray();
    else reply.nullBulk();
    return;
  }
  if (!hasCount) popOne(call, cells, 1, end);
  else popMany(call, cells, 1, end, Math.min(wanted, cells.count));
}

/** Takes an element from the list in argument i, and answers with it. REQUIRES: there is one. */
function popOne(call: Call, cells: ListCells, i: number, end: ListEnd): void {
  const index = end === ListSide.LEFT ? 0 : cells.count - 1;
  cells.seekWhole(index);
  call.reply.bulk(cells.bytes, cells.start, cells.end);
  cells.remove(index, 1);
  notifyPopped(call, cells, i, end);
}

/** The same for `count` of them, of as many at least: answers with an array, from the end on. */
function popMany(call: Call, cells: ListCells, i: number, end: ListEnd, count: number): void {
  const { reply } = call;
  const isLeft = end === ListSide.LEFT;
  reply.array(count);
  if (count === 0) return;
  cells.seek(isLeft ? 0 : cells.count - 1);
  reply.bulk(cells.bytes, cells.start, cells.end);
  for (let left = count - 1; left > 0; left--) {
    if (isLeft) cells.next();
    else cells.previous();
    reply.bulk(cells.bytes, cells.start, cells.end);
  }
  cells.remove(isLeft ? 0 : cells.count - count, count);
  notifyPopped(call, cells, i, end);
}

/** Tells that elements of the list in argument i are gone, and perhaps the list with them. */
export function notifyPopped(call: Call, { count }: ListCells, i: number, end: ListEnd): void {
  notify(call, KEYSPACE_EVENT.list, end === ListSide.LEFT ? 'lpop' : 'rpop', i);
  if (count === 0) notifyDel(call, i);
}

/** LTRIM key start stop: only these elements stay. */
function ltrim(call: Call): void {
  const start = integerArgument(call, 2);
  if (Number.isNaN(start)) return;
  const stop = integerArgument(call, 3);
  if (Number.isNaN(stop)) return;
  const cells = findList(call, 1);
  call.reply.ok();
  if (cells.count === 0) return;
  const first = Math.min(fromStart(start, cells.count), cells.count);
  const end = Math.min(stop < 0 ? cells.count + stop : stop, cells.count - 1) + 1;
  if (first >= end) cells.remove(0, cells.count);
  else {
    cells.remove(end, cells.count - end);
    cells.remove(0, first);
  }
  notify(call, KEYSPACE_EVENT.list, 'ltrim', 1);
  if (cells.count === 0) notifyDel(call, 1);
}

/** BLPOP key [key ...] timeout */
function blpop(call: Call): void {
  popFromAny(call, CellType.LIST, popLeft);
}

/** BRPOP key [key ...] timeout */
function brpop(call: Call): void {
  popFromAny(call, CellType.LIST, popRight);
}

function popLeft(call: Call, i: number): boolean {
  return popWithKey(call, i, ListSide.LEFT);
}

function popRight(call: Call, i: number): boolean {
  return popWithKey(call, i, ListSide.RIGHT);
}

/** Answers with the key and an element; false if there is none. */
function popWithKey(call: Call, i: number, end: ListEnd): boolean {
  const cells = findList(call, i);
  if (cells.count === 0) return false;
  call.reply.array(2);
  replyKey(call, i);
  popOne(call, cells, i, end);
  return true;
}

/** What an LMPOP wants, and of which keys. */
interface Wish {
  readonly keys: readonly number[];
  readonly end: ListEnd;
  readonly count: number;
}

/** LMPOP count key [key ...] LEFT | RIGHT [COUNT count] */
function lmpop(call: Call): void {
  const wish = wishOf(call, 1);
  if (wish === undefined) return;
  if (!wish.keys.some((i) => popWish(call, i, wish))) call.reply.nullArray();
}

/** BLMPOP timeout count key [key ...] LEFT | RIGHT [COUNT count] */
function blmpop(call: Call): void {
  const wish = wishOf(call, 2);
  if (wish === undefined) return;
  const timeoutMs = blockingTimeout(call, 1);
  if (!Number.isNaN(timeoutMs))
    popOrWait(call, CellType.LIST, wish.keys, timeoutMs, (later, i) => popWish(later, i, wish));
}

/** What the arguments from the number of keys on say; undefined after an error reply. */
function wishOf(call: Call, keyCountArg: number): Wish | undefined {
  const { args, reply } = call;
  const keyCount = integerAtLeast(call, keyCountArg, 1, 'ERR numkeys should be greater than 0');
  if (Number.isNaN(keyCount)) return undefined;
  const endArg = keyCountArg + keyCount + 1;
  const end = endArgument(call, endArg);
  let count: number | undefined;
  let i = endArg + 1;
  if (end !== undefined && i + 1 < args.count && args.is(i, 'count')) {
    count = integerAtLeast(call, i + 1, 1, 'ERR count should be greater than 0');
    if (Number.isNaN(count)) return undefined;
    i += 2;
  }
  if (end === undefined || i < args.count) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  return { keys: countedKeys(args, keyCountArg), end, count: count ?? 1 };
}

/** Answers with the key and an array of elements; false if there are none. */
function popWish(call: Call, i: number, { end, count }: Wish): boolean {
  const cells = findList(call, i);
  if (cells.count === 0) return false;
  call.reply.array(2);
  replyKey(call, i);
  popMany(call, cells, i, end, Math.min(count, cells.count));
  return true;
}

export const listPoppingCommands: readonly Command[] = [
  {
    name: 'blmpop',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: (args) => countedKeys(args, 2),
    run: blmpop,
  },
  { name: 'blpop', arity: -3, flags: ['write', 'noscript', 'blocking'], keys: ALL_BUT_LAST, run: blpop },
  { name: 'brpop', arity: -3, flags: ['write', 'noscript', 'blocking'], keys: ALL_BUT_LAST, run: brpop },
  {
    name: 'lmpop',
    arity: -4,
    flags: ['write', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: (args) => countedKeys(args, 1),
    run: lmpop,
  },
  { name: 'lpop', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: lpop },
  { name: 'ltrim', arity: 4, flags: ['write'], keys: ONE_KEY, run: ltrim },
  { name: 'rpop', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: rpop },
];
