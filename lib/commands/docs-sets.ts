/** What COMMAND DOCS tells about the commands of sets: rows of docs.ts. */

import type { DocRow } from './docs.js';

const ONE = 'O(1)';
const GIVEN = 'O(N), N being the number of members given';
const ALL = 'O(N), N being the number of members of all sets';
const INTERSECTION = 'O(N*M), N being the size of the smallest of M sets';

export const SET_DOCS: readonly DocRow[] = [
  ['sadd', '1.0.0', GIVEN, 'Adds members.'],
  ['scard', '1.0.0', ONE, 'Returns how many members a set has.'],
  ['sdiff', '1.0.0', ALL, 'Returns the members of the first set that are in no other.'],
  ['sdiffstore', '1.0.0', ALL, 'Stores the members of the first set that are in no other.'],
  ['sinter', '1.0.0', INTERSECTION, 'Returns the members that all sets have.'],
  ['sintercard', '7.0.0', INTERSECTION, 'Counts the members that all sets have.'],
  ['sinterstore', '1.0.0', INTERSECTION, 'Stores the members that all sets have.'],
  ['sismember', '1.0.0', ONE, 'Tells whether a set has a member.'],
  ['smembers', '1.0.0', 'O(N), N being the size of the set', 'Returns all members of a set.'],
  ['smismember', '6.2.0', GIVEN, 'Tells which of some members a set has.'],
  ['smove', '1.0.0', ONE, 'Moves a member to another set.'],
  ['spop', '1.0.0', 'O(N), N being the number of members popped', 'Removes members chosen at random and returns them.'],
  [
    'srandmember',
    '1.0.0',
    'O(N), N being the number of members returned',
    'Returns members of a set, chosen at random.',
  ],
  ['srem', '1.0.0', GIVEN, 'Removes members; with the last one, the set.'],
  [
    'sscan',
    '2.8.0',
    'O(1) a call, O(N) to see all N members',
    'Returns some members of a set and the cursor to go on from.',
  ],
  ['sunion', '1.0.0', ALL, 'Returns the members that any set has.'],
  ['sunionstore', '1.0.0', ALL, 'Stores the members that any set has.'],
];
