/** Bugs of what a node makes of its data, for the simulator to find: a part of its keyspace is another one, so nothing of it is in lib/. */

import type { Node } from '../../lib/server/node.js';

/** A node that was started anew goes on with its own parts of counters, and as the writer that it was: as if it had lost nothing. */
export function goOnAsBefore({ keyspace }: Node): void {
  Object.defineProperty(keyspace, 'incarnation', { value: 1 });
}

/** A write of a version supersedes all that the node knows, whatever its context has seen. */
export function supersedeAll({ keyspace: { siblings } }: Node): void {
  const put = siblings.put.bind(siblings);
  siblings.put = (ref, _context, value, expiry) => put(ref, siblings.context(ref), value, expiry);
}
