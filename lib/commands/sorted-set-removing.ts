/** Sorted sets: removing members and ranges. */

import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { findSortedSet } from './lookup.js';
import type { Selector } from './sorted-set-selector.js';
import { lengthOf, memberSelector, rankSelector, ranksOf, scoreSelector } from './sorted-set-selector.js';
import { notifyRemoved } from './sorted-set-store.js';

/** ZREM key member [member ...] */
function zrem(call: Call): void {
  const { args, reply } = call;
  const cells = findSortedSet(call, 1);
  let removed = 0;
  for (let i = 2; i < args.count && cells.count > 0; i++) {
    if (!cells.find(args.buffer, args.start[i], args.end[i])) continue;
    cells.remove();
    removed++;
  }
  if (removed > 0) notifyRemoved(call, cells, 'zrem', 1);
  reply.integer(removed);
}

/** ZREMRANGEBYRANK key first last */
function zremrangebyrank(call: Call): void {
  removeRange(call, rankSelector(call, 2, 3, false), 'zremrangebyrank');
}

/** ZREMRANGEBYSCORE key min max */
function zremrangebyscore(call: Call): void {
  removeRange(call, scoreSelector(call, 2, 3), 'zremrangebyscore');
}

/** ZREMRANGEBYLEX key min max */
function zremrangebylex(call: Call): void {
  removeRange(call, memberSelector(call, 2, 3), 'zremrangebylex');
}

/** From the upper end down: so no rank below changes. */
function removeRange(call: Call, selector: Selector | undefined, event: string): void {
  if (selector === undefined) return;
  const cells = findSortedSet(call, 1);
  const range = ranksOf(call.args, selector, cells);
  const removed = lengthOf(range);
  for (let rank = range.end - 1; rank >= range.first; rank--) {
    cells.seek(rank);
    cells.removeCurrent();
  }
  if (removed > 0) notifyRemoved(call, cells, event, 1);
  call.reply.integer(removed);
}

export const sortedSetRemovingCommands: readonly Command[] = [
  { name: 'zrem', arity: -3, flags: ['write', 'fast'], keys: ONE_KEY, run: zrem },
  { name: 'zremrangebylex', arity: 4, flags: ['write'], keys: ONE_KEY, run: zremrangebylex },
  { name: 'zremrangebyrank', arity: 4, flags: ['write'], keys: ONE_KEY, run: zremrangebyrank },
  { name: 'zremrangebyscore', arity: 4, flags: ['write'], keys: ONE_KEY, run: zremrangebyscore },
];
