import type { EraStore } from '../../cluster/consensus/consensus.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import type { Draft } from '../../data/draft.js';
import type { Keyspace } from '../../data/keyspace.js';
import { EMPTY_ENTRY } from '../../record/entry.js';
import { batchOf, beginEraEntry, deletedAt, withBatch } from './era-entry.js';
import type { KeyspaceEntries } from './keyspace-entries.js';

/** The keyspace, as consensus about keys reads and changes it. */
export class EraEntries implements EraStore {
  private readonly keyspace: Keyspace;
  private readonly entries: KeyspaceEntries;
  private readonly draft: Draft;
  private readonly bounds: SlotBounds;

  constructor(keyspace: Keyspace, entries: KeyspaceEntries, draft: Draft, bounds: SlotBounds) {
    this.keyspace = keyspace;
    this.entries = entries;
    this.draft = draft;
    this.bounds = bounds;
  }

  plainEntry(key: Buffer): Buffer | undefined {
    const { keyspace, draft } = this;
    const db = keyspace.database(0);
    if (keyspace.isCold(db, key, 0, key.length)) return undefined;
    const ref = db.table.find(key, 0, key.length);
    // A partial record that is not cold says nothing that counts any more.
    const isKnown = ref !== 0 && !keyspace.heap.isPartial(ref);
    return draft.bytesOf(key, isKnown ? keyspace.entryOf(ref) : EMPTY_ENTRY);
  }

  load(key: Buffer): Promise<void> {
    return this.entries.load(key);
  }

  merge(key: Buffer, entries: readonly Buffer[]): Buffer {
    return beginEraEntry(this.draft.merge(key, entries));
  }

  mergeInto(key: Buffer, entry: Buffer, entries: readonly Buffer[]): Buffer {
    if (deletedAt(entry) === undefined) return entry;
    const batch = batchOf(entry);
    const merged = beginEraEntry(this.draft.merge(key, [batch, ...entries]));
    // If nothing was put since, it is still the same key that began with a plain put, or did not.
    return deletedAt(merged) === undefined ? merged : withBatch(entry, batchOf(merged));
  }

  deletedAt(entry: Buffer): number | undefined {
    return deletedAt(entry);
  }

  isGone(key: Buffer): boolean | undefined {
    const digest = this.entries.digest(key);
    if (digest === undefined) return undefined;
    const nothing = this.entries.digestOfNothing(key);
    return digest.high === nothing.high && digest.low === nothing.low;
  }

  settledUpTo(slot: number): number {
    return this.bounds.dead.of(slot);
  }

  left(key: Buffer, entry: Buffer): Buffer {
    const batch = batchOf(entry);
    const after = this.draft.run(key, batch, () => undefined);
    return after === batch ? entry : withBatch(entry, after);
  }

  get flushedUpTo(): number {
    return this.keyspace.database(0).flushedUpTo;
  }

  show(key: Buffer, entry: Buffer, isNew: boolean): void {
    const batch = batchOf(entry);
    // Who was only read was not changed: whoever watches it would have to begin anew.
    if (batch.length === 0 || (!isNew && this.draft.isShown(key, batch))) return;
    this.entries.takeDecided(batch);
  }
}
