import { assert } from '../base/assert.js';
import { BatchReader } from '../record/batch-reader.js';
import { EMPTY_ENTRY } from '../record/entry.js';
import type { Entry } from '../record/entry.js';
import { merge } from '../record/merge.js';
import { WriteBatch } from '../record/write-batch.js';
import { EntryDigests } from './entry-digests.js';
import type { KeyEvent } from './key-events.js';
import type { Database, Keyspace } from './keyspace.js';
import { flushedPair } from './keyspace-merge.js';

const NOTHING = Buffer.alloc(0);

/**
 * Runs commands on a copy of one entry, which nobody else sees, and which leaves no trace: what they make of it is told, and nothing else has happened. An entry is the
 * bytes of a batch (record/batch-format.ts) that holds it as a whole; of nothing there are none.
 *
 * What was emptied with the database, or has expired, is removed from the entry first, with stamps of this node: others may think differently of the time.
 */
export class Draft {
  private readonly keyspace: Keyspace;
  private readonly db: Database;
  private readonly reader = new BatchReader();
  private readonly digests: EntryDigests;
  /** Takes what commands add. */
  private readonly added: WriteBatch;
  private readonly result: WriteBatch;
  private isOpen = false;
  /** What the last run has done to the key, if that comes to pass. */
  events: readonly KeyEvent[] = [];

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.db = keyspace.newHiddenDatabase();
    this.digests = new EntryDigests(keyspace);
    this.added = new WriteBatch(keyspace.origin);
    this.result = new WriteBatch(keyspace.origin);
  }

  /**
   * Runs `work` on a database that has nothing but that entry, and returns what it leaves. REQUIRES: it uses no other key, waits for nothing, and makes no draft itself.
   */
  run(key: Buffer, entry: Buffer, work: (db: Database) => void): Buffer {
    const { keyspace, db, added } = this;
    const { batch } = keyspace;
    assert(!this.isOpen, 'one draft at a time');
    this.isOpen = true;
    keyspace.batch = added;
    try {
      db.flushedUpTo = keyspace.database(0).flushedUpTo;
      this.take(key, entry);
      this.events = keyspace.events.collect(() => {
        keyspace.removeExpired(db, key);
        work(db);
      });
      return added.isEmpty && db.flushedUpTo === 0 ? entry : this.bytesOf(key, this.entry(key));
    } finally {
      keyspace.forgetHidden(db, key);
      keyspace.batch = batch;
      added.reset();
      this.isOpen = false;
    }
  }

  /** The merge of some states of a key. */
  merge(key: Buffer, entries: readonly Buffer[]): Buffer {
    const { keyspace, db } = this;
    db.flushedUpTo = 0;
    try {
      for (const entry of entries) this.take(key, entry);
      return this.bytesOf(key, this.entry(key));
    } finally {
      keyspace.forgetHidden(db, key);
    }
  }

  /** Whether everybody sees just that entry of a key; not if the key has to be loaded first. */
  isShown(key: Buffer, entry: Buffer): boolean {
    const { keyspace, db, digests } = this;
    const shown = digests.of(keyspace.database(0), key, 0, key.length);
    if (shown === undefined) return false;
    db.flushedUpTo = keyspace.database(0).flushedUpTo;
    try {
      this.take(key, entry);
      const digest = digests.of(db, key, 0, key.length);
      return digest?.low === shown.low && digest.high === shown.high;
    } finally {
      keyspace.forgetHidden(db, key);
    }
  }

  /** An entry in plain form, as bytes. */
  bytesOf(key: Buffer, entry: Entry): Buffer {
    const { result } = this;
    result.wholeEntry(0, key, entry);
    if (result.isEmpty) return NOTHING;
    const bytes = Buffer.from(result.buffer.subarray(result.start, result.end));
    result.reset();
    return bytes;
  }

  private take(key: Buffer, entry: Buffer): void {
    const { keyspace, db, reader } = this;
    if (entry.length === 0) return;
    reader.open(entry, 0, entry.length, `the entry of ${key.toString('latin1')}`);
    while (reader.next()) keyspace.applyHidden(db, reader);
  }

  private entry(key: Buffer): Entry {
    const { keyspace, db } = this;
    const ref = db.table.find(key, 0, key.length);
    return merge(ref === 0 ? EMPTY_ENTRY : keyspace.entryOf(ref), {
      ...EMPTY_ENTRY,
      deletedUpTo: flushedPair(db),
    });
  }
}
