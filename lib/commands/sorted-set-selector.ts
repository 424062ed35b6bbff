/**
 * Ranges of a sorted set, as arguments give them: by rank, by score, by member.
 *
 *     rank     first and last, from 0 on; negative from the end
 *     score    number | "(" number              "(" leaves it out itself; -inf, +inf
 *     member   "[" bytes | "(" bytes | "-" | "+"     from, behind, the very first, the very last; where all scores are equal
 */

import type { SortedCells } from '../data/sorted-cells.js';
import type { Args } from '../protocol/args.js';
import type { Call } from './call.js';
import { NOT_A_RANGE_OF_MEMBERS, NOT_A_RANGE_OF_SCORES } from './error-texts.js';
import { integerArgument } from './integer-argument.js';
import { parseLooseScore } from './sorted-set-scores.js';

const PARENTHESIS = 0x28;
const BRACKET = 0x5b;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** Ranks from `first` up to, but not, `end`; none if that is not above. Counted from the lowest score. */
export interface RankRange {
  readonly first: number;
  readonly end: number;
}

export interface ScoreBound {
  readonly score: number;
  readonly isExclusive: boolean;
}

/** The bytes are those of an argument from `start` on. */
export interface MemberBound {
  readonly kind: 'least' | 'most' | 'member';
  readonly arg: number;
  readonly isExclusive: boolean;
}

export type Selector =
  | { readonly kind: 'rank'; readonly first: number; readonly last: number; readonly isReverse: boolean }
  | { readonly kind: 'score'; readonly min: ScoreBound; readonly max: ScoreBound }
  | { readonly kind: 'member'; readonly min: MemberBound; readonly max: MemberBound };

/** What selects by rank; undefined after an error reply. `isReverse`: ranks count from the highest score. */
export function rankSelector(call: Call, firstArg: number, lastArg: number, isReverse: boolean): Selector | undefined {
  const first = integerArgument(call, firstArg);
  if (Number.isNaN(first)) return undefined;
  const last = integerArgument(call, lastArg);
  return Number.isNaN(last) ? undefined : { kind: 'rank', first, last, isReverse };
}

/** What selects by score; undefined after an error reply. */
export function scoreSelector(call: Call, minArg: number, maxArg: number): Selector | undefined {
  const min = scoreBound(call.args, minArg);
  const max = scoreBound(call.args, maxArg);
  if (min !== undefined && max !== undefined) return { kind: 'score', min, max };
  call.reply.error(NOT_A_RANGE_OF_SCORES);
  return undefined;
}

/** What selects by member; undefined after an error reply. */
export function memberSelector(call: Call, minArg: number, maxArg: number): Selector | undefined {
  const min = memberBound(call.args, minArg);
  const max = memberBound(call.args, maxArg);
  if (min !== undefined && max !== undefined) return { kind: 'member', min, max };
  call.reply.error(NOT_A_RANGE_OF_MEMBERS);
  return undefined;
}

/** The ranks that a selector means in a sorted set. */
export function ranksOf(args: Args, selector: Selector, cells: SortedCells): RankRange {
  const { count } = cells;
  if (selector.kind === 'rank') return ranksBetween(selector.first, selector.last, selector.isReverse, count);
  if (count === 0) return { first: 0, end: 0 };
  if (selector.kind === 'score') {
    const { min, max } = selector;
    const first = cells.rankOfScore(min.score, min.isExclusive);
    return { first, end: cells.rankOfScore(max.score, !max.isExclusive) };
  }
  const { min, max } = selector;
  const first = rankOfBound(args, cells, min, min.isExclusive);
  return { first, end: rankOfBound(args, cells, max, !max.isExclusive) };
}

/** How many ranks are in a range. */
export function lengthOf({ first, end }: RankRange): number {
  return Math.max(0, end - first);
}

function ranksBetween(first: number, last: number, isReverse: boolean, count: number): RankRange {
  const from = Math.max(0, first < 0 ? first + count : first);
  const to = Math.min(count - 1, last < 0 ? last + count : last);
  if (from > to) return { first: 0, end: 0 };
  return isReverse ? { first: count - 1 - to, end: count - from } : { first: from, end: to + 1 };
}

function rankOfBound(args: Args, cells: SortedCells, { kind, arg }: MemberBound, inclusive: boolean): number {
  if (kind === 'least') return 0;
  if (kind === 'most') return cells.count;
  return cells.rankOfMember(args.buffer, args.start[arg] + 1, args.end[arg], inclusive);
}

function scoreBound(args: Args, i: number): ScoreBound | undefined {
  const text = args.text(i);
  const isExclusive = text.startsWith('(');
  const score = parseLooseScore(isExclusive ? text.slice(1) : text);
  return Number.isNaN(score) ? undefined : { score, isExclusive };
}

function memberBound(args: Args, arg: number): MemberBound | undefined {
  const length = args.lengthOf(arg);
  if (length === 0) return undefined;
  const first = args.buffer[args.start[arg]];
  if (first === PARENTHESIS || first === BRACKET) return { kind: 'member', arg, isExclusive: first === PARENTHESIS };
  // Redis takes a NUL behind the sign for its end.
  const isAlone = length === 1 || args.buffer[args.start[arg] + 1] === 0;
  if (isAlone && first === MINUS) return { kind: 'least', arg, isExclusive: false };
  if (isAlone && first === PLUS) return { kind: 'most', arg, isExclusive: false };
  return undefined;
}
