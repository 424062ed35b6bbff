/**
 * Makes room in memory: samples a few records, and lets go of the one that will be missed least.
 *
 *     spillOne   drops a record that the disk has: nothing is lost
 *     evictOne   removes a key for good, as a cache does: what `maxmemory-policy` allows
 */

import type { Database, Keyspace } from './keyspace.js';

export type EvictionPolicy =
  | 'noeviction'
  | 'allkeys-lru'
  | 'allkeys-lfu'
  | 'allkeys-random'
  | 'volatile-lru'
  | 'volatile-lfu'
  | 'volatile-random'
  | 'volatile-ttl';

/** Records looked at for one that may go, for each that is to be compared. */
const TRIES_A_SAMPLE = 8;

/** What a record is worth to `worst`: the higher, the sooner it goes; NaN: it may not go. */
type Score = (keyspace: Keyspace, ref: number) => number;

/** Removes one key, of `samples` (at least 1) looked at. False if the policy allows none. */
export function evictOne(keyspace: Keyspace, policy: EvictionPolicy, samples: number): boolean {
  if (policy === 'noeviction') return false;
  const volatileOnly = policy.startsWith('volatile');
  const db = randomDatabase(keyspace, (each) =>
    volatileOnly ? each.table.expiring : each.table.count - each.emptyCount,
  );
  if (db === undefined) return false;
  const ref = worst(keyspace, db, policy.endsWith('random') ? 1 : samples, SCORES[policy], volatileOnly);
  if (ref === 0) return false;
  keyspace.evict(db, ref);
  return true;
}

/** Drops one record that the disk has, of `samples` (at least 1) looked at. False if it has met none. */
export function spillOne(keyspace: Keyspace, samples: number): boolean {
  const db = randomDatabase(keyspace, (each) => each.table.count);
  if (db === undefined) return false;
  const ref = worst(keyspace, db, samples, cleanScore, false);
  if (ref === 0) return false;
  keyspace.spill(db, ref);
  return true;
}

/** The record with the highest score of some chosen at random; 0 if none of those looked at may go. */
function worst(keyspace: Keyspace, db: Database, samples: number, score: Score, volatileOnly: boolean): number {
  const { random } = keyspace;
  let best = 0;
  let bestScore = -Infinity;
  let found = 0;
  for (let i = 0; i < samples * TRIES_A_SAMPLE && found < samples; i++) {
    const ref = db.table.sample(random.uint32(), random.uint32(), volatileOnly);
    const value = score(keyspace, ref);
    if (Number.isNaN(value)) continue;
    found++;
    if (value > bestScore) {
      best = ref;
      bestScore = value;
    }
  }
  return best;
}

function isWhole({ heap }: Keyspace, ref: number): boolean {
  return !heap.isEmpty(ref) && !heap.isPartial(ref);
}

function idleScore(keyspace: Keyspace, ref: number): number {
  return isWhole(keyspace, ref) ? keyspace.access.idleMs(keyspace.heap.access(ref)) : NaN;
}

function rareScore(keyspace: Keyspace, ref: number): number {
  return isWhole(keyspace, ref) ? 255 - keyspace.access.frequency(keyspace.heap.access(ref)) : NaN;
}

function anyScore(keyspace: Keyspace, ref: number): number {
  return isWhole(keyspace, ref) ? 0 : NaN;
}

function expiryScore(keyspace: Keyspace, ref: number): number {
  return isWhole(keyspace, ref) ? -keyspace.heap.expiresAtMs(ref) : NaN;
}

/** Records that say that nothing is there go first. */
function cleanScore(keyspace: Keyspace, ref: number): number {
  if (!keyspace.isClean(ref)) return NaN;
  if (keyspace.heap.isEmpty(ref)) return Infinity;
  const access = keyspace.heap.access(ref);
  return keyspace.access.usesFrequency ? 255 - keyspace.access.frequency(access) : keyspace.access.idleMs(access);
}

const SCORES: Readonly<Record<Exclude<EvictionPolicy, 'noeviction'>, Score>> = {
  'allkeys-lru': idleScore,
  'allkeys-lfu': rareScore,
  'allkeys-random': anyScore,
  'volatile-lru': idleScore,
  'volatile-lfu': rareScore,
  'volatile-random': anyScore,
  'volatile-ttl': expiryScore,
};

/** A database, chosen by how many of its records may go. */
function randomDatabase(keyspace: Keyspace, candidates: (db: Database) => number): Database | undefined {
  let total = 0;
  for (let i = 0; i < keyspace.databaseCount; i++) total += candidates(keyspace.database(i));
  let ticket = keyspace.random.uint32() % Math.max(1, total);
  for (let i = 0; i < keyspace.databaseCount; i++) {
    const db = keyspace.database(i);
    if (ticket < candidates(db)) return db;
    ticket -= candidates(db);
  }
  return undefined;
}
