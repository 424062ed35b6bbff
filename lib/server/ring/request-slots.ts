/** Where the keys of a request lie, and what it means to a ring. */

import { slotOf } from '../../base/position.js';
import { keyIndexes } from '../../commands/key-uses.js';
import type { RingRole } from '../../commands/ring-role.js';
import { roleOfSet } from '../../commands/ring-role.js';
import type { Args } from '../../protocol/args.js';
import type { CommandEntry } from '../command-table.js';
import { NO_SLOT } from './ring-client.js';

/** The keys of a request lie in more than one slot. */
export const SEVERAL = -2;

export function roleOf(entry: CommandEntry, args: Args): RingRole {
  return entry.name === 'set' ? roleOfSet(args) : entry.ringRole;
}

/** Which arguments are keys. */
export function keysOf(entry: CommandEntry, args: Args): number[] {
  return keyIndexes(entry.command, args).filter((i) => i < args.count);
}

/** Whether each key of a request has its value, if it is one that has values: only then it can be split. */
export function isWhole(fullName: string, args: Args): boolean {
  return fullName !== 'mset' || args.count % 2 === 1;
}

/** Copies of the keys. */
export function namesAt(args: Args, keys: readonly number[]): Buffer[] {
  return keys.map((i) => args.copy(i));
}

/** The slot of all keys; SEVERAL if they differ, NO_SLOT if there are none. */
export function commonSlot(args: Args, keys: readonly number[]): number {
  let slot: number = NO_SLOT;
  for (const i of keys) {
    const one = slotOf(args.buffer, args.start[i], args.end[i]);
    if (slot !== NO_SLOT && slot !== one) return SEVERAL;
    slot = one;
  }
  return slot;
}
