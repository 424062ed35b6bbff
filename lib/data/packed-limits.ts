/**
 * Up to which size Redis keeps a collection packed: what OBJECT ENCODING says and DUMP writes. In ringkv's own memory it is kept otherwise, so these are the
 * forms that Redis would have chosen for what the collection holds now; a collection that was larger once is not told apart.
 */

import { parseInteger64 } from '../base/integer.js';
import type { Settings } from '../config/settings.js';

export type PackedLimits = Pick<
  Settings,
  | 'hashMaxListpackEntries'
  | 'hashMaxListpackValueBytes'
  | 'listMaxListpackSize'
  | 'setMaxIntsetEntries'
  | 'zsetMaxListpackEntries'
  | 'zsetMaxListpackValueBytes'
>;

/** More integers than this are in no intset, whatever set-max-intset-entries says. */
const INTSET_MAX = 2 ** 30;

/** Whether a hash is a listpack, and no hashtable. */
export function isPackedHash(
  fields: Iterable<readonly [Buffer, Buffer]>,
  count: number,
  limits: PackedLimits,
): boolean {
  const { hashMaxListpackEntries: countMax, hashMaxListpackValueBytes: bytesMax } = limits;
  if (count > countMax) return false;
  for (const [field, value] of fields) if (field.length > bytesMax || value.length > bytesMax) return false;
  return true;
}

/** Whether a sorted set is a listpack, and no skiplist. */
export function isPackedSortedSet(
  members: Iterable<readonly [Buffer, number]>,
  count: number,
  limits: PackedLimits,
): boolean {
  if (count > limits.zsetMaxListpackEntries) return false;
  for (const [member] of members) if (member.length > limits.zsetMaxListpackValueBytes) return false;
  return true;
}

/** The integers of a set that is an intset; undefined for a hashtable. */
export function intsetOf(members: Iterable<Buffer>, count: number, limits: PackedLimits): bigint[] | undefined {
  if (count > Math.min(limits.setMaxIntsetEntries, INTSET_MAX)) return undefined;
  const values: bigint[] = [];
  for (const member of members) {
    const value = parseInteger64(member, 0, member.length);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
