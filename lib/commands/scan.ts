/** Finding keys: KEYS, SCAN, RANDOMKEY. */

import { globMatches } from '../base/glob.js';
import { POSITION_LIMIT } from '../base/position.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { integerArgument } from './integer-argument.js';

const DEFAULT_COUNT = 10;
const STAR = 0x2a;
const CURSOR = /^\d{1,20}$/;
const CURSOR_LIMIT = 2n ** 64n;

/** So many expired keys RANDOMKEY looks at when it may not remove them. */
const RANDOM_TRIES = 100;

/** Index of no argument: there is no such option. */
const NONE = 0;

interface ScanOptions {
  count: number;
  /** Index of MATCH's pattern. */
  matchArg: number;
  /** Index of TYPE's type. */
  typeArg: number;
}

/** KEYS pattern. Takes as long as the database is large. */
function keys(call: Call): void {
  const { reply } = call;
  const refs: number[] = [];
  const pattern = patternArgument(call, 1);
  call.db.table.forEach((ref) => {
    if (!hasExpired(call, ref) && (pattern === NONE || keyMatches(call, ref, pattern))) refs.push(ref);
  });
  reply.array(refs.length);
  for (const ref of refs) replyKey(call, ref);
}

/**
 * SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]. The cursor is the position in the table to go on from, so that it
 * stays good whatever is added, removed or restarted in between.
 */
function scan(call: Call): void {
  const { reply } = call;
  const cursor = parseCursor(call);
  if (cursor === undefined) return;
  const options = parseScan(call);
  if (options === undefined) return;
  const found: number[] = [];
  const expired: Buffer[] = [];
  const next = call.db.table.walk(cursor, options.count, (ref) => {
    if (hasExpired(call, ref)) expired.push(call.keyspace.heap.key(ref));
    else if (isWanted(call, ref, options)) found.push(ref);
  });
  reply.array(2);
  reply.bulkInteger(next === POSITION_LIMIT ? 0 : next);
  reply.array(found.length);
  for (const ref of found) replyKey(call, ref);
  // Looking at a key that has expired removes it.
  for (const key of expired) call.keyspace.find(call.db, key, 0, key.length);
}

/** RANDOMKEY */
function randomkey(call: Call): void {
  const { keyspace, db } = call;
  const { random } = keyspace;
  let ref = db.table.sample(random.uint32(), random.uint32());
  for (let tries = 0; ref !== 0 && hasExpired(call, ref); tries++) {
    // Looking at a key that has expired removes it, so this comes to an end; not while nothing may be removed (CLIENT PAUSE).
    if (tries >= RANDOM_TRIES && !keyspace.removesExpired) {
      ref = 0;
      break;
    }
    const key = keyspace.heap.key(ref);
    keyspace.find(db, key, 0, key.length);
    ref = db.table.sample(random.uint32(), random.uint32());
  }
  if (ref === 0) call.reply.nullBulk();
  else replyKey(call, ref);
}

/** Where to go on; undefined after an error reply. Cursors of other servers may be larger than ours: they are at the end. */
function parseCursor(call: Call): number | undefined {
  const text = call.args.text(1);
  if (CURSOR.test(text) && BigInt(text) < CURSOR_LIMIT) return Math.min(Number(text), POSITION_LIMIT);
  call.reply.error('ERR invalid cursor');
  return undefined;
}

/** Undefined after an error reply. */
function parseScan(call: Call): ScanOptions | undefined {
  const { args, reply } = call;
  const options: ScanOptions = { count: DEFAULT_COUNT, matchArg: NONE, typeArg: NONE };
  for (let i = 2; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (hasValue && args.is(i, 'count')) {
      options.count = integerArgument(call, i + 1);
      if (Number.isNaN(options.count)) return undefined;
    } else if (hasValue && args.is(i, 'match')) options.matchArg = patternArgument(call, i + 1);
    else if (hasValue && args.is(i, 'type')) options.typeArg = i + 1;
    else options.count = 0;
    if (options.count >= 1) continue;
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  return options;
}

/** `i`, or NONE if every key matches the pattern in argument i. */
function patternArgument(call: Call, i: number): number {
  const { args } = call;
  return args.lengthOf(i) === 1 && args.buffer[args.start[i]] === STAR ? NONE : i;
}

function isWanted(call: Call, ref: number, options: ScanOptions): boolean {
  if (options.typeArg !== NONE && !call.args.is(options.typeArg, 'string')) return false;
  return options.matchArg === NONE || keyMatches(call, ref, options.matchArg);
}

/** Whether the key of a record matches the pattern in argument i. */
function keyMatches(call: Call, ref: number, i: number): boolean {
  const { heap } = call.keyspace;
  const { buffer, start, end } = call.args;
  const keyStart = heap.keyStart(ref);
  return globMatches(buffer, start[i], end[i], heap.bytes(ref), keyStart, keyStart + heap.keyLength(ref));
}

function hasExpired(call: Call, ref: number): boolean {
  const { heap, clock } = call.keyspace;
  const atMs = heap.expiresAtMs(ref);
  return atMs !== 0 && atMs <= clock.nowMs;
}

function replyKey(call: Call, ref: number): void {
  const { heap } = call.keyspace;
  const start = heap.keyStart(ref);
  call.reply.bulk(heap.bytes(ref), start, start + heap.keyLength(ref));
}

export const scanCommands: readonly Command[] = [
  { name: 'keys', arity: 2, flags: ['readonly'], keys: NO_KEYS, run: keys },
  { name: 'scan', arity: -2, flags: ['readonly'], keys: NO_KEYS, run: scan },
  { name: 'randomkey', arity: 1, flags: ['readonly'], keys: NO_KEYS, run: randomkey },
];
