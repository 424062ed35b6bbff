/**
 * Marks: what an entry says of parts that are gone, and of nothing that is there. The tombstone of a field or member; a list's removals; what was seen of a versioned string; and
 * that a key does not expire any more.
 *
 * A mark says something to whoever may yet meet what it hides. Up to a stamp D that is settled among all replicas of a slot (cluster/repair/closer.ts) each of them has had all
 * there is, and nothing comes any more that is stamped up to D: a copy that has a mark up to D, and one that has dropped it, differ in nothing that counts. That is so for each type:
 *
 *  1. A field, a member. What its tombstone hides has a lower pair, so it is up to D: each copy has had it, and the tombstone with it.
 *  2. A list's removals. Their stamps are below that of the cell's pair: when that is up to D, each copy has had the elements, and has taken them out. (An element that was changed later, by who
 *     had not heard, has a pair above D. It has come before D was settled: closer.ts, step 3.) Of two copies one may have dropped what was removed up to D, and both have what came after it:
 *     their cells have one pair, and are equal in what is above D. What was removed up to D by the later ones is gone from the elements: so these differ where that has not been heard of.
 *     As long as the pair is above D, nothing of the cell goes: it may be news elsewhere that an element up to D is gone.
 *  3. What was seen of a versioned string: the same, with dots in place of elements.
 *  4. That a key does not expire hides expiries with lower pairs. (One that does expire is no mark: it says when what comes later goes, too.)
 *  5. A counter's parts, a string and its chunks are what is there; what was deleted as a whole is a register (`deletedUpTo`), and goes alike.
 *  6. A key's type is that of its highest pair, tombstones too, and what lies below the highest of another type is dead. With a mark gone, that may be lower: but then it is up to D all the
 *     same, and all that it could hide of the other type is up to D, or comes with what hides it. (Only an expiry that an emptied collection has left behind would be judged otherwise: so
 *     whoever makes something else of the key says that it does not expire, RecordCursor.beginCells.)
 *
 *  7. What has expired is no mark, and does not go by the clock. Whoever had dropped it would take a later write of the key for the first one of a new life, without a delete; for whoever had
 *     not, that would have expired, too; and an EXPIRE in that new life would bring back there what had expired. So it is removed by a delete (ActiveExpiry, RingHousekeeping; on disk,
 *     AntiEntropy meets it), and that goes.
 *
 * `digestedMark` is what of a mark makes a difference: digests know no more of it, so that it does not matter who has dropped what already.
 */

import { ChangeKind } from './batch-format.js';
import type { BatchReader } from './batch-reader.js';
import type { Cell, Entry, Expiry } from './entry.js';
import { CellType, NO_EXPIRY, holdsValue } from './entry.js';
import { ANCHOR_BYTES } from './list-id.js';
import { ORIGIN_MAX, PAIR_ZERO, comparePairs } from './pair.js';
import { StampSet } from './removals.js';
import { VersionVector } from './seen.js';

/** Whether the cell that `reader` stands on says that something is there (`holdsValue`): else it is a mark. */
export function isValueCell({ kind, type, fieldStart, fieldEnd }: BatchReader): boolean {
  if (kind !== ChangeKind.VALUE) return false;
  const fieldBytes = fieldEnd - fieldStart;
  return type === CellType.LIST ? fieldBytes >= ANCHOR_BYTES : type !== CellType.VERSIONED || fieldBytes > 0;
}

/** An expiry that says no more than that there is none, with a stamp up to `stamp`, is as good as none. */
export function settledExpiry(expiry: Expiry, stamp: number): Expiry {
  return isSettledMark(expiry, stamp) ? NO_EXPIRY : expiry;
}

function isSettledMark({ atMs, pair }: Expiry, stamp: number): boolean {
  return atMs === 0 && pair.stamp <= stamp && comparePairs(pair, PAIR_ZERO) > 0;
}

/** An entry without its marks up to `stamp`; the entry itself if there are none. What was deleted as a whole stays. */
export function withoutMarks(entry: Entry, stamp: number): Entry {
  const isDead = (cell: Cell): boolean => cell.pair.stamp <= stamp && !holdsValue(cell);
  const hasDead = [...entry.cells.values()].some(isDead);
  const expiry = settledExpiry(entry.expiry, stamp);
  if (!hasDead && expiry === entry.expiry) return entry;
  return { ...entry, expiry, cells: new Map([...entry.cells].filter(([, cell]) => !isDead(cell))) };
}

/** The value of a list's removals, or of what was seen, without what is settled up to `stamp`. Throws CorruptionError. */
export function digestedMark(type: CellType, value: Buffer, stamp: number): Buffer {
  if (stamp === 0 || value.length === 0) return value;
  if (type === CellType.LIST) {
    const stamps = new StampSet();
    stamps.addEncoded(value, 0, value.length);
    stamps.prune(stamp);
    return stamps.encode();
  }
  const vector = new VersionVector();
  vector.addEncoded(value, 0, value.length);
  return vector.above({ stamp, origin: ORIGIN_MAX }).encode();
}
