/** Sorted sets: reading and storing ranges by rank, score and member. */

import { MemberList } from '../data/member-list.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY, TWO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { readSortedSet } from './lookup.js';
import { replyCurrent, replyMembersHead } from './sorted-set-scores.js';
import type { RankRange, Selector } from './sorted-set-selector.js';
import { lengthOf, memberSelector, rankSelector, ranksOf, scoreSelector } from './sorted-set-selector.js';
import { storeMembers } from './sorted-set-store.js';

/** By what a range selects; `any`: as its options say. */
type By = 'any' | Selector['kind'];

interface RangeOptions {
  by: Selector['kind'];
  isReverse: boolean;
  withScores: boolean;
  /** Of what the range selects, so many are left out, and at most so many are wanted; negative: all. */
  offset: number;
  limit: number;
}

/** Of the request that is run: one for all. */
const options: RangeOptions = { by: 'rank', isReverse: false, withScores: false, offset: 0, limit: -1 };

/** ZRANGE key first last [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES] */
function zrange(call: Call): void {
  readRange(call, 'any', false);
}

/** ZREVRANGE key first last [WITHSCORES] */
function zrevrange(call: Call): void {
  readRange(call, 'rank', true);
}

/** ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count] */
function zrangebyscore(call: Call): void {
  readRange(call, 'score', false);
}

/** ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count] */
function zrevrangebyscore(call: Call): void {
  readRange(call, 'score', true);
}

/** ZRANGEBYLEX key min max [LIMIT offset count] */
function zrangebylex(call: Call): void {
  readRange(call, 'member', false);
}

/** ZREVRANGEBYLEX key max min [LIMIT offset count] */
function zrevrangebylex(call: Call): void {
  readRange(call, 'member', true);
}

/** ZRANGESTORE destination source first last [BYSCORE | BYLEX] [REV] [LIMIT offset count] */
function zrangestore(call: Call): void {
  if (!readOptions(call, 5, 'any', false, true)) return;
  const selector = selectorOf(call, 3, options);
  if (selector === undefined) return;
  const cells = readSortedSet(call, 2);
  const range = limited(ranksOf(call.args, selector, cells), options);
  const members = new MemberList(lengthOf(range));
  let left = lengthOf(range);
  for (let on = cells.seek(range.first); on && left > 0; on = cells.up(), left--) {
    members.add(cells.bytes, cells.fieldStart, cells.fieldEnd, cells.score);
  }
  storeMembers(call, 1, members, 'zrangestore');
  call.reply.integer(members.count);
}

/** ZCOUNT key min max */
function zcount(call: Call): void {
  replyCount(call, scoreSelector(call, 2, 3));
}

/** ZLEXCOUNT key min max */
function zlexcount(call: Call): void {
  replyCount(call, memberSelector(call, 2, 3));
}

function replyCount(call: Call, selector: Selector | undefined): void {
  if (selector === undefined) return;
  call.reply.integer(lengthOf(ranksOf(call.args, selector, readSortedSet(call, 1))));
}

function readRange(call: Call, by: By, isReverse: boolean): void {
  if (!readOptions(call, 4, by, isReverse, false)) return;
  const selector = selectorOf(call, 2, options);
  if (selector === undefined) return;
  const cells = readSortedSet(call, 1);
  replyRange(call, cells, limited(ranksOf(call.args, selector, cells), options), options);
}

/** Answers with the members of a range. */
function replyRange(call: Call, cells: SortedCells, range: RankRange, { isReverse, withScores }: RangeOptions): void {
  const length = lengthOf(range);
  replyMembersHead(call, length, withScores);
  if (length === 0) return;
  cells.seek(isReverse ? range.end - 1 : range.first);
  if (!isReverse && !withScores) {
    cells.writeUp(call.reply, length);
    return;
  }
  for (let left = length; ;) {
    replyCurrent(call, cells, withScores);
    if (--left === 0) return;
    if (isReverse) cells.down();
    else cells.up();
  }
}

/** Reads the options from argument `first` on into `options`; false after an error reply. */
function readOptions(call: Call, first: number, by: By, isReverse: boolean, stores: boolean): boolean {
  const { args, reply } = call;
  let kind = by;
  options.isReverse = isReverse;
  options.withScores = false;
  options.offset = 0;
  options.limit = -1;
  for (let i = first; i < args.count; i++) {
    if (!stores && args.is(i, 'withscores')) options.withScores = true;
    else if (args.is(i, 'limit') && i + 2 < args.count) {
      options.offset = integerArgument(call, i + 1);
      if (Number.isNaN(options.offset)) return false;
      options.limit = integerArgument(call, i + 2);
      if (Number.isNaN(options.limit)) return false;
      i += 2;
    } else if (by === 'any' && !options.isReverse && args.is(i, 'rev')) options.isReverse = true;
    else if (kind === 'any' && args.is(i, 'bylex')) kind = 'member';
    else if (kind === 'any' && args.is(i, 'byscore')) kind = 'score';
    else {
      reply.error(SYNTAX_ERROR);
      return false;
    }
  }
  options.by = kind === 'any' ? 'rank' : kind;
  return !hasConflict(call);
}

/** Whether the options do not go together; then an error was answered. */
function hasConflict({ reply }: Call): boolean {
  if (options.limit !== -1 && options.by === 'rank') {
    reply.error(`${SYNTAX_ERROR}, LIMIT is only supported in combination with either BYSCORE or BYLEX`);
  } else if (options.withScores && options.by === 'member') {
    reply.error(`${SYNTAX_ERROR}, WITHSCORES not supported in combination with BYLEX`);
  } else return false;
  return true;
}

/** What the two arguments from `first` on select; undefined after an error reply. Backwards, the upper bound comes first. */
function selectorOf(call: Call, first: number, { by, isReverse }: RangeOptions): Selector | undefined {
  if (by === 'rank') return rankSelector(call, first, first + 1, isReverse);
  const min = isReverse ? first + 1 : first;
  const max = isReverse ? first : first + 1;
  return by === 'score' ? scoreSelector(call, min, max) : memberSelector(call, min, max);
}

/** The part of a range that LIMIT leaves, counted from where it is read. */
function limited({ first, end }: RankRange, { by, isReverse, offset, limit }: RangeOptions): RankRange {
  if (by === 'rank') return { first, end };
  const length = Math.max(0, end - first);
  if (offset < 0 || offset >= length) return { first: 0, end: 0 };
  const wanted = limit < 0 ? length - offset : Math.min(limit, length - offset);
  return isReverse
    ? { first: end - offset - wanted, end: end - offset }
    : { first: first + offset, end: first + offset + wanted };
}

export const sortedSetRangeCommands: readonly Command[] = [
  { name: 'zcount', arity: 4, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zcount },
  { name: 'zlexcount', arity: 4, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zlexcount },
  { name: 'zrange', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrange },
  { name: 'zrangebylex', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrangebylex },
  { name: 'zrangebyscore', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrangebyscore },
  { name: 'zrangestore', arity: -5, flags: ['write', 'denyoom'], keys: TWO_KEYS, run: zrangestore },
  { name: 'zrevrange', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrevrange },
  { name: 'zrevrangebylex', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrevrangebylex },
  { name: 'zrevrangebyscore', arity: -4, flags: ['readonly'], keys: ONE_KEY, run: zrevrangebyscore },
];
