/** Finding keys: KEYS, SCAN, RANDOMKEY. */

import { globMatches } from '../base/glob.js';
import { parseInteger64 } from '../base/integer.js';
import { POSITION_LIMIT } from '../base/position.js';
import type { ColdKey } from '../data/cold-data.js';
import type { ListingOptions } from '../data/listing.js';
import { Listing } from '../data/listing.js';
import type { Args } from '../protocol/args.js';
import type { CellType } from '../record/entry.js';
import type { Call } from './call.js';
import type { Command, ListingPlan } from './command.js';
import { typeName } from './type-name.js';
import { NO_KEYS } from './command.js';
import { NOT_AN_INTEGER, SYNTAX_ERROR } from './error-texts.js';

const DEFAULT_COUNT = 10;
const STAR = 0x2a;
/** As C's strtoul reads it: up to a NUL, with a sign, and nothing at all is 0. A negative one is far behind the end. */
const CURSOR = /^([+-]?)(\d+)(\0|$)|^(\0|$)/;
const CURSOR_LIMIT = 2n ** 64n;

/** So many records RANDOMKEY looks at where it may not remove those that have expired. */
const RANDOM_TRIES = 100;

/** Index of no argument: there is no such option. */
const NONE = 0;

export interface ScanOptions {
  count: number;
  /** Index of MATCH's pattern. */
  matchArg: number;
  /** Index of TYPE's type. */
  typeArg: number;
  /** Positions from here on are not looked at. */
  before: number;
}

/** KEYS pattern. Takes as long as the database is large. */
function keys(call: Call): void {
  const { reply, listing } = call;
  const refs: number[] = [];
  const pattern = patternArgument(call, 1);
  call.db.table.forEach((ref) => {
    if (isThere(call, ref) && (pattern === NONE || keyMatches(call, ref, pattern))) refs.push(ref);
  });
  const cold = listing === undefined ? [] : listing.keys.filter((key) => isThereOnDisk(call, key));
  reply.array(refs.length + cold.length);
  for (const ref of refs) replyKey(call, ref);
  for (const { key } of cold) reply.bulk(key, 0, key.length);
}

function gatherKeys(call: Call): ListingPlan | undefined {
  const pattern = patternArgument(call, 1);
  const options = listingOf(call, 0, ({ key }) => pattern === NONE || coldKeyMatches(call, key, pattern));
  return options && (() => Listing.ofNext(Infinity, options));
}

/**
 * SCAN cursor [MATCH pattern] [COUNT count] [TYPE type] [BEFORE position]. The cursor is the position in the table to go on from, so that it
 * stays good whatever is added, removed or restarted in between, and wherever keys are. BEFORE is for members of a ring: they ask each other for
 * the keys of some slots.
 */
function scan(call: Call): void {
  const { reply, listing } = call;
  const cursor = parseCursor(call);
  if (cursor === undefined) return;
  const options = parseScan(call);
  if (options === undefined) return;
  const scanEnd = Math.min(listing?.end ?? POSITION_LIMIT, options.before);
  const found: number[] = [];
  const expired: Buffer[] = [];
  let next = call.db.table.walk(cursor, options.count, (ref, position) => {
    if (position >= scanEnd) return;
    if (hasExpired(call, ref)) expired.push(call.keyspace.heap.key(ref));
    else if (isThere(call, ref) && isWanted(call, ref, options)) found.push(ref);
  });
  next = Math.min(next, scanEnd);
  const cold =
    listing === undefined ? [] : listing.keys.filter((key) => key.position < next && isThereOnDisk(call, key));
  reply.array(2);
  reply.bulkInteger(next === options.before ? 0 : next);
  reply.array(found.length + cold.length);
  for (const ref of found) replyKey(call, ref);
  for (const { key } of cold) reply.bulk(key, 0, key.length);
  // Looking at a key that has expired removes it.
  for (const key of expired) call.keyspace.find(call.db, key, 0, key.length);
}

/** Nothing, if the request is wrong: SCAN says so itself. */
function gatherScan(call: Call): ListingPlan | undefined {
  if (call.keyspace.cold.isEmpty(call.db.id)) return undefined;
  const cursor = cursorOf(call);
  const options = optionsOf(call);
  if (cursor === undefined || typeof options === 'string') return undefined;
  const listing = listingOf(call, cursor, ({ key, type }) => isColdWanted(call, key, type, options));
  return listing && (() => Listing.ofNext(options.count, listing));
}

/** RANDOMKEY */
function randomkey(call: Call): void {
  const { reply, listing } = call;
  const cold = listing?.keys.find((key) => isThereOnDisk(call, key));
  if (cold !== undefined) {
    reply.bulk(cold.key, 0, cold.key.length);
    return;
  }
  const ref = randomRecord(call);
  if (ref === 0) reply.nullBulk();
  else replyKey(call, ref);
}

/** A key behind a random position, if it is the disk's turn: in proportion to what is not in memory. */
function gatherRandom(call: Call): ListingPlan | undefined {
  const { db, keyspace } = call;
  const inMemory = db.table.count - db.emptyCount;
  const { random } = keyspace;
  const total = Math.max(db.size, 1);
  if ((random.uint32() / 2 ** 32) * total < inMemory && hasRandomRecord(call)) return undefined;
  const position = (random.uint32() % 2 ** 21) * 2 ** 32 + random.uint32();
  const options = listingOf(call, position, (key) => isThereOnDisk(call, key));
  return options && (() => Listing.ofAny(options));
}

/** Whether some records chosen at random are of a key that is there, as far as they say. */
function hasRandomRecord(call: Call): boolean {
  const { random } = call.keyspace;
  for (let tries = 0; tries < RANDOM_TRIES; tries++) {
    const ref = call.db.table.sample(random.uint32(), random.uint32());
    if (ref === 0) return false;
    if (isThere(call, ref)) return true;
  }
  return false;
}

/** A record of a live key, chosen at random; 0 if there is none. May throw COLD_KEY, of one that is not whole. */
function randomRecord(call: Call): number {
  const { keyspace, db } = call;
  const { heap, random } = keyspace;
  for (let tries = 0; db.table.count > db.emptyCount; tries++) {
    const ref = db.table.sample(random.uint32(), random.uint32());
    if (isThere(call, ref) && !heap.isPartial(ref)) return ref;
    // Looking at a key that has expired removes it, so this comes to an end; not while nothing may be removed (CLIENT PAUSE).
    if (tries >= RANDOM_TRIES && !keyspace.removesExpired) return 0;
    if (heap.isEmpty(ref)) continue;
    const key = heap.key(ref);
    const found = keyspace.find(db, key, 0, key.length);
    if (found !== 0) return found;
  }
  return 0;
}

/** How to list keys that are on disk, from a position on; `undefined` if none are. */
function listingOf(call: Call, position: number, wanted: (key: ColdKey) => boolean): ListingOptions | undefined {
  const { cold } = call.keyspace;
  const { db } = call;
  const { timers } = call.server;
  if (cold.isEmpty(db.id) || position >= POSITION_LIMIT) return undefined;
  const rest = (): Promise<void> => new Promise((resolve) => void timers.after(0, resolve));
  return { cold, db, position, wanted, rest };
}

/** Where to go on, in argument i; undefined after an error reply. */
export function parseCursor(call: Call, i = 1): number | undefined {
  const cursor = cursorOf(call, i);
  if (cursor === undefined) call.reply.error('ERR invalid cursor');
  return cursor;
}

/** Cursors of other servers may be larger than ours: they are at the end. */
function cursorOf(call: Call, i = 1): number | undefined {
  const match = CURSOR.exec(call.args.text(i));
  if (match === null) return undefined;
  const [, sign, digits = '0'] = match;
  if (BigInt(digits) >= CURSOR_LIMIT) return undefined;
  return sign === '-' && Number(digits) > 0 ? POSITION_LIMIT : Math.min(Number(digits), POSITION_LIMIT);
}

/** The options from argument `first` on, TYPE only where keys are scanned; undefined after an error reply. */
export function parseScan(call: Call, first = 2): ScanOptions | undefined {
  const options = optionsOf(call, first);
  if (typeof options !== 'string') return options;
  call.reply.error(options);
  return undefined;
}

/** The options, or the error to answer with. */
function optionsOf({ args }: Call, first = 2): ScanOptions | string {
  const options: ScanOptions = { count: DEFAULT_COUNT, matchArg: NONE, typeArg: NONE, before: POSITION_LIMIT };
  for (let i = first; i < args.count; i += 2) {
    if (i + 1 >= args.count) return SYNTAX_ERROR;
    if (args.is(i, 'count')) {
      const count = parseInteger64(args.buffer, args.start[i + 1], args.end[i + 1]);
      if (count === undefined) return NOT_AN_INTEGER;
      if (count < 1n) return SYNTAX_ERROR;
      options.count = Number(count);
    } else if (args.is(i, 'match')) options.matchArg = patternOf(args, i + 1);
    else if (first === 2 && args.is(i, 'type')) options.typeArg = i + 1;
    else if (first === 2 && args.is(i, 'before')) options.before = Number(args.text(i + 1));
    else return SYNTAX_ERROR;
  }
  return options;
}

/** `i`, or NONE if every key matches the pattern in argument i. */
function patternArgument(call: Call, i: number): number {
  return patternOf(call.args, i);
}

function patternOf(args: Args, i: number): number {
  return args.lengthOf(i) === 1 && args.buffer[args.start[i]] === STAR ? NONE : i;
}

function isWanted(call: Call, ref: number, options: ScanOptions): boolean {
  if (options.typeArg !== NONE && !isOfType(call, call.keyspace.heap.type(ref), options.typeArg)) return false;
  return options.matchArg === NONE || keyMatches(call, ref, options.matchArg);
}

/** Whether argument i names a type, letter case apart. */
function isOfType({ args }: Call, type: CellType, i: number): boolean {
  return args.is(i, typeName(type));
}

/** Whether the key of a record matches the pattern in argument i. */
function keyMatches(call: Call, ref: number, i: number): boolean {
  const { heap } = call.keyspace;
  const { buffer, start, end } = call.args;
  const keyStart = heap.keyStart(ref);
  return globMatches(buffer, start[i], end[i], heap.bytes(ref), keyStart, keyStart + heap.keyLength(ref));
}

/** The same of a key on disk. */
function isColdWanted(call: Call, key: Buffer, type: CellType, options: ScanOptions): boolean {
  if (options.typeArg !== NONE && !isOfType(call, type, options.typeArg)) return false;
  return options.matchArg === NONE || coldKeyMatches(call, key, options.matchArg);
}

function coldKeyMatches({ args }: Call, key: Buffer, i: number): boolean {
  return globMatches(args.buffer, args.start[i], args.end[i], key, 0, key.length);
}

function isThere({ keyspace, listing }: Call, ref: number): boolean {
  return keyspace.isThere(ref, listing);
}

function isThereOnDisk({ keyspace, db }: Call, listed: ColdKey): boolean {
  return keyspace.isThereOnDisk(db, listed);
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
  { name: 'keys', arity: 2, flags: ['readonly'], keys: NO_KEYS, run: keys, gather: gatherKeys },
  { name: 'scan', arity: -2, flags: ['readonly'], keys: NO_KEYS, run: scan, gather: gatherScan },
  { name: 'randomkey', arity: 1, flags: ['readonly'], keys: NO_KEYS, run: randomkey, gather: gatherRandom },
];
