/** Values that go to another key, with their expiry: RENAME, COPY, MOVE. */

import { copyBytes } from '../base/bytes.js';
import type { Database } from '../data/keyspace.js';
import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY, TWO_KEYS } from './command.js';
import { isInRing, parseDatabase } from './databases.js';
import { NO_SUCH_KEY, SAME_OBJECT, SYNTAX_ERROR } from './error-texts.js';
import { findKey, readKey, useKey } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyIn } from './notify.js';
import { scratch } from './scratch.js';

/** RENAME key newkey: over what is there. */
function rename(call: Call): void {
  if (!hasSource(call)) return;
  if (!sameKeys(call)) renameKey(call);
  call.reply.ok();
}

/** RENAMENX key newkey: only if that is not there. */
function renamenx(call: Call): void {
  if (!hasSource(call)) return;
  const moves = !sameKeys(call) && findKey(call, 2) === 0;
  if (moves) renameKey(call);
  call.reply.integer(moves ? 1 : 0);
}

/** MOVE key db */
function move(call: Call): void {
  const { reply } = call;
  const target = databaseArgument(call, 2, 'ERR MOVE is not allowed in cluster mode');
  if (target === undefined) return;
  if (target === call.db) {
    reply.error(SAME_OBJECT);
    return;
  }
  const moves = findKey(call, 1) !== 0 && findIn(call, target, 1) === 0;
  if (moves) {
    moveKey(call, target, 1);
    notify(call, KEYSPACE_EVENT.generic, 'move_from', 1);
    notifyIn(call, target, KEYSPACE_EVENT.generic, 'move_to', 1);
  }
  reply.integer(moves ? 1 : 0);
}

/** COPY source destination [DB number] [REPLACE] */
function copy(call: Call): void {
  const { args, reply } = call;
  let target: Database | undefined = call.db;
  let replace = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'replace')) replace = true;
    else if (args.is(i, 'db') && i + 1 < args.count) {
      target = databaseArgument(call, ++i, 'ERR Copying to another database is not allowed in cluster mode');
      if (target === undefined) return;
    } else {
      reply.error(SYNTAX_ERROR);
      return;
    }
  }
  if (target === call.db && sameKeys(call)) {
    reply.error(SAME_OBJECT);
    return;
  }
  const copies = readKey(call, 1) !== 0 && (findIn(call, target, 2) === 0 || replace);
  if (copies) {
    copyKey(call, target, 2);
    notifyIn(call, target, KEYSPACE_EVENT.generic, 'copy_to', 2);
  }
  reply.integer(copies ? 1 : 0);
}

/** The database with the number in argument i; undefined after an error reply: in a ring `refusal`, but for the first one. */
function databaseArgument(call: Call, i: number, refusal: string): Database | undefined {
  const number = parseDatabase(call, i);
  if (number === undefined) return undefined;
  if (number === 0 || !isInRing(call)) return call.keyspace.database(number);
  call.reply.error(refusal);
  return undefined;
}

/** Whether the key in argument 1 is there; if not, after an error reply. */
function hasSource(call: Call): boolean {
  if (findKey(call, 1) !== 0) return true;
  call.reply.error(NO_SUCH_KEY);
  return false;
}

/** Whether arguments 1 and 2 are the same. */
function sameKeys(call: Call): boolean {
  const { buffer, start, end } = call.args;
  return buffer.compare(buffer, start[1], end[1], start[2], end[2]) === 0;
}

/** Puts the cursor on the key in argument i, in another database. */
function findIn(call: Call, db: Database, i: number): number {
  const { args } = call;
  return call.keyspace.find(db, args.buffer, args.start[i], args.end[i]);
}

/** Moves the key in argument 1 over the one in argument 2. REQUIRES: it is there. */
function renameKey(call: Call): void {
  moveKey(call, call.db, 2);
  notify(call, KEYSPACE_EVENT.generic, 'rename_from', 1);
  notify(call, KEYSPACE_EVENT.generic, 'rename_to', 2);
}

/** Moves the key in argument 1, its access included, over the one in argument i of `target`. REQUIRES: it is there. */
function moveKey(call: Call, target: Database, i: number): void {
  const { keyspace } = call;
  const access = keyspace.heap.access(useKey(call, 1));
  copyKey(call, target, i);
  keyspace.setAccess(access);
  findKey(call, 1);
  keyspace.remove();
}

/** Copies the key in argument 1 over the one in argument i of `target`, and leaves the cursor there. REQUIRES: it is there. */
function copyKey(call: Call, target: Database, i: number): void {
  const { keyspace } = call;
  const { heap } = keyspace;
  const ref = findKey(call, 1);
  const expiry = heap.expiresAtMs(ref);
  const copier = keyspace.isComposed ? keyspace.composedCopier(ref) : keyspace.collectionAt(ref)?.copier(ref);
  if (copier !== undefined) {
    copyCells(call, copier, target, i, expiry);
    return;
  }
  const start = heap.valueStart(ref);
  const length = heap.valueLength(ref);
  const bytes = scratch(length);
  copyBytes(heap.bytes(ref), start, start + length, bytes, 0);
  // What was there is gone: Redis counts the key as new.
  if (findIn(call, target, i) !== 0) notifyIn(call, target, KEYSPACE_EVENT.newKey, 'new', i);
  keyspace.put(bytes, 0, length, expiry);
}

/** `copyKey` of what is made of cells: `put` adds them. */
function copyCells(call: Call, put: () => void, target: Database, i: number, expiry: number): void {
  const { keyspace } = call;
  if (findIn(call, target, i) !== 0) {
    keyspace.remove();
    findIn(call, target, i);
  }
  put();
  if (expiry !== NEVER && findIn(call, target, i) !== 0) keyspace.setExpiry(expiry);
}

export const movingCommands: readonly Command[] = [
  { name: 'rename', arity: 3, flags: ['write'], keys: TWO_KEYS, run: rename },
  { name: 'renamenx', arity: 3, flags: ['write', 'fast'], keys: TWO_KEYS, run: renamenx },
  { name: 'copy', arity: -3, flags: ['write', 'denyoom'], keys: TWO_KEYS, run: copy },
  { name: 'move', arity: 3, flags: ['write', 'fast'], keys: ONE_KEY, run: move },
];
