/** How the replies of members become one, where a request concerns all keys: by its command. */

import { POSITION_LIMIT } from '../../base/position.js';
import type { Merge } from './merged-replies.js';
import { allOk, array, bulk, first, itemsOf, sumOfCopies, textOf, union } from './merged-replies.js';

/**
 * Of a command with that name. `copies`: how many members have each key. `holds`: whether the member of reply i has a key; of what it gave away when the ring was changed it has what there was then, and
 * that counts no more.
 */
export function mergeOf(name: string, copies: number, holds: (i: number, key: Buffer) => boolean): Merge {
  if (name === 'dbsize') return sumOfCopies(copies);
  if (name === 'keys') return (replies) => union(replies.map((reply, i) => heldOf(reply, (key) => holds(i, key))));
  // Each empties what it has, and tells the others up to where: so nothing is left that any of them had before.
  if (name === 'flushall' || name === 'flushdb') return allOk;
  if (name === 'script|kill') return killed;
  return first;
}

/** SCRIPT KILL: a script was killed somewhere, or could not be; or nobody runs one. */
function killed(replies: readonly Buffer[]): Buffer {
  const isAnswer = (begin: string): Buffer | undefined => replies.find((reply) => reply.indexOf(begin) === 0);
  return isAnswer('+') ?? isAnswer('-UNKILLABLE') ?? first(replies);
}

/** An array of keys without those that are not held. */
function heldOf(reply: Buffer, holds: (key: Buffer) => boolean): Buffer {
  const items = itemsOf(reply);
  const held = items.filter((item) => holds(Buffer.from(textOf(item), 'latin1')));
  return held.length === items.length ? reply : array(held);
}

/** The position that a cursor of SCAN stands for; undefined if it stands for none. */
export function parseCursor(text: string): number | undefined {
  const cursor = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return cursor < POSITION_LIMIT ? cursor : undefined;
}

/** A reply of SCAN that goes on at `next`, if it has come to its end. */
export function continued(reply: Buffer, next: number): Buffer {
  const items = itemsOf(reply);
  if (items.length !== 2 || textOf(items[0]) !== '0') return reply;
  return array([bulk(String(next)), items[1]]);
}
