/** Sets, member by member: SADD, SISMEMBER and their kin. */

import type { MemberList } from '../data/member-list.js';
import type { FieldCells } from '../data/field-cells.js';
import { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY, TWO_KEYS } from './command.js';
import { scanElements } from './element-scan.js';
import { replyScanned } from './hash-listing.js';
import { findField, notifyRemoval, replyFieldName } from './hashes.js';
import { checked, findKey, findSet, readSet } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

const NOTHING = Buffer.alloc(0);

/** SADD key member [member ...] */
function sadd(call: Call): void {
  const { count } = call.args;
  const cells = findSet(call, 1);
  let added = 0;
  for (let i = 2; i < count; i++) {
    if (findField(call, cells, i)) continue;
    cells.put(NOTHING, 0, 0);
    added++;
  }
  if (added > 0) notify(call, KEYSPACE_EVENT.set, 'sadd', 1);
  call.reply.integer(added);
}

/** SREM key member [member ...] */
function srem(call: Call): void {
  const { count } = call.args;
  const cells = findSet(call, 1);
  let removed = 0;
  for (let i = 2; i < count && cells.count > 0; i++) {
    if (!findField(call, cells, i)) continue;
    cells.remove();
    removed++;
  }
  if (removed > 0) notifyRemoval(call, cells, KEYSPACE_EVENT.set, 'srem', 1);
  call.reply.integer(removed);
}

/** SISMEMBER key member */
function sismember(call: Call): void {
  call.reply.integer(findField(call, readSet(call, 1), 2) ? 1 : 0);
}

/** SMISMEMBER key member [member ...] */
function smismember(call: Call): void {
  const { count } = call.args;
  const cells = readSet(call, 1);
  call.reply.array(count - 2);
  for (let i = 2; i < count; i++) call.reply.integer(findField(call, cells, i) ? 1 : 0);
}

/** SCARD key */
function scard(call: Call): void {
  call.reply.integer(readSet(call, 1).count);
}

/** SMEMBERS key */
function smembers(call: Call): void {
  const cells = readSet(call, 1);
  call.reply.set(cells.count);
  cells.rewind();
  while (cells.next()) replyFieldName(call, cells);
}

/** SMOVE source destination member */
function smove(call: Call): void {
  const { args, reply } = call;
  const { buffer, start, end } = args;
  if (findKey(call, 1) === 0) {
    reply.integer(0);
    return;
  }
  checked(call, findKey(call, 2), CellType.SET);
  const source = findSet(call, 1);
  const isMember = findField(call, source, 3);
  reply.integer(isMember ? 1 : 0);
  if (!isMember || buffer.compare(buffer, start[1], end[1], start[2], end[2]) === 0) return;
  source.remove();
  notifyRemoval(call, source, KEYSPACE_EVENT.set, 'srem', 1);
  const target = findSet(call, 2);
  if (findField(call, target, 3)) return;
  target.put(NOTHING, 0, 0);
  notify(call, KEYSPACE_EVENT.set, 'sadd', 2);
}

/** SSCAN key cursor [MATCH pattern] [COUNT count] */
function sscan(call: Call): void {
  scanElements(call, readSet, takeMember, replyScanned);
}

function takeMember(found: MemberList, { bytes, fieldStart, fieldEnd }: FieldCells): void {
  found.add(bytes, fieldStart, fieldEnd, 0);
}

export const setCommands: readonly Command[] = [
  { name: 'sadd', arity: -3, flags: ['write', 'denyoom', 'fast'], keys: ONE_KEY, run: sadd },
  { name: 'srem', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: srem },
  { name: 'sismember', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: sismember },
  { name: 'smismember', arity: -3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: smismember },
  { name: 'scard', arity: 2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: scard },
  { name: 'smembers', arity: 2, flags: ['readonly'], keys: ONE_KEY, run: smembers },
  { name: 'smove', arity: 4, flags: ['write', 'fast'], keys: TWO_KEYS, run: smove },
  { name: 'sscan', arity: -3, flags: ['readonly'], keys: ONE_KEY, run: sscan },
];
