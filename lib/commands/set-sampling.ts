/** Members of sets at random: SPOP, SRANDMEMBER. */

import { MemberList } from '../data/member-list.js';
import type { FieldCells } from '../data/field-cells.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { countArgument, repeatedCount } from './count-argument.js';
import { NOT_POSITIVE, SYNTAX_ERROR } from './error-texts.js';
import { replyMembers } from './set-replies.js';
import { notifyRemoval, replyFieldName } from './hashes.js';
import { integerArgument } from './integer-argument.js';
import { findSet, readSet } from './lookup.js';
import { KEYSPACE_EVENT } from './notify.js';

/** SPOP key [count] */
function spop(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) popOne(call);
  else if (args.count > 3) reply.error(SYNTAX_ERROR);
  else {
    const count = integerArgument(call, 2, NOT_POSITIVE);
    if (count < 0) reply.error(NOT_POSITIVE);
    else if (!Number.isNaN(count)) popSome(call, count);
  }
}

function popOne(call: Call): void {
  const cells = findSet(call, 1);
  if (!cells.pick()) {
    call.reply.nullBulk();
    return;
  }
  replyFieldName(call, cells);
  cells.removePicked();
  notifyRemoval(call, cells, KEYSPACE_EVENT.set, 'spop', 1);
}

function popSome(call: Call, count: number): void {
  const cells = findSet(call, 1);
  const members = some(cells, count);
  replyMembers(call, members);
  for (let i = 0; i < members.count; i++) {
    cells.find(members.bytes, members.start(i), members.end(i));
    cells.remove();
  }
  if (members.count > 0) notifyRemoval(call, cells, KEYSPACE_EVENT.set, 'spop', 1);
}

/** SRANDMEMBER key [count]: a negative count takes members that may come several times. */
function srandmember(call: Call): void {
  const { args, reply } = call;
  if (args.count === 2) {
    const cells = readSet(call, 1);
    if (cells.pick()) replyFieldName(call, cells);
    else reply.nullBulk();
    return;
  }
  if (args.count > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const count = countArgument(call, 2);
  if (Number.isNaN(count)) return;
  const cells = readSet(call, 1);
  if (count < 0) replyAny(call, cells, -count);
  else replyDistinct(call, cells, count);
}

function replyAny(call: Call, cells: FieldCells, count: number): void {
  const { reply } = call;
  const wanted = repeatedCount(call, count, cells.count);
  if (Number.isNaN(wanted)) return;
  reply.array(wanted);
  for (let i = 0; i < wanted && cells.pick() && !reply.isLost; i++) replyFieldName(call, cells);
}

function replyDistinct(call: Call, cells: FieldCells, count: number): void {
  const wanted = Math.min(count, cells.count);
  call.reply.array(wanted);
  cells.pickSome(wanted, () => {
    replyFieldName(call, cells);
  });
}

/** Copies of up to `count` members, chosen at random. */
function some(cells: FieldCells, count: number): MemberList {
  const wanted = Math.min(count, cells.count);
  const members = new MemberList(wanted);
  cells.pickSome(wanted, () => {
    members.add(cells.bytes, cells.fieldStart, cells.fieldEnd, 0);
  });
  return members;
}

export const setSamplingCommands: readonly Command[] = [
  { name: 'spop', arity: -2, flags: ['write', 'fast'], keys: ONE_KEY, run: spop },
  { name: 'srandmember', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: srandmember },
];
