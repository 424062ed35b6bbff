/** Scores as arguments and replies, and members with scores as replies. */

import { parseDouble } from '../base/double.js';
import { isDecimalText } from '../base/float-text.js';
import { parseInteger } from '../base/integer.js';
import type { SortedCells } from '../data/sorted-cells.js';
import type { Args } from '../protocol/args.js';
import type { Call } from './call.js';
import { NOT_A_FLOAT } from './error-texts.js';

/** What C takes for spaces in front of a number. */
const SPACES = /^[ \t\n\v\f\r]+/;

/** The number in argument i; NaN if it is none. */
export function parseScore(args: Args, i: number): number {
  const integer = parseInteger(args.buffer, args.start[i], args.end[i]);
  return Number.isNaN(integer) ? parseDouble(args.text(i)) : integer;
}

/** The same; NaN after an error reply. */
export function scoreArgument(call: Call, i: number, refusal = NOT_A_FLOAT): number {
  const score = parseScore(call.args, i);
  if (Number.isNaN(score)) call.reply.error(refusal);
  return score;
}

/**
 * A bound of scores as C's strtod reads it: spaces in front, nothing from a zero byte on, and beyond the largest double,
 * infinity. NaN if it is none.
 */
export function parseLooseScore(text: string): number {
  const end = text.indexOf('\0');
  const string = end === -1 ? text : text.slice(0, end);
  if (string === '') return 0;
  const number = string.replace(SPACES, '');
  return isDecimalText(number) ? Number(number) : parseDouble(number);
}

/** Begins a reply of `count` members, with their scores or not: one `replyMember` each follows. */
export function replyMembersHead({ reply }: Call, count: number, withScores: boolean): void {
  reply.array(withScores && reply.resp === 2 ? count * 2 : count);
}

/** A member, and its score if it is wanted: both in an array of their own in RESP3. */
export function replyMember(
  { reply }: Call,
  bytes: Uint8Array,
  start: number,
  end: number,
  score: number,
  withScores: boolean,
): void {
  if (withScores && reply.resp === 3) reply.array(2);
  reply.bulk(bytes, start, end);
  if (withScores) reply.double(score);
}

/** The member that `cells` stand on. */
export function replyCurrent(call: Call, cells: SortedCells, withScores: boolean): void {
  replyMember(call, cells.bytes, cells.fieldStart, cells.fieldEnd, withScores ? cells.score : 0, withScores);
}
