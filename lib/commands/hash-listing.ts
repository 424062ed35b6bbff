/** Hashes as wholes, and fields at random: HGETALL, HSCAN, HRANDFIELD and their kin. */

import type { FieldCells } from '../data/field-cells.js';
import type { MemberList } from '../data/member-list.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { countArgument, repeatedCount } from './count-argument.js';
import { scanElements } from './element-scan.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { replyFieldName, replyValue } from './hashes.js';
import { readHash } from './lookup.js';

/** Beyond this, the items of a reply with values could not be counted in 64 bits. */
const PAIRS_MAX = 2 ** 62;

/** HGETALL key */
function hgetall(call: Call): void {
  const cells = readHash(call, 1);
  call.reply.map(cells.count);
  cells.rewind();
  while (cells.next()) replyPair(call, cells);
}

/** HKEYS key */
function hkeys(call: Call): void {
  replyAll(call, replyFieldName);
}

/** HVALS key */
function hvals(call: Call): void {
  replyAll(call, replyValue);
}

function replyAll(call: Call, reply: (call: Call, cells: FieldCells) => void): void {
  const cells = readHash(call, 1);
  call.reply.array(cells.count);
  cells.rewind();
  while (cells.next()) reply(call, cells);
}

/** HRANDFIELD key [count [WITHVALUES]]: a negative count takes fields that may come several times. */
function hrandfield(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) {
    const cells = readHash(call, 1);
    if (cells.pick()) replyFieldName(call, cells);
    else reply.nullBulk();
    return;
  }
  const count = countArgument(call, 2);
  if (Number.isNaN(count)) return;
  const withValues = args.count > 3;
  if (args.count > 4 || (withValues && !args.is(3, 'withvalues'))) reply.error(SYNTAX_ERROR);
  else if (withValues && Math.abs(count) >= PAIRS_MAX) reply.error('ERR value is out of range');
  else if (count < 0) replyAny(call, -count, withValues);
  else replyDistinct(call, count, withValues);
}

function replyAny(call: Call, count: number, withValues: boolean): void {
  const cells = readHash(call, 1);
  const wanted = repeatedCount(call, count, cells.count);
  if (Number.isNaN(wanted)) return;
  replyHead(call, wanted, withValues);
  for (let i = 0; i < wanted && cells.pick() && !call.reply.isLost; i++) replyPicked(call, cells, withValues);
}

function replyDistinct(call: Call, count: number, withValues: boolean): void {
  const cells = readHash(call, 1);
  const wanted = Math.min(count, cells.count);
  replyHead(call, wanted, withValues);
  cells.pickSome(wanted, () => {
    replyPicked(call, cells, withValues);
  });
}

/** Fields and values alternate in RESP2, and come in pairs in RESP3. */
function replyHead({ reply }: Call, count: number, withValues: boolean): void {
  reply.array(withValues && reply.resp === 2 ? 2 * count : count);
}

function replyPicked(call: Call, cells: FieldCells, withValues: boolean): void {
  if (!withValues) {
    replyFieldName(call, cells);
    return;
  }
  if (call.reply.resp !== 2) call.reply.array(2);
  replyPair(call, cells);
}

function replyPair(call: Call, cells: FieldCells): void {
  replyFieldName(call, cells);
  replyValue(call, cells);
}

/** HSCAN key cursor [MATCH pattern] [COUNT count] */
function hscan(call: Call): void {
  scanElements(call, readHash, takePair, replyScanned);
}

function takePair(found: MemberList, { bytes, fieldStart, fieldEnd, valueStart, valueEnd }: FieldCells): void {
  found.add(bytes, fieldStart, fieldEnd, 0);
  found.add(bytes, valueStart, valueEnd, 0);
}

/** Answers with all that was found, as it is. */
export function replyScanned({ reply }: Call, found: MemberList): void {
  reply.array(found.count);
  for (let i = 0; i < found.count; i++) reply.bulk(found.bytes, found.start(i), found.end(i));
}

export const hashListingCommands: readonly Command[] = [
  { name: 'hgetall', arity: 2, flags: ['readonly'], keys: ONE_KEY, run: hgetall },
  { name: 'hkeys', arity: 2, flags: ['readonly'], keys: ONE_KEY, run: hkeys },
  { name: 'hvals', arity: 2, flags: ['readonly'], keys: ONE_KEY, run: hvals },
  { name: 'hrandfield', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: hrandfield },
  { name: 'hscan', arity: -3, flags: ['readonly'], keys: ONE_KEY, run: hscan },
];
