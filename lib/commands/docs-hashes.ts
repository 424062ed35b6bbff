/** What COMMAND DOCS tells about the commands of hashes: rows of docs.ts. */

import type { Deprecation, DocRow } from './docs.js';

const ONE = 'O(1)';
const SIZE = 'O(N), N being the size of the hash';
const GIVEN = 'O(N), N being the number of fields given';

export const HASH_DOCS: readonly DocRow[] = [
  ['hdel', '2.0.0', GIVEN, 'Removes fields; with the last one, the hash.'],
  ['hexists', '2.0.0', ONE, 'Tells whether a hash has a field.'],
  ['hexpire', '7.4.0', GIVEN, 'Lets fields expire after a number of seconds.'],
  ['hexpireat', '7.4.0', GIVEN, 'Lets fields expire at a Unix time in seconds.'],
  ['hexpiretime', '7.4.0', GIVEN, 'Returns the Unix times in seconds at which fields expire.'],
  ['hget', '2.0.0', ONE, 'Returns the value of a field.'],
  ['hgetall', '2.0.0', SIZE, 'Returns all fields with their values.'],
  ['hincrby', '2.0.0', ONE, 'Adds a whole number to a field, which begins at 0.'],
  ['hincrbyfloat', '2.6.0', ONE, 'Adds a decimal number to a field, which begins at 0.'],
  ['hkeys', '2.0.0', SIZE, 'Returns all fields.'],
  ['hlen', '2.0.0', ONE, 'Returns how many fields there are.'],
  ['hmget', '2.0.0', GIVEN, 'Returns the values of several fields.'],
  ['hmset', '2.0.0', GIVEN, 'Sets several fields.'],
  ['hpersist', '7.4.0', GIVEN, 'Lets fields live as long as their hash.'],
  ['hpexpire', '7.4.0', GIVEN, 'Lets fields expire after a number of milliseconds.'],
  ['hpexpireat', '7.4.0', GIVEN, 'Lets fields expire at a Unix time in milliseconds.'],
  ['hpexpiretime', '7.4.0', GIVEN, 'Returns the Unix times in milliseconds at which fields expire.'],
  ['hpttl', '7.4.0', GIVEN, 'Returns the milliseconds that fields have left.'],
  ['hrandfield', '6.2.0', 'O(N), N being the number of fields returned', 'Returns fields chosen at random.'],
  [
    'hscan',
    '2.8.0',
    'O(1) a call, O(N) to see all N fields',
    'Returns some fields with their values and the cursor to go on from.',
  ],
  ['hset', '2.0.0', GIVEN, 'Sets fields.'],
  ['hsetnx', '2.0.0', ONE, 'Sets a field if it does not exist.'],
  ['hstrlen', '3.2.0', ONE, 'Returns how many bytes the value of a field has.'],
  ['httl', '7.4.0', GIVEN, 'Returns the seconds that fields have left.'],
  ['hvals', '2.0.0', SIZE, 'Returns all values.'],
];

export const HASH_DEPRECATIONS: readonly (readonly [string, Deprecation])[] = [
  ['hmset', { since: '4.0.0', replacedBy: '`HSET` with multiple field-value pairs' }],
];
