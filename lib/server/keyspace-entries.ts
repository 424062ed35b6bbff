import { createHash } from 'node:crypto';

import { SLOT_COUNT, slotOf } from '../base/position.js';
import type { Digest } from '../cluster/coordination/state-messages.js';
import type { Keyspace } from '../data/keyspace.js';
import type { Loader } from '../data/loader.js';
import { ChangeKind } from '../record/batch-format.js';
import { BatchReader } from '../record/batch-reader.js';
import { WriteBatch } from '../record/write-batch.js';
import { RecordHead } from '../storage/memory/record-heap.js';
import type { ForeignBatches, Superseded, Undecided } from './foreign-batches.js';
import type { RingStore, Taken } from './ring-part.js';

/** The keyspace, entry by entry, as other members ask for it and change it. */
export class KeyspaceEntries implements RingStore {
  private readonly keyspace: Keyspace;
  private readonly batches: ForeignBatches;
  private readonly loader: Loader;
  private readonly reader = new BatchReader();
  private readonly head = new RecordHead();
  private readonly changes = new Uint32Array(SLOT_COUNT);

  constructor(keyspace: Keyspace, batches: ForeignBatches, loader: Loader) {
    this.keyspace = keyspace;
    this.batches = batches;
    this.loader = loader;
  }

  digest(key: Buffer): Digest | undefined {
    const { keyspace } = this;
    const db = keyspace.database(0);
    if (keyspace.isCold(db, key, 0, key.length)) return undefined;
    const place = db.table.find(key, 0, key.length);
    return place === 0 ? { low: 0, high: 0 } : digestOf(keyspace, place);
  }

  load(key: Buffer): Promise<void> {
    return this.loader.load(this.keyspace.database(0), key);
  }

  batchesOf(key: Buffer): Buffer[] {
    const { keyspace } = this;
    const db = keyspace.database(0);
    keyspace.hasher.hash(key, 0, key.length);
    const place = db.table.find(key, 0, key.length);
    if (place === 0) return [];
    const batch = new WriteBatch(0);
    batch.wholeEntry(0, key, keyspace.entryOf(place));
    return batch.isEmpty ? [] : [Buffer.from(batch.buffer.subarray(batch.start, batch.end))];
  }

  takeOver(bytes: Buffer): Taken {
    this.countChanges(bytes);
    const { superseded, undecided } = this.batches.take(bytes, 0, bytes.length, 'a batch of another member');
    return { superseded, later: undecided.length === 0 ? undefined : this.decide(undecided) };
  }

  putAgain(bytes: Buffer, keyAt: number, stamp: number): boolean {
    const { reader, keyspace } = this;
    keyspace.clock.observe(stamp);
    reader.open(bytes, 0, bytes.length, 'a batch of this node');
    while (reader.next()) {
      if (reader.keyStart !== keyAt) continue;
      const { origin, stamp: before, keyEnd, valueStart, valueEnd } = reader;
      let expiry = 0;
      while (!reader.isRecordEnd && reader.next()) if (reader.kind === ChangeKind.EXPIRY) expiry = reader.atMs;
      const place = this.placeOf(bytes, keyAt, keyEnd);
      if (place !== 0) {
        keyspace.heap.read(place, this.head);
        if (this.head.origin === origin && this.head.stamp > before) return false;
      }
      keyspace.findBlind(keyspace.database(0), bytes, keyAt, keyEnd);
      keyspace.put(bytes, valueStart, valueEnd, expiry);
      return true;
    }
    return false;
  }

  foreignChanges(slot: number): number {
    return this.changes[slot];
  }

  /** Loads the keys of puts of which nobody knows yet whether the disk has something newer. What cannot be read is taken to be older. */
  private async decide(undecided: readonly Undecided[]): Promise<readonly Superseded[]> {
    const { keyspace, loader } = this;
    await Promise.allSettled(undecided.map(({ db, key }) => loader.load(keyspace.physicalDatabase(db), key)));
    return undecided.flatMap(({ record, db, key, stamp, origin }) => {
      const newer = keyspace.newerThan(keyspace.physicalDatabase(db), key, 0, key.length, stamp, origin);
      return newer > 0 ? [{ record, stamp: newer }] : [];
    });
  }

  private countChanges(bytes: Buffer): void {
    const { reader } = this;
    reader.open(bytes, 0, bytes.length, 'a batch of another member');
    while (reader.next()) {
      const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
      if (isOfKey && reader.isRecordEnd) this.changes[slotOf(bytes, reader.keyStart, reader.keyEnd)]++;
    }
  }

  private placeOf(bytes: Buffer, start: number, end: number): number {
    return this.keyspace.database(0).table.find(bytes, start, end);
  }
}

function digestOf(keyspace: Keyspace, place: number): Digest {
  const { deletedUpTo, expiry, cells } = keyspace.entryOf(place);
  const words = [...cells].map(([key, { pair, value, expiresAtMs }]) =>
    [key, pair.stamp, pair.origin, value === undefined, expiresAtMs].join(' '),
  );
  const text = JSON.stringify([deletedUpTo, expiry, words.sort()]);
  const hash = createHash('sha1').update(text, 'latin1').digest();
  return { low: hash.readUInt32LE(0), high: hash.readUInt32LE(4) };
}
