import type { BatchReader } from '../record/batch-reader.js';
import type { Entry } from '../record/entry.js';
import type { ColdData } from './cold-data.js';
import type { Database } from './database.js';
import { KeyBuilder } from './key-builder.js';
import type { Keyspace } from './keyspace.js';

/** Brings keys that are on disk into memory. Whoever asks for a key that is being loaded shares the load. */
export class Loader {
  /** Keys loaded, and loads under way. */
  loadedCount = 0;
  private readonly keyspace: Keyspace;
  private readonly cold: ColdData;
  private readonly loading = new Map<string, Promise<void>>();

  constructor(keyspace: Keyspace, cold: ColdData) {
    this.keyspace = keyspace;
    this.cold = cold;
  }

  get loadingCount(): number {
    return this.loading.size;
  }

  /** Loads a key; resolves when `find` knows it, until it is dropped again. Rejects with CorruptionError and DiskError. */
  load(db: Database, key: Buffer): Promise<void> {
    const name = `${db.id}:${key.toString('latin1')}`;
    let load = this.loading.get(name);
    if (load === undefined) {
      load = this.read(db, key, name);
      this.loading.set(name, load);
    }
    return load;
  }

  /** Loads a key on this thread, which waits for the disk. Throws CorruptionError and DiskError. */
  loadNow(db: Database, key: Buffer): void {
    const { hasher } = this.keyspace;
    hasher.hash(key, 0, key.length);
    const take = (entry: Entry): void => {
      this.keyspace.absorb(db, key, entry);
      this.loadedCount++;
    };
    let builder: KeyBuilder | undefined;
    const takeParts = (): KeyBuilder => (builder = this.builderOf(db, key));
    try {
      this.cold.loadNow(db.id, key, hasher.high, hasher.low, take, takeParts);
    } finally {
      builder?.abandon();
    }
  }

  private builderOf(db: Database, key: Buffer): KeyBuilder {
    return new KeyBuilder(this.keyspace, db, key, () => {
      this.loadedCount++;
    });
  }

  private async read(db: Database, key: Buffer, name: string): Promise<void> {
    const { hasher } = this.keyspace;
    hasher.hash(key, 0, key.length);
    const { resetCount } = db;
    let builder: KeyBuilder | undefined;
    try {
      const take = (entry: Entry): void => {
        // The database may have been emptied meanwhile: then what was read is from before.
        if (db.resetCount !== resetCount) return;
        this.keyspace.absorb(db, key, entry);
        this.loadedCount++;
      };
      const takeString = (reader: BatchReader): void => {
        if (db.resetCount !== resetCount) return;
        this.keyspace.absorbString(db, key, reader);
        this.loadedCount++;
      };
      const takeParts = (): KeyBuilder => (builder = this.builderOf(db, key));
      await this.cold.load(db.id, key, hasher.high, hasher.low, take, takeString, takeParts);
    } finally {
      this.loading.delete(name);
      builder?.abandon();
    }
  }
}
