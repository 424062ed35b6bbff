import { CorruptionError } from '../base/errors.js';
import type { BatchReader } from '../record/batch-reader.js';
import type { Entry } from '../record/entry.js';
import { DamagedDataError } from '../storage/engine/damaged-data-error.js';
import type { ColdData } from './cold-data.js';
import type { Database } from './database.js';
import { KeyBuilder } from './key-builder.js';
import type { Keyspace } from './keyspace.js';

/** Brings keys that are on disk into memory. Whoever asks for a key that is being loaded shares the load. */
export class Loader {
  /** Keys loaded, and loads under way. */
  loadedCount = 0;
  /** Takes over what others have of a key of database 0 whose data is damaged here. Without it, such keys are not to be read. */
  restore: ((key: Buffer) => Promise<void>) | undefined;
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
    return this.share(nameOf(db, key), () => this.read(db, key));
  }

  /** The same, if nothing of it is damaged here. */
  loadOwn(db: Database, key: Buffer): Promise<void> {
    return this.share(`own ${nameOf(db, key)}`, () => this.readOwn(db, key, false));
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

  private share(name: string, read: () => Promise<void>): Promise<void> {
    let load = this.loading.get(name);
    if (load === undefined) {
      load = read().finally(() => {
        this.loading.delete(name);
      });
      this.loading.set(name, load);
    }
    return load;
  }

  private async read(db: Database, key: Buffer): Promise<void> {
    try {
      await this.readOwn(db, key, false);
    } catch (error) {
      const isDamaged = error instanceof CorruptionError || error instanceof DamagedDataError;
      if (!isDamaged || this.restore === undefined || db.id !== 0) throw error;
      await this.restore(key);
      await this.readOwn(db, key, true);
    }
  }

  /** `isRestored`: what tables in quarantine may have is known from elsewhere. */
  private async readOwn(db: Database, key: Buffer, isRestored: boolean): Promise<void> {
    const { hasher } = this.keyspace;
    hasher.hash(key, 0, key.length);
    const { slot } = hasher;
    const life = db.lifeOf(slot);
    let builder: KeyBuilder | undefined;
    try {
      const take = (entry: Entry): void => {
        // The database may have been emptied meanwhile, or the slot given up: then what was read is from before.
        if (db.lifeOf(slot) !== life) return;
        this.keyspace.absorb(db, key, entry);
        this.loadedCount++;
      };
      const takeString = (reader: BatchReader): void => {
        if (db.lifeOf(slot) !== life) return;
        this.keyspace.absorbString(db, key, reader);
        this.loadedCount++;
      };
      const takeParts = (): KeyBuilder => (builder = this.builderOf(db, key));
      await this.cold.load(db.id, key, hasher.high, hasher.low, take, takeString, takeParts, isRestored);
    } finally {
      builder?.abandon();
    }
  }
}

function nameOf(db: Database, key: Buffer): string {
  return `${db.id}:${key.toString('latin1')}`;
}
