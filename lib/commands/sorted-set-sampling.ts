/** Sorted sets: members at random, and all of them step by step. */

import { formatDouble } from '../base/double.js';
import { membersIn } from '../data/cell-iterables.js';
import type { MemberList } from '../data/member-list.js';
import { isPackedSortedSet } from '../data/packed-limits.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { countArgument, repeatedCount } from './count-argument.js';
import { scanElements } from './element-scan.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { readSortedSet } from './lookup.js';
import { replyCurrent, replyMembersHead } from './sorted-set-scores.js';

const TWO_32 = 2 ** 32;
/** Beyond this, the items of a reply with scores could not be counted in 64 bits. */
const PAIRS_MAX = 2 ** 62;
/** Redis keeps larger scores as texts in packed sorted sets. */
const PACKED_INTEGER_MAX = 2 ** 62;

/** ZRANDMEMBER key [count [WITHSCORES]] */
function zrandmember(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) {
    replyOne(call);
    return;
  }
  const count = countArgument(call, 2);
  if (Number.isNaN(count)) return;
  const withScores = args.count > 3;
  if (args.count > 4 || (withScores && !args.is(3, 'withscores'))) reply.error(SYNTAX_ERROR);
  else if (withScores && Math.abs(count) >= PAIRS_MAX) reply.error('ERR value is out of range');
  else if (count < 0) replyAny(call, -count, withScores);
  else replyDistinct(call, count, withScores);
}

function replyOne(call: Call): void {
  const cells = readSortedSet(call, 1);
  if (cells.count === 0) call.reply.nullBulk();
  else {
    cells.seek(below(call, cells.count));
    replyCurrent(call, cells, false);
  }
}

/** Members that may come several times. */
function replyAny(call: Call, count: number, withScores: boolean): void {
  const cells = readSortedSet(call, 1);
  const size = cells.count;
  const wanted = repeatedCount(call, count, size);
  if (Number.isNaN(wanted)) return;
  replyMembersHead(call, wanted, withScores);
  for (let i = 0; i < wanted && !call.reply.isLost; i++) {
    cells.seek(below(call, size));
    replyCurrent(call, cells, withScores);
  }
}

/** Members that are all different: all of them, from the highest score on, if so many are wanted. */
function replyDistinct(call: Call, count: number, withScores: boolean): void {
  const cells = readSortedSet(call, 1);
  const size = cells.count;
  const ranks = count < size ? distinctRanks(call, count, size) : undefined;
  replyMembersHead(call, ranks?.size ?? size, withScores);
  if (ranks === undefined) {
    for (let on = cells.seek(size - 1); on; on = cells.down()) replyCurrent(call, cells, withScores);
    return;
  }
  for (const rank of ranks) {
    cells.seek(rank);
    replyCurrent(call, cells, withScores);
  }
}

/** `count` different numbers below `size`, each choice as likely as any other (R. Floyd's way). */
function distinctRanks(call: Call, count: number, size: number): Set<number> {
  const ranks = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const rank = below(call, last + 1);
    ranks.add(ranks.has(rank) ? last : rank);
  }
  return ranks;
}

/** A random whole number below `limit`. */
function below({ keyspace }: Call, limit: number): number {
  return Math.floor((keyspace.random.uint32() / TWO_32) * limit);
}

/** ZSCAN key cursor [MATCH pattern] [COUNT count] */
function zscan(call: Call): void {
  scanElements(call, readSortedSet, takeMember, replyScanned);
}

function takeMember(found: MemberList, cells: SortedCells): void {
  found.add(cells.bytes, cells.fieldStart, cells.fieldEnd, cells.score);
}

/** Scores are texts here, in RESP3 too. */
function replyScanned(call: Call, found: MemberList): void {
  const { reply } = call;
  reply.array(2 * found.count);
  for (let i = 0; i < found.count; i++) {
    reply.bulk(found.bytes, found.start(i), found.end(i));
    reply.bulkText(scoreText(call, found.score(i)));
  }
}

/** As Redis keeps it, which is an integer wherever a packed sorted set has room for one: nothing else shows that. */
function scoreText(call: Call, score: number): string {
  const text = formatDouble(score);
  const isInteger = Math.abs(score) <= PACKED_INTEGER_MAX && Number.isInteger(score);
  return isInteger && text.includes('e') && isPacked(call) ? BigInt(score).toString() : text;
}

function isPacked(call: Call): boolean {
  const cells = readSortedSet(call, 1);
  return isPackedSortedSet(membersIn(cells), cells.count, call.server.config);
}

export const sortedSetSamplingCommands: readonly Command[] = [
  { name: 'zrandmember', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: zrandmember },
  { name: 'zscan', arity: -3, flags: ['readonly'], keys: ONE_KEY, run: zscan },
];
