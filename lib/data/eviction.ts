/**
 * Makes room in memory: samples a few records, and lets go of those that will be missed least.
 *
 *     spillSome  drops records that the disk has: nothing is lost
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

const DELETED_PART = 4;

/** Records that are looked at together for those that the disk has, and how often if it has none of them. */
const RUN_RECORDS = 64;
const RUNS_MAX = 2;
const run = new Int32Array(RUN_RECORDS);
const scores = new Float64Array(RUN_RECORDS);

/** What a record is worth to `worst`: the higher, the sooner it goes; NaN: it may not go. */
type Score = (keyspace: Keyspace, ref: number) => number;

/**
 * Removes one key, of `samples` (at least 1) looked at, or has it removed (Keyspace.onVictim). False if the policy allows none; and where one in DELETED_PART records is of a deleted
 * key already: these make room only when the disk knows of them, so removing ever more would empty the cache before it helps.
 */
export function evictOne(keyspace: Keyspace, policy: EvictionPolicy, samples: number): boolean {
  if (policy === 'noeviction') return false;
  const volatileOnly = policy.startsWith('volatile');
  const db = randomDatabase(keyspace, ({ table, emptyCount }) => {
    if (emptyCount * DELETED_PART > table.count) return 0;
    return volatileOnly ? table.expiring : table.count - emptyCount;
  });
  if (db === undefined) return false;
  const ref = worst(keyspace, db, policy.endsWith('random') ? 1 : samples, SCORES[policy], volatileOnly);
  if (ref === 0) return false;
  return keyspace.evict(db, ref);
}

/**
 * Drops records that the disk has, about one of every `samples` (at least 1) such that are looked at; returns how many, 0 if none was met.
 * Where data comes in faster than it fits, one is dropped for each that is written: so they are looked at side by side in the index, and
 * what that costs is shared.
 */
export function spillSome(keyspace: Keyspace, samples: number): number {
  const db = randomDatabase(keyspace, (each) => each.table.count);
  if (db === undefined) return 0;
  const { random } = keyspace;
  for (let i = 0; i < RUNS_MAX; i++) {
    const met = db.table.sampleRun(random.uint32(), random.uint32(), run);
    const clean = keepClean(keyspace, met);
    if (clean === 0) continue;
    const drops = Math.max(1, Math.floor(clean / samples));
    for (let left = clean; left > clean - drops; left--) keyspace.spill(db, takeHighest(left));
    return drops;
  }
  return 0;
}

/** Moves those of the first `met` records of the run to the front that may be dropped, with their scores; returns how many. */
function keepClean(keyspace: Keyspace, met: number): number {
  const { heap, cold } = keyspace;
  const { cleanUpTo } = cold;
  let clean = 0;
  for (let i = 0; i < met; i++) {
    const ref = run[i];
    if (heap.newestStamp(ref) > cleanUpTo) continue;
    run[clean] = ref;
    scores[clean] = missedScore(keyspace, ref);
    clean++;
  }
  return clean;
}

/** Takes the record with the highest score out of the first `count` of the run; the others are the first `count - 1` then. */
function takeHighest(count: number): number {
  let highest = 0;
  for (let i = 1; i < count; i++) if (scores[i] > scores[highest]) highest = i;
  const ref = run[highest];
  run[highest] = run[count - 1];
  scores[highest] = scores[count - 1];
  return ref;
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

/** The higher, the less will a record that is dropped be missed. Those that say that nothing is there go first. */
function missedScore({ heap, access }: Keyspace, ref: number): number {
  if (heap.isEmpty(ref)) return Infinity;
  return access.usesFrequency ? 255 - access.frequency(heap.access(ref)) : access.idleMs(heap.access(ref));
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
