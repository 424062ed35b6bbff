/** What COMMAND DOCS tells about the commands of lists: rows of docs.ts. */

import type { Deprecation, DocRow } from './docs.js';

const ONE = 'O(1)';
const EACH = 'O(1) for each element';
const POPPED = 'O(N), N being the number of elements returned';
const POP_SOME = 'O(N+M), N being the number of keys and M that of the elements returned';
const LENGTH = 'O(N), N being the number of elements';

export const LIST_DOCS: readonly DocRow[] = [
  ['blmove', '6.2.0', ONE, 'Moves an element from an end of one list to an end of another; waits for one.'],
  ['blmpop', '7.0.0', POP_SOME, 'Pops elements from the first list that has any; waits for some.'],
  ['blpop', '2.0.0', 'O(N), N being the number of keys', 'Pops the first element; waits for one.'],
  ['brpop', '2.0.0', 'O(N), N being the number of keys', 'Pops the last element; waits for one.'],
  ['brpoplpush', '2.2.0', ONE, 'Moves the last element of a list to the front of another; waits for one.'],
  ['lindex', '1.0.0', 'O(log(N)), N being the number of elements', 'Returns the element at an index.'],
  ['linsert', '2.2.0', LENGTH, 'Inserts an element before or after another one.'],
  ['llen', '1.0.0', ONE, 'Returns how many elements there are.'],
  ['lmove', '6.2.0', ONE, 'Moves an element from an end of one list to an end of another.'],
  ['lmpop', '7.0.0', POP_SOME, 'Pops elements from the first list that has any.'],
  ['lpop', '1.0.0', POPPED, 'Pops elements from the front.'],
  ['lpos', '6.0.6', LENGTH, 'Returns the indexes of elements that equal the given one.'],
  ['lpush', '1.0.0', EACH, 'Adds elements at the front; the list begins empty if there is none.'],
  ['lpushx', '2.2.0', EACH, 'Adds elements at the front if there is such a list.'],
  ['lrange', '1.0.0', 'O(log(N)+M), N elements of which M are returned', 'Returns the elements in a range of indexes.'],
  ['lrem', '1.0.0', LENGTH, 'Removes elements that equal the given one.'],
  ['lset', '1.0.0', 'O(log(N)), N being the number of elements', 'Replaces the element at an index.'],
  ['ltrim', '1.0.0', 'O(N), N being the number of elements removed', 'Removes the elements outside of a range.'],
  ['rpop', '1.0.0', POPPED, 'Pops elements from the back.'],
  ['rpoplpush', '1.2.0', ONE, 'Moves the last element of a list to the front of another.'],
  ['rpush', '1.0.0', EACH, 'Adds elements at the back; the list begins empty if there is none.'],
  ['rpushx', '2.2.0', EACH, 'Adds elements at the back if there is such a list.'],
];

export const LIST_DEPRECATIONS: readonly (readonly [string, Deprecation])[] = [
  ['brpoplpush', { since: '6.2.0', replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments' }],
  ['rpoplpush', { since: '6.2.0', replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments' }],
];
