/** Bugs of what a node makes of its data, for the simulator to find: a part of its keyspace is another one, so nothing of it is in lib/. */

import type { Node } from '../../lib/server/node.js';
import { inheriting } from './inheriting.js';

/** A node that was started anew goes on with its own parts of counters, and as the writer that it was: as if it had lost nothing. */
export function goOnAsBefore({ keyspace }: Node): void {
  Object.defineProperty(keyspace, 'incarnation', { value: 1 });
}

/** A write of a version supersedes all that the node knows, whatever its context has seen. */
export function supersedeAll({ keyspace: { siblings } }: Node): void {
  const put = siblings.put.bind(siblings);
  siblings.put = (ref, _context, value, expiry) => put(ref, siblings.context(ref), value, expiry);
}

/** That an element was removed is forgotten as soon as it is on the disk, though others may not have heard of it. */
export function dropMarksEarly({ keyspace }: Node): void {
  const { deadUpTo } = keyspace;
  if (deadUpTo === undefined) return;
  const at = (): number => Number.MAX_SAFE_INTEGER;
  Object.defineProperty(keyspace, 'deadUpTo', { value: inheriting(deadUpTo, { at }) });
}
