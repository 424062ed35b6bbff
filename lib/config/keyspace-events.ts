/**
 * The value of `notify-keyspace-events`: which keyspace events are published, and on which channels.
 * A letter each, as in Redis (https://redis.io/docs/latest/develop/use/keyspace-notifications/); kept as bits.
 */

import type { Kind } from './option.js';

/** The bit of each letter, in the order in which CONFIG GET writes them. */
export const KEYSPACE_EVENT = {
  generic: 1 << 0,
  string: 1 << 1,
  list: 1 << 2,
  set: 1 << 3,
  hash: 1 << 4,
  sortedSet: 1 << 5,
  expired: 1 << 6,
  evicted: 1 << 7,
  stream: 1 << 8,
  module: 1 << 9,
  newKey: 1 << 10,
  /** Publish on `__keyspace@<db>__:<key>`. */
  keyspaceChannel: 1 << 11,
  /** Publish on `__keyevent@<db>__:<event>`. */
  keyeventChannel: 1 << 12,
  keyMiss: 1 << 13,
} as const;

const BITS = new Map<string, number>([
  ['g', KEYSPACE_EVENT.generic],
  ['$', KEYSPACE_EVENT.string],
  ['l', KEYSPACE_EVENT.list],
  ['s', KEYSPACE_EVENT.set],
  ['h', KEYSPACE_EVENT.hash],
  ['z', KEYSPACE_EVENT.sortedSet],
  ['x', KEYSPACE_EVENT.expired],
  ['e', KEYSPACE_EVENT.evicted],
  ['t', KEYSPACE_EVENT.stream],
  ['d', KEYSPACE_EVENT.module],
  ['n', KEYSPACE_EVENT.newKey],
  ['K', KEYSPACE_EVENT.keyspaceChannel],
  ['E', KEYSPACE_EVENT.keyeventChannel],
  ['m', KEYSPACE_EVENT.keyMiss],
]);

/** What `A` stands for: every class but key misses and new keys, which have to be asked for. */
const ALL_LETTERS = 'g$lshzxetd';
const ALL_BITS = bitsOf(ALL_LETTERS) ?? 0;

/** Letters, read as bits. */
export function keyspaceEvents(): Kind<number> {
  return {
    expects: "letters among 'Ag$lshzxeKEtmdn'",
    manyWords: false,
    accumulates: false,
    parse([word]) {
      const value = bitsOf(word);
      if (value === undefined) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
      return { value, text: lettersOf(value) };
    },
    lines: ({ text }) => [[text]],
  };
}

function bitsOf(letters: string): number | undefined {
  let bits = 0;
  for (const letter of letters) {
    const bit = letter === 'A' ? ALL_BITS : BITS.get(letter);
    if (bit === undefined) return undefined;
    bits |= bit;
  }
  return bits;
}

function lettersOf(bits: number): string {
  const all = (bits & ALL_BITS) === ALL_BITS;
  let letters = all ? 'A' : '';
  for (const [letter, bit] of BITS) {
    const covered = all && ALL_LETTERS.includes(letter);
    if ((bits & bit) !== 0 && !covered) letters += letter;
  }
  return letters;
}
