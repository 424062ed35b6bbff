import type { Entry } from '../../record/entry.js';
import { NO_EXPIRY } from '../../record/entry.js';
import { ORIGIN_MAX } from '../../record/pair.js';

/** What a key is of which nothing is known but that its database was emptied. */
export function flushedEntry(floor: number): Entry {
  return { deletedUpTo: { stamp: floor, origin: ORIGIN_MAX }, expiry: NO_EXPIRY, cells: new Map() };
}
