/** Makes room by removing keys, as `maxmemory-policy` says: samples a few, and removes the one that will be missed least. */

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

/** Removes one key, of `samples` (at least 1) looked at. False if the policy allows none. */
export function evictOne(keyspace: Keyspace, policy: EvictionPolicy, samples: number): boolean {
  if (policy === 'noeviction') return false;
  const volatileOnly = policy.startsWith('volatile');
  const db = randomDatabase(keyspace, volatileOnly);
  if (db === undefined) return false;
  let best = 0;
  let bestScore = -Infinity;
  const tries = policy.endsWith('random') ? 1 : samples;
  for (let i = 0; i < tries; i++) {
    const ref = db.table.sample(keyspace.random.uint32(), keyspace.random.uint32(), volatileOnly);
    const score = scoreOf(keyspace, policy, ref);
    if (score > bestScore) {
      best = ref;
      bestScore = score;
    }
  }
  keyspace.evict(db, best);
  return true;
}

/** The higher, the sooner it goes. */
function scoreOf(keyspace: Keyspace, policy: EvictionPolicy, ref: number): number {
  if (policy.endsWith('random')) return 0;
  if (policy === 'volatile-ttl') return -keyspace.heap.expiresAtMs(ref);
  const access = keyspace.heap.access(ref);
  return policy.endsWith('lfu') ? 255 - keyspace.access.frequency(access) : keyspace.access.idleMs(access);
}

/** A database, chosen by the number of keys that may go. */
function randomDatabase(keyspace: Keyspace, volatileOnly: boolean): Database | undefined {
  const count = (db: Database): number => (volatileOnly ? db.table.expiring : db.table.count);
  let total = 0;
  for (let i = 0; i < keyspace.databaseCount; i++) total += count(keyspace.database(i));
  let ticket = keyspace.random.uint32() % Math.max(1, total);
  for (let i = 0; i < keyspace.databaseCount; i++) {
    const db = keyspace.database(i);
    if (ticket < count(db)) return db;
    ticket -= count(db);
  }
  return undefined;
}
