/** Lists: moving an element from one to another, at once or when there is one. */

import { copyBytes } from '../base/bytes.js';
import { KEYSPACE_EVENT } from '../config/keyspace-events.js';
import { CellType } from '../record/entry.js';
import { ListSide } from '../record/list-id.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { TWO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import type { ListEnd } from './list-arguments.js';
import { endArgument } from './list-arguments.js';
import { notifyPopped } from './list-popping.js';
import { findList } from './lookup.js';
import { notify } from './notify.js';
import { blockingTimeout } from './timeout-argument.js';

const KEPT_BYTES = 16 * 1024;
const SOURCE = 1;
const TARGET = 2;

/** What is on its way: it lies in no list. */
const kept = Buffer.allocUnsafeSlow(KEPT_BYTES);

/** LMOVE source destination LEFT | RIGHT LEFT | RIGHT */
function lmove(call: Call): void {
  const from = endArgument(call, 3);
  const to = endArgument(call, 4);
  if (from === undefined || to === undefined) call.reply.error(SYNTAX_ERROR);
  else if (!move(call, from, to)) call.reply.nullBulk();
}

/** RPOPLPUSH source destination */
function rpoplpush(call: Call): void {
  if (!move(call, ListSide.RIGHT, ListSide.LEFT)) call.reply.nullBulk();
}

/** BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout */
function blmove(call: Call): void {
  const from = endArgument(call, 3);
  const to = endArgument(call, 4);
  if (from === undefined || to === undefined) call.reply.error(SYNTAX_ERROR);
  else moveOrWait(call, 5, from, to);
}

/** BRPOPLPUSH source destination timeout */
function brpoplpush(call: Call): void {
  moveOrWait(call, 3, ListSide.RIGHT, ListSide.LEFT);
}

/** Moves an element, and answers with it; false if there is none. */
function move(call: Call, from: ListEnd, to: ListEnd): boolean {
  if (findList(call, SOURCE).count === 0) return false;
  // That the target is a list must be known before anything is changed.
  findList(call, TARGET);
  const source = findList(call, SOURCE);
  source.seek(from === ListSide.LEFT ? 0 : source.count - 1);
  const length = source.end - source.start;
  const element = length > KEPT_BYTES ? Buffer.allocUnsafe(length) : kept;
  copyBytes(source.bytes, source.start, source.end, element, 0);
  call.reply.bulk(element, 0, length);
  // It comes before it goes: so a list that is moved about within itself is never empty in between.
  const target = findList(call, TARGET);
  target.push(to, element, 0, length);
  notify(call, KEYSPACE_EVENT.list, to === ListSide.LEFT ? 'lpush' : 'rpush', TARGET);
  const left = findList(call, SOURCE);
  left.remove(placeOf(call, left.count, from, to), 1);
  notifyPopped(call, left, SOURCE, from);
  return true;
}

/** Where the element that was copied is now, in its old list of `count` elements. */
function placeOf({ args }: Call, count: number, from: ListEnd, to: ListEnd): number {
  const isSame =
    args.lengthOf(SOURCE) === args.lengthOf(TARGET) &&
    args.buffer.compare(args.buffer, args.start[SOURCE], args.end[SOURCE], args.start[TARGET], args.end[TARGET]) === 0;
  const moved = Number(isSame && from === to);
  return from === ListSide.LEFT ? moved : count - 1 - moved;
}

function moveOrWait(call: Call, timeoutArg: number, from: ListEnd, to: ListEnd): void {
  const timeoutMs = blockingTimeout(call, timeoutArg);
  if (Number.isNaN(timeoutMs)) return;
  const attempt = (later: Call): boolean => move(later, from, to);
  if (attempt(call)) return;
  let hasWaited = false;
  const onTimeout = ({ reply }: Call): void => {
    // Redis tells in two ways that nothing came: inside of a transaction, where it does not wait, it is the one of LMOVE.
    if (hasWaited) reply.nullArray();
    else reply.nullBulk();
  };
  call.client.waitForKeys(call, { keys: [SOURCE], type: CellType.LIST, timeoutMs, attempt, onTimeout });
  hasWaited = true;
}

export const listMovingCommands: readonly Command[] = [
  { name: 'blmove', arity: 6, flags: ['write', 'denyoom', 'noscript', 'blocking'], keys: TWO_KEYS, run: blmove },
  {
    name: 'brpoplpush',
    arity: 4,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    keys: TWO_KEYS,
    run: brpoplpush,
  },
  { name: 'lmove', arity: 5, flags: ['write', 'denyoom'], keys: TWO_KEYS, run: lmove },
  { name: 'rpoplpush', arity: 3, flags: ['write', 'denyoom'], keys: TWO_KEYS, run: rpoplpush },
];
