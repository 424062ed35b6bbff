/** The dumb twin of a keyspace: a Map for each database. */

import { KEEP_EXPIRY, NEVER } from '../../lib/data/keyspace.js';
import type { Visible } from './keyspace-bench.js';

export class KeyspaceModel {
  nowMs = 0;
  readonly databases: Map<string, [value: string, atMs: number]>[];

  constructor(databaseCount: number) {
    this.databases = Array.from({ length: databaseCount }, () => new Map<string, [string, number]>());
  }

  get(db: number, key: string): readonly [string, number] | undefined {
    const found = this.databases[db].get(key);
    return found === undefined || (found[1] !== NEVER && found[1] <= this.nowMs) ? undefined : found;
  }

  put(db: number, key: string, value: string, expiry: number): void {
    const atMs = expiry === KEEP_EXPIRY ? (this.get(db, key)?.[1] ?? NEVER) : expiry;
    this.databases[db].set(key, [value, atMs]);
  }

  expire(db: number, key: string, atMs: number): void {
    const found = this.get(db, key);
    if (found !== undefined) this.databases[db].set(key, [found[0], atMs]);
  }

  remove(db: number, key: string): void {
    this.databases[db].delete(key);
  }

  flush(db: number): void {
    this.databases[db].clear();
  }

  swap(a: number, b: number): void {
    const { databases } = this;
    [databases[a], databases[b]] = [databases[b], databases[a]];
  }

  copy(): KeyspaceModel {
    const copy = new KeyspaceModel(this.databases.length);
    copy.nowMs = this.nowMs;
    this.databases.forEach((keys, db) => (copy.databases[db] = new Map(keys)));
    return copy;
  }

  visible(): Visible {
    return this.databases.map((map, db) => {
      const keys = [...map.keys()].sort().filter((key) => this.get(db, key) !== undefined);
      return Object.fromEntries(keys.map((key) => [key, this.get(db, key) ?? ['', 0]]));
    });
  }
}
