/** Sorted sets: adding members, scores, ranks. */

import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NOT_A_FLOAT, SYNTAX_ERROR } from './error-texts.js';
import { findSortedSet, readSortedSet } from './lookup.js';
import { notify } from './notify.js';
import { parseScore } from './sorted-set-scores.js';

const NOT_A_NUMBER = 'ERR resulting score is not a number (NaN)';
/** Room for the scores of one request that is kept. */
const KEPT_SCORES = 1024;

/** The scores of the request that is run. */
let scores = new Float64Array(KEPT_SCORES);

export interface AddOptions {
  /** Only members that are not there (NX), or that are (XX). */
  onlyNew: boolean;
  onlyOld: boolean;
  /** Only to a higher score (GT), or to a lower one (LT). */
  onlyUp: boolean;
  onlyDown: boolean;
  /** Answers with how many members are changed, not with how many are new. */
  countsChanged: boolean;
  /** Adds to the score. */
  isIncrement: boolean;
}

/** What has become of a member: it stayed as it is, because of an option or for nothing is to change; its score changed; it is new. */
const SKIPPED = 0;
const SAME = 1;
const CHANGED = 2;
const ADDED = 3;
const NO_NUMBER = 4;

/** ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...] */
function zadd(call: Call): void {
  const options = { ...NO_OPTIONS };
  const first = readOptions(call, options);
  const count = (call.args.count - first) / 2;
  const fault = faultOf(options, count);
  if (fault !== undefined) call.reply.error(fault);
  else addPairs(call, options, first, count);
}

/** ZINCRBY key increment member. To Redis it is a ZADD, whose options leave it without an increment. */
function zincrby(call: Call): void {
  const options = { ...NO_OPTIONS, isIncrement: true };
  if (readOptions(call, options) > 2) call.reply.error(SYNTAX_ERROR);
  else addPairs(call, options, 2, 1);
}

export const NO_OPTIONS: AddOptions = {
  onlyNew: false,
  onlyOld: false,
  onlyUp: false,
  onlyDown: false,
  countsChanged: false,
  isIncrement: false,
};

/** Reads the options into `options`; returns the index of what is behind them. */
function readOptions({ args }: Call, options: AddOptions): number {
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'nx')) options.onlyNew = true;
    else if (args.is(i, 'xx')) options.onlyOld = true;
    else if (args.is(i, 'ch')) options.countsChanged = true;
    else if (args.is(i, 'incr')) options.isIncrement = true;
    else if (args.is(i, 'gt')) options.onlyUp = true;
    else if (args.is(i, 'lt')) options.onlyDown = true;
    else return i;
  }
  return args.count;
}

/** What is wrong with options and `count` pairs behind them. */
function faultOf(options: AddOptions, count: number): string | undefined {
  const { onlyNew, onlyOld, onlyUp, onlyDown, isIncrement } = options;
  if (count === 0 || !Number.isInteger(count)) return SYNTAX_ERROR;
  if (onlyNew && onlyOld) return 'ERR XX and NX options at the same time are not compatible';
  if (Number(onlyNew) + Number(onlyUp) + Number(onlyDown) > 1) {
    return 'ERR GT, LT, and/or NX options at the same time are not compatible';
  }
  if (isIncrement && count > 1) return 'ERR INCR option supports a single increment-element pair';
  return undefined;
}

/** Adds `count` pairs of a score and a member, from argument `first` on. */
function addPairs(call: Call, options: AddOptions, first: number, count: number): void {
  if (!readScores(call, first, count)) return;
  addMembers(call, options, scores, count, first + 1, 2);
  if (scores.length > KEPT_SCORES) scores = new Float64Array(KEPT_SCORES);
}

/** Adds `count` members with these scores, which are the arguments from `first` on, in steps of `step`; and answers. */
export function addMembers(
  call: Call,
  options: AddOptions,
  given: Float64Array,
  count: number,
  first: number,
  step: number,
): void {
  const { reply } = call;
  const cells = findSortedSet(call, 1);
  let added = 0;
  let changed = 0;
  let last = SKIPPED;
  for (let j = 0; j < count && last !== NO_NUMBER; j++) {
    last = addMember(call, cells, first + step * j, given[j], options);
    if (last === ADDED) added++;
    else if (last === CHANGED) changed++;
  }
  if (last === NO_NUMBER) reply.error(NOT_A_NUMBER);
  else if (!options.isIncrement) reply.integer(options.countsChanged ? added + changed : added);
  else if (last === SKIPPED) reply.nullBulk();
  else reply.double(resulting);
  if (added + changed > 0) notify(call, KEYSPACE_EVENT.sortedSet, options.isIncrement ? 'zincr' : 'zadd', 1);
}

/** Reads all scores before anything is changed; false after an error reply. */
function readScores(call: Call, firstArg: number, count: number): boolean {
  if (count > scores.length) scores = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const score = parseScore(call.args, firstArg + 2 * j);
    if (Number.isNaN(score)) {
      call.reply.error(NOT_A_FLOAT);
      return false;
    }
    scores[j] = score;
  }
  return true;
}

/** The score that the last `addMember` was about: INCR answers with it. */
let resulting = 0;

function addMember(call: Call, cells: SortedCells, i: number, given: number, options: AddOptions): number {
  const { buffer, start, end } = call.args;
  resulting = given;
  if (!cells.find(buffer, start[i], end[i])) {
    if (options.onlyOld) return SKIPPED;
    cells.putScore(given);
    return ADDED;
  }
  if (options.onlyNew) return SKIPPED;
  const { score } = cells;
  if (options.isIncrement) resulting = score + given;
  if (Number.isNaN(resulting)) return NO_NUMBER;
  if ((options.onlyUp && resulting <= score) || (options.onlyDown && resulting >= score)) return SKIPPED;
  if (resulting === score) return SAME;
  cells.putScore(resulting);
  return CHANGED;
}

/** ZCARD key */
function zcard(call: Call): void {
  call.reply.integer(readSortedSet(call, 1).count);
}

/** ZSCORE key member */
function zscore(call: Call): void {
  const { args, reply } = call;
  const cells = readSortedSet(call, 1);
  if (cells.find(args.buffer, args.start[2], args.end[2])) reply.double(cells.score);
  else reply.nullBulk();
}

/** ZMSCORE key member [member ...] */
function zmscore(call: Call): void {
  const { args, reply } = call;
  const cells = readSortedSet(call, 1);
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (cells.find(args.buffer, args.start[i], args.end[i])) reply.double(cells.score);
    else reply.nullBulk();
  }
}

/** ZRANK key member */
function zrank(call: Call): void {
  replyRank(call, false);
}

/** ZREVRANK key member */
function zrevrank(call: Call): void {
  replyRank(call, true);
}

function replyRank(call: Call, isReverse: boolean): void {
  const { args, reply } = call;
  const cells = readSortedSet(call, 1);
  if (!cells.find(args.buffer, args.start[2], args.end[2])) reply.nullBulk();
  else reply.integer(isReverse ? cells.count - 1 - cells.rank : cells.rank);
}

export const sortedSetCommands: readonly Command[] = [
  { name: 'zadd', arity: -4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: zadd },
  { name: 'zcard', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zcard },
  { name: 'zincrby', arity: 4, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: zincrby },
  { name: 'zmscore', arity: -3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zmscore },
  { name: 'zrank', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zrank },
  { name: 'zrevrank', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zrevrank },
  { name: 'zscore', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: zscore },
];
