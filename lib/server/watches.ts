/**
 * Keys that clients watch (WATCH), for EXEC to know whether they were changed since. Every change of a key counts, whoever makes it, and so does its
 * end by expiry. Changes are looked at when EXEC wants to know, and before the batch is emptied: while nobody watches, nobody looks.
 */

import type { Database, Keyspace } from '../data/keyspace.js';
import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import type { Changes } from './changes.js';

/** Who watches. */
export interface Watcher {
  /** What it watches, by name. */
  readonly watched: Map<string, Watch>;
  /** A key that it watched was changed. */
  wasTouched: boolean;
}

/** A key as a client watches it. */
export interface Watch {
  readonly watcher: Watcher;
  readonly key: Buffer;
  /** SELECT's number of its database, and the database that this stands for. */
  readonly number: number;
  db: Database;
  /** Whether it was there when it began to be watched, and when it expires; 0 is never. Any change since then is known. */
  readonly wasThere: boolean;
  readonly expiresAtMs: number;
}

export class Watches {
  private readonly keyspace: Keyspace;
  private readonly changes: Changes;
  /** By database and key: who watches it. */
  private readonly byKey = new Map<string, Set<Watch>>();

  constructor(keyspace: Keyspace, changes: Changes) {
    this.keyspace = keyspace;
    this.changes = changes;
    changes.listen((change) => {
      if (this.byKey.size > 0) this.note(change);
    });
  }

  /** Whether anybody watches anything: then changes have to be read before the batch is emptied. */
  get isNeeded(): boolean {
    return this.byKey.size > 0;
  }

  /** Keys that are watched. */
  get keyCount(): number {
    return this.byKey.size;
  }

  /** The watcher watches a key, in the database that SELECT's `number` stands for. May throw COLD_KEY. */
  add(watcher: Watcher, number: number, key: Buffer): void {
    const name = `${number}:${key.toString('latin1')}`;
    if (watcher.wasTouched || watcher.watched.has(name)) return;
    const { keyspace } = this;
    const db = keyspace.database(number);
    const ref = keyspace.find(db, key, 0, key.length);
    const expiresAtMs = ref === 0 ? 0 : keyspace.heap.expiresAtMs(ref);
    // What was changed before does not count.
    this.changes.read();
    const watch = { watcher, key, number, db, wasThere: ref !== 0, expiresAtMs };
    watcher.watched.set(name, watch);
    this.index(watch);
  }

  /** The watcher watches nothing any more, and nothing has happened. */
  clear(watcher: Watcher): void {
    this.forget(watcher);
    watcher.wasTouched = false;
  }

  /** Whether anything that the watcher watches was changed, or is not there any more. */
  isTouched(watcher: Watcher): boolean {
    if (watcher.watched.size > 0) {
      this.changes.read();
      for (const { expiresAtMs } of watcher.watched.values()) {
        if (expiresAtMs !== 0 && expiresAtMs <= this.keyspace.clock.nowMs) watcher.wasTouched = true;
      }
    }
    return watcher.wasTouched;
  }

  private note(change: BatchReader): void {
    if (change.kind === ChangeKind.DATABASES) this.noteSwap();
    else if (change.kind === ChangeKind.FLUSH) {
      for (const watch of this.all()) if (watch.db.id === change.db && watch.wasThere) this.touch(watch);
    } else {
      const watches = this.byKey.get(
        nameOf(change.db, change.bytes.toString('latin1', change.keyStart, change.keyEnd)),
      );
      for (const watch of watches ?? []) {
        // Who deletes what is not there, or is not there any more, changes nothing.
        if (watch.wasThere || change.kind !== ChangeKind.DELETE) this.touch(watch);
      }
    }
  }

  /** Numbers stand for other databases: a key counts as changed that was there, or is. */
  private noteSwap(): void {
    for (const watch of this.all()) {
      const db = this.keyspace.database(watch.number);
      if (db === watch.db) continue;
      if (watch.wasThere || this.mayBeThere(db, watch.key)) this.touch(watch);
      else {
        this.unindex(watch);
        watch.db = db;
        this.index(watch);
      }
    }
  }

  private mayBeThere(db: Database, key: Buffer): boolean {
    const { keyspace } = this;
    if (keyspace.isCold(db, key, 0, key.length)) return true;
    const ref = db.table.find(key, 0, key.length);
    return ref !== 0 && keyspace.isThere(ref, undefined);
  }

  private touch({ watcher }: Watch): void {
    watcher.wasTouched = true;
    this.forget(watcher);
  }

  private forget(watcher: Watcher): void {
    for (const watch of watcher.watched.values()) this.unindex(watch);
    watcher.watched.clear();
  }

  private index(watch: Watch): void {
    const name = nameOf(watch.db.id, watch.key.toString('latin1'));
    let watches = this.byKey.get(name);
    if (watches === undefined) this.byKey.set(name, (watches = new Set()));
    watches.add(watch);
  }

  private unindex(watch: Watch): void {
    const name = nameOf(watch.db.id, watch.key.toString('latin1'));
    const watches = this.byKey.get(name);
    watches?.delete(watch);
    if (watches?.size === 0) this.byKey.delete(name);
  }

  private all(): Watch[] {
    return [...this.byKey.values()].flatMap((watches) => [...watches]);
  }
}

function nameOf(db: number, key: string): string {
  return `${db}:${key}`;
}
