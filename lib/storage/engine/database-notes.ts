/**
 * What the manifest is to know of databases beside their tables: how many keys each has, and up to where it was emptied.
 *
 *  1. A floor says that everything in a database stamped up to it is dead. It never falls. Here it may be ahead of what the manifest knows.
 *  2. A database is noted when there is something new of it, and with every edit from then on: whichever edit is the last to be durable, it has all.
 */

import type { DatabaseFacts } from '../levels/version-edit.js';
import type { Version } from '../levels/version.js';
import type { KeyCounts, StoreTarget } from './store-options.js';

export class DatabaseNotes {
  private readonly floors = new Map<number, number>();
  /** Databases of which edits tell the facts. */
  private readonly changing = new Set<number>();

  /** Takes over the floors that a version knows. */
  adopt(version: Version): void {
    for (const { db, stamp } of version.floors()) this.floors.set(db, stamp);
  }

  /** Everything in a database stamped up to this is dead; 0: it was never emptied. */
  floorOf(db: number): number {
    return this.floors.get(db) ?? 0;
  }

  /** A database was emptied. False if that was known. */
  raise(db: number, stamp: number): boolean {
    if (stamp <= this.floorOf(db)) return false;
    this.floors.set(db, stamp);
    return true;
  }

  /** The floors as they are now. */
  allFloors(): { readonly db: number; readonly stamp: number }[] {
    return Array.from(this.floors, ([db, stamp]) => ({ db, stamp }));
  }

  /** Those of them that a version does not know. */
  floorsAbove(version: Version): { readonly db: number; readonly stamp: number }[] {
    return this.allFloors().filter(({ db, stamp }) => stamp > version.facts(db).floor);
  }

  /** The facts of all databases but those of which `version` and every edit to come say the same. */
  factsOf(target: CountedDatabases, version: Version): DatabaseFacts[] {
    const facts: DatabaseFacts[] = [];
    for (let db = 0; db < target.databaseCount; db++) {
      const { keyCount, expiringCount, isEstimate } = target.physicalDatabase(db);
      const floor = this.floorOf(db);
      const known = version.facts(db);
      const isNews = keyCount !== known.keyCount || isEstimate !== known.isEstimate || floor !== known.floor;
      if (!isNews && expiringCount === known.expiringCount && !this.changing.has(db)) continue;
      this.changing.add(db);
      facts.push({
        db,
        floor,
        keyCount: Math.max(0, keyCount),
        expiringCount: Math.max(0, expiringCount),
        isEstimate,
      });
    }
    return facts;
  }
}

/** Databases as they are in memory. */
export interface CountedDatabases extends Pick<StoreTarget, 'databaseCount'> {
  physicalDatabase(id: number): Omit<KeyCounts, 'expiredOnDisk'>;
}

/** Ids of the tables in which nothing counts any more, these being the facts. */
export function deadTables(version: Version, databases: readonly DatabaseFacts[]): number[] {
  return databases.flatMap(({ db, floor }) =>
    floor === 0
      ? []
      : version
          .tablesIn(db)
          .filter(({ maxStamp }) => maxStamp <= floor)
          .map(({ id }) => id),
  );
}

/** Gives a target what a version says of its databases. */
export function restoreDatabases(version: Version, target: StoreTarget): void {
  target.clock.observe(version.newestStamp());
  const { databasesMap } = version;
  if (databasesMap !== undefined) target.adoptDatabases(databasesMap, databasesMap.physical);
  for (const db of version.databasesWithTables()) {
    const { keyCount, expiringCount, isEstimate } = version.facts(db);
    Object.assign(target.physicalDatabase(db), { keyCount, expiringCount, isEstimate });
  }
  for (const { db, stamp } of version.floors()) {
    if (db < target.databaseCount) target.physicalDatabase(db).flushedUpTo = stamp;
  }
}
