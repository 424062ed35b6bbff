/** All data of a server, as far as commands can show it. */
import type { RespValue } from '../../spec/protocol/resp-decoder.js';
import type { Command } from './command-arbitrary.js';
import { argumentText } from './command-text.js';
import { areAlike, replyText, scoreText } from './comparison.js';
import { converse } from './conversation.js';
import type { FuzzTarget } from './fuzz-target.js';

const DATABASES = 16;
const PEXPIRETIME = command('PEXPIRETIME');

/** By type, the command that shows a value: what stands around the key. */
const LISTINGS: ReadonlyMap<string, readonly [name: string, ...rest: string[]]> = new Map([
  ['string', ['GET']],
  ['hash', ['HGETALL']],
  ['list', ['LRANGE', '0', '-1']],
  ['set', ['SMEMBERS']],
  ['zset', ['ZRANGE', '0', '-1', 'WITHSCORES']],
]);
interface Scan {
  readonly name: string;
  /** What of each word of an element is looked at. */
  readonly words: readonly ((word: RespValue) => string)[];
}

/** By type, the command that goes through a value in parts. */
const SCANS: ReadonlyMap<string, Scan> = new Map<string, Scan>([
  ['hash', { name: 'HSCAN', words: [replyText, replyText] }],
  ['set', { name: 'SSCAN', words: [replyText] }],
  ['zset', { name: 'ZSCAN', words: [replyText, scoreText] }],
]);
const SCAN_COUNT = '5';
const SCAN_ROUNDS_MAX = 1000;

interface Entry {
  readonly database: string;
  readonly key: Buffer;
  readonly type: string;
  /** What showed the value. */
  readonly listing: Command;
  readonly value: RespValue;
  readonly expiry: RespValue;
}

/** Database and key (as for redis-cli) to what is there. */
export type Snapshot = ReadonlyMap<string, Entry>;

/** Asks for every key of every database. */
export async function takeSnapshot(target: FuzzTarget): Promise<Snapshot> {
  const numbers = Array.from({ length: DATABASES }, (_, number) => String(number));
  const lists = await converse(
    target,
    numbers.flatMap((number) => [command('SELECT', number), command('KEYS', '*')]),
  );
  const keys = numbers.flatMap((database, i) => (lists[2 * i + 1] as Buffer[]).map((key) => ({ database, key })));
  const types = await converse(
    target,
    keys.flatMap(({ database, key }) => [command('SELECT', database), [Buffer.from('TYPE'), key]]),
  );
  const entries = keys.map(({ database, key }, i) => {
    const type = replyText(types[2 * i + 1]);
    return { database, key, type, listing: listingOf(type, key) };
  });
  const answers = await converse(
    target,
    entries.flatMap(({ database, key, listing }) => [command('SELECT', database), listing, [...PEXPIRETIME, key]]),
  );
  return new Map(
    entries.map((entry, i) => [
      `db ${entry.database} ${argumentText(entry.key)}`,
      { ...entry, value: answers[3 * i + 1], expiry: answers[3 * i + 2] },
    ]),
  );
}

/** What is not the same in both, in words; undefined if nothing is. */
export function differenceOf(ours: Snapshot, theirs: Snapshot): string | undefined {
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [our, their] = [ours.get(name), theirs.get(name)];
    if (our === undefined || their === undefined || !areSame(our, their)) {
      return `${name}: ${entryText(our)} and ${entryText(their)}`;
    }
  }
  return undefined;
}

/** Goes through each collection in small parts; says what is not found, or found and not there. */
export async function scanFault(target: FuzzTarget, snapshot: Snapshot): Promise<string | undefined> {
  for (const [name, { database, key, type, value }] of snapshot) {
    const scan = SCANS.get(type);
    if (scan === undefined || !Array.isArray(value)) continue;
    const expected = elements(value, scan);
    const found = await scanned(target, database, key, scan);
    const missing = [...expected].find((element) => !found.has(element));
    const surplus = [...found].find((element) => !expected.has(element));
    if (missing !== undefined) return `${name}: ${scan.name} does not find ${missing}`;
    if (surplus !== undefined) return `${name}: ${scan.name} finds ${surplus}, which is not there`;
  }
  return undefined;
}

async function scanned(target: FuzzTarget, database: string, key: Buffer, scan: Scan): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor: Buffer = Buffer.from('0');
  for (let round = 0; round < SCAN_ROUNDS_MAX; round++) {
    const ask: Command = [Buffer.from(scan.name), key, cursor, Buffer.from('COUNT'), Buffer.from(SCAN_COUNT)];
    const [, reply] = await converse(target, [command('SELECT', database), ask]);
    const [next, some] = reply as [Buffer, RespValue[]];
    for (const element of elements(some, scan)) found.add(element);
    if (next.toString() === '0') return found;
    cursor = next;
  }
  throw new Error(`${scan.name} does not come to an end`);
}

function elements(flat: readonly RespValue[], { words }: Scan): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i < flat.length; i += words.length) {
    found.add(words.map((textOf, at) => textOf(flat[i + at])).join(' '));
  }
  return found;
}

function listingOf(type: string, key: Buffer): Command {
  const [name, ...rest] = LISTINGS.get(type) ?? ['DUMP'];
  return [Buffer.from(name), key, ...rest.map((word) => Buffer.from(word))];
}

function areSame(our: Entry, their: Entry): boolean {
  if (our.type !== their.type) return false;
  return areAlike(our.listing, our.value, their.value) && areAlike(PEXPIRETIME, our.expiry, their.expiry);
}

function entryText(entry: Entry | undefined): string {
  return entry === undefined ? 'none' : `${entry.type} ${replyText(entry.value)} until ${replyText(entry.expiry)}`;
}

function command(...words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word));
}
