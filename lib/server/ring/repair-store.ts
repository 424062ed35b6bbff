import type { DamagedTables, DigestedData, RepairStore } from '../../cluster/repair/ports.js';
import { RepairFailedError } from '../../cluster/repair/repair-calls.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import type { Database, Keyspace } from '../../data/keyspace.js';
import type { Loader } from '../../data/loader.js';
import type { Timers } from '../../host/ports.js';
import { SLOT_SPAN } from '../../base/position.js';
import type { Entry } from '../../record/entry.js';
import { EMPTY_ENTRY } from '../../record/entry.js';
import { entryOfRecord } from '../../record/entry-of-record.js';
import { lostDeletes } from '../../record/lost-deletes.js';
import { merge, mergeAll } from '../../record/merge.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Sum } from '../../record/leaf-sums.js';
import { addDigest } from '../../record/leaf-sums.js';
import { WriteBatch } from '../../record/write-batch.js';
import type { Store } from '../../storage/engine/store.js';
import type { KeyspaceEntries } from './keyspace-entries.js';
import type { Persistence } from '../persistence.js';

/** So many keys are looked at, then others go on. */
const SLICE_KEYS = 256;
/** A leaf has few, mostly. */
const WALKED_KEYS = 16;

export interface KeyspaceRepairOptions {
  readonly keyspace: Keyspace;
  readonly store: Store;
  readonly persistence: Persistence;
  readonly entries: KeyspaceEntries;
  readonly loader: Loader;
  readonly timers: Timers;
  readonly bounds: SlotBounds;
  /** Whether more that is removed would pile up. */
  readonly isBehind: () => boolean;
  /** Has a key decided once more. */
  readonly rewrite: (key: Buffer) => void;
}

/** The data of this node, as repair compares and changes it. */
export class KeyspaceRepair implements RepairStore {
  private readonly options: KeyspaceRepairOptions;
  private readonly db: Database;
  private sliceKeys = 0;

  constructor(options: KeyspaceRepairOptions) {
    this.options = options;
    this.db = options.keyspace.database(0);
  }

  get floor(): number {
    return this.db.flushedUpTo;
  }

  raiseFloor(stamp: number): void {
    const batch = new WriteBatch(this.options.keyspace.origin);
    batch.flush(this.db.id, stamp);
    this.takeOver(Buffer.from(batch.buffer.subarray(batch.start, batch.end)));
  }

  get mark(): string {
    const { store } = this.options;
    return [
      store.position,
      this.floor,
      this.options.bounds.dead.riseCount,
      ...store.quarantinedIn(this.db.id).map(({ id }) => id),
    ].join();
  }

  digestAll(): Promise<DigestedData> {
    return this.options.persistence.digest(this.db.id);
  }

  async keysBetween(start: number, end: number): Promise<Buffer[]> {
    const { keyspace, store } = this.options;
    const { db } = this;
    const names = new Set<string>();
    // What leaves the memory after it was looked at is on disk by then.
    for (let at = start; at < end;) {
      const before = names.size;
      at = db.table.walk(at, WALKED_KEYS, (ref, position) => {
        if (position < end) names.add(keyspace.heap.key(ref).toString('latin1'));
      });
      await this.rest(names.size - before);
    }
    this.checkOpen();
    for (const name of await store.keysBetween(db.id, start, end)) names.add(name);
    return Array.from(names, (name) => Buffer.from(name, 'latin1'));
  }

  positionOf(key: Buffer): number {
    const { hasher } = this.options.keyspace;
    hasher.hash(key, 0, key.length);
    return hasher.position;
  }

  async addTo(sum: Sum, key: Buffer): Promise<void> {
    const { entries } = this.options;
    await this.rest(1);
    let digest = entries.digest(key);
    for (; digest === undefined; digest = entries.digest(key)) await this.loadOwn(key);
    const nothing = entries.digestOfNothing(key);
    if (digest.high === nothing.high && digest.low === nothing.low) return;
    addDigest(sum, this.positionOf(key), digest.high, digest.low);
  }

  async batchesOf(key: Buffer): Promise<Buffer[]> {
    const { entries } = this.options;
    while (entries.digest(key) === undefined) await this.loadOwn(key);
    return entries.batchesOf(key);
  }

  load(key: Buffer): Promise<void> {
    return this.options.entries.load(key);
  }

  takeOver(batch: Buffer): void {
    this.options.entries.takeOver(batch);
  }

  takeOffer(batch: Buffer): void {
    this.options.entries.takeOffer(batch);
  }

  takeBack(batch: Buffer): void {
    this.options.entries.takeBack(batch);
  }

  get isBehind(): boolean {
    return this.options.isBehind();
  }

  async expire(key: Buffer): Promise<void> {
    const { entries, keyspace } = this.options;
    await this.rest(1);
    if (entries.digest(key) === undefined) await this.loadOwn(key);
    if (keyspace.removesExpired) keyspace.onExpired?.(this.db, key);
  }

  async forget(key: Buffer, others: readonly Buffer[]): Promise<void> {
    const { entries, keyspace, store } = this.options;
    const settledUpTo = keyspace.deadUpTo?.at(this.positionOf(key)) ?? 0;
    if (settledUpTo === 0 || entries.isEraOne(key)) return;
    const { high, low } = keyspace.hasher;
    let onDisk = EMPTY_ENTRY;
    const take = (entry: Entry): void => {
      onDisk = entry;
    };
    this.checkOpen();
    await store.load(this.db.id, key, high, low, take, undefined, undefined, true);
    const ref = this.db.table.find(key, 0, key.length);
    const inMemory = ref === 0 ? EMPTY_ENTRY : keyspace.entryOf(ref);
    const mine = ref !== 0 && !keyspace.heap.isPartial(ref) ? inMemory : merge(onDisk, inMemory);
    const batch = new WriteBatch(keyspace.origin);
    batch.wholeEntry(this.db.id, key, lostDeletes(mine, entryOfBatches(others), settledUpTo));
    if (!batch.isEmpty) this.takeBack(Buffer.from(batch.buffer.subarray(batch.start, batch.end)));
  }

  async sync(): Promise<void> {
    const { persistence, store } = this.options;
    if (!store.isLogging) throw new Error('there is no log');
    await persistence.sync();
  }

  get deletesDropped(): number {
    return this.options.store.deletesDropped;
  }

  get marksDropped(): number {
    return this.options.store.marksDropped;
  }

  onDeadRisen(): void {
    this.options.store.onDeadRisen();
  }

  rewrite(key: Buffer): void {
    if (this.options.entries.isEraOne(key)) this.options.rewrite(key);
  }

  logAgain(key: Buffer): void {
    const { entries } = this.options;
    if (entries.digest(key) === undefined) return;
    for (const batch of entries.batchesOf(key)) this.takeBack(batch);
  }

  get damaged(): DamagedTables | undefined {
    const tables = this.options.store.quarantinedIn(this.db.id);
    if (tables.length === 0) return undefined;
    return {
      ids: tables.map(({ id }) => id),
      firstSlot: Math.floor(Math.min(...tables.map(({ smallest }) => smallest)) / SLOT_SPAN),
      lastSlot: Math.floor(Math.max(...tables.map(({ largest }) => largest)) / SLOT_SPAN),
    };
  }

  async dropDamaged({ ids }: DamagedTables): Promise<void> {
    const { persistence, store } = this.options;
    // What has come in their place must be as durable as they were.
    await persistence.sync();
    this.db.isEstimate = true;
    await store.dropQuarantined(ids);
  }

  async rest(keys: number): Promise<void> {
    this.sliceKeys += keys;
    if (this.sliceKeys < SLICE_KEYS) return;
    this.sliceKeys = 0;
    await new Promise<void>((resolve) => {
      this.options.timers.endOfTurn(resolve);
    });
  }

  private async loadOwn(key: Buffer): Promise<void> {
    this.checkOpen();
    await this.options.loader.loadOwn(this.db, key);
  }

  /** Repair rests between keys, and the node may have closed its data meanwhile. */
  private checkOpen(): void {
    if (!this.options.store.isOpen) throw new RepairFailedError('this node has stopped');
  }
}

/** What batches say of the one key that they are about. */
function entryOfBatches(batches: readonly Buffer[]): Entry {
  const reader = new BatchReader();
  const entries: Entry[] = [];
  for (const batch of batches) {
    reader.open(batch, 0, batch.length, 'what another member has of a key');
    while (reader.offset < batch.length) entries.push(entryOfRecord(reader));
  }
  return mergeAll(entries);
}
