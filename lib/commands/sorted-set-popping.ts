/** Sorted sets: taking members from either end, at once or when there are some. */

import type { SortedCells } from '../data/sorted-cells.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS, ONE_KEY } from './command.js';
import { countedKeys } from './counted-keys.js';
import { NOT_POSITIVE, SYNTAX_ERROR } from './error-texts.js';
import { integerAtLeast } from './integer-argument.js';
import { findSortedSet } from './lookup.js';
import { ALL_BUT_LAST, popFromAny, popOrWait, replyKey } from './popping.js';
import { notifyRemoved } from './sorted-set-store.js';
import { blockingTimeout } from './timeout-argument.js';

type Where = 'min' | 'max';

/** ZPOPMIN key [count] */
function zpopmin(call: Call): void {
  popOf(call, 'min');
}

/** ZPOPMAX key [count] */
function zpopmax(call: Call): void {
  popOf(call, 'max');
}

function popOf(call: Call, where: Where): void {
  const { args, reply } = call;
  if (args.count > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const hasCount = args.count === 3;
  const wanted = hasCount ? integerAtLeast(call, 2, 0, NOT_POSITIVE) : 1;
  if (Number.isNaN(wanted)) return;
  const cells = findSortedSet(call, 1);
  const count = Math.min(wanted, cells.count);
  const isNested = hasCount && reply.resp === 3;
  reply.array(isNested ? count : 2 * count);
  popMembers(call, cells, 1, where, count, isNested);
}

/** Takes `count` members, of as many at least, from one end of the sorted set in argument i, and answers with each. */
function popMembers(call: Call, cells: SortedCells, i: number, where: Where, count: number, isNested: boolean): void {
  for (let left = count; left > 0; left--) {
    cells.seek(where === 'min' ? 0 : cells.count - 1);
    if (isNested) call.reply.array(2);
    call.reply.bulk(cells.bytes, cells.fieldStart, cells.fieldEnd);
    call.reply.double(cells.score);
    cells.removeCurrent();
  }
  if (count > 0) notifyRemoved(call, cells, where === 'min' ? 'zpopmin' : 'zpopmax', i);
}

/** BZPOPMIN key [key ...] timeout */
function bzpopmin(call: Call): void {
  popFromAny(call, CellType.SORTED_SET, popLowest);
}

/** BZPOPMAX key [key ...] timeout */
function bzpopmax(call: Call): void {
  popFromAny(call, CellType.SORTED_SET, popHighest);
}

function popLowest(call: Call, i: number): boolean {
  return popOne(call, i, 'min');
}

function popHighest(call: Call, i: number): boolean {
  return popOne(call, i, 'max');
}

/** Answers with the key, the member and its score; false if there is none. */
function popOne(call: Call, i: number, where: Where): boolean {
  const cells = findSortedSet(call, i);
  if (cells.count === 0) return false;
  call.reply.array(3);
  replyKey(call, i);
  popMembers(call, cells, i, where, 1, false);
  return true;
}

/** Which members a ZMPOP wants, and of which keys. */
interface Wish {
  readonly keys: readonly number[];
  readonly where: Where;
  readonly count: number;
}

/** ZMPOP count key [key ...] MIN | MAX [COUNT count] */
function zmpop(call: Call): void {
  const wish = wishOf(call, 1);
  if (wish === undefined) return;
  if (!wish.keys.some((i) => popMany(call, i, wish))) call.reply.nullArray();
}

/** BZMPOP timeout count key [key ...] MIN | MAX [COUNT count] */
function bzmpop(call: Call): void {
  const wish = wishOf(call, 2);
  if (wish === undefined) return;
  const timeoutMs = blockingTimeout(call, 1);
  if (!Number.isNaN(timeoutMs))
    popOrWait(call, CellType.SORTED_SET, wish.keys, timeoutMs, (later, i) => popMany(later, i, wish));
}

/** What the arguments from the number of keys on say; undefined after an error reply. */
function wishOf(call: Call, countArg: number): Wish | undefined {
  const { args, reply } = call;
  const keyCount = integerAtLeast(call, countArg, 1, 'ERR numkeys should be greater than 0');
  if (Number.isNaN(keyCount)) return undefined;
  const whereArg = countArg + keyCount + 1;
  const isMin = whereArg < args.count && args.is(whereArg, 'min');
  const isMax = whereArg < args.count && args.is(whereArg, 'max');
  const hasCount = (isMin || isMax) && whereArg + 2 < args.count && args.is(whereArg + 1, 'count');
  // What is wrong with it is said before what may be wrong behind it.
  const count = hasCount ? integerAtLeast(call, whereArg + 2, 1, 'ERR count should be greater than 0') : 1;
  if (Number.isNaN(count)) return undefined;
  if (!(isMin || isMax) || args.count !== whereArg + (hasCount ? 3 : 1)) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  return { keys: countedKeys(args, countArg), where: isMin ? 'min' : 'max', count };
}

/** Answers with the key and an array of members with scores; false if there are none. */
function popMany(call: Call, i: number, wish: Wish): boolean {
  const cells = findSortedSet(call, i);
  const count = Math.min(wish.count, cells.count);
  if (count === 0) return false;
  call.reply.array(2);
  replyKey(call, i);
  call.reply.array(count);
  popMembers(call, cells, i, wish.where, count, true);
  return true;
}

export const sortedSetPoppingCommands: readonly Command[] = [
  {
    name: 'bzmpop',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: (args) => countedKeys(args, 2),
    run: bzmpop,
  },
  {
    name: 'bzpopmax',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    keys: ALL_BUT_LAST,
    run: bzpopmax,
  },
  {
    name: 'bzpopmin',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    keys: ALL_BUT_LAST,
    run: bzpopmin,
  },
  {
    name: 'zmpop',
    arity: -4,
    flags: ['write', 'movablekeys'],
    keys: NO_KEYS,
    keysOf: (args) => countedKeys(args, 1),
    run: zmpop,
  },
  { name: 'zpopmax', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: zpopmax },
  { name: 'zpopmin', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: zpopmin },
];
