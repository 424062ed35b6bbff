import { SLOT_COUNT, slotOf } from '../../base/position.js';
import type { Consensus, EraStore } from '../../cluster/consensus/consensus.js';
import { ERA_STAMP } from '../../cluster/replication/acknowledgement.js';
import type { SlotBounds } from '../../cluster/repair/slot-bounds.js';
import type { KeySummary } from '../../cluster/coordination/inquiries.js';
import type { Digest } from '../../cluster/coordination/state-messages.js';
import type { Draft } from '../../data/draft.js';
import { EntryDigests } from '../../data/entry-digests.js';
import { EntryPages } from '../../data/entry-pages.js';
import type { Keyspace } from '../../data/keyspace.js';
import type { Loader } from '../../data/loader.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import { siblingsOf } from '../../record/composed-string.js';
import { CellType } from '../../record/entry.js';
import { RecordHead } from '../../storage/memory/record-head.js';
import { EraEntries } from './era-entries.js';
import { withoutKeys } from './era-filter.js';
import type { ForeignBatches, Superseded, Undecided } from './foreign-batches.js';
import { RefusedPut } from './refused-put.js';
import type { RingStore, Taken } from './ring-store.js';
import { SettledFilter } from './settled-filter.js';

/** What others are sent of an entry comes in batches of about this. */
const PAGE_BYTES = 256 * 1024;

/** The keyspace, entry by entry, as other members ask for it and change it. */
export class KeyspaceEntries implements RingStore {
  /** What consensus decides about; undefined until that is known. */
  eras: Pick<Consensus, 'isEmpty' | 'mayHold' | 'isEraOne'> | undefined;
  readonly eraStore: EraStore;
  onSlot: ((slot: number) => void) | undefined;
  private readonly keyspace: Keyspace;
  private readonly batches: ForeignBatches;
  private readonly settled: SettledFilter;
  private readonly loader: Loader;
  private readonly draft: Draft;
  private readonly digests: EntryDigests;
  private readonly reader = new BatchReader();
  private readonly head = new RecordHead();
  private readonly changes = new Uint32Array(SLOT_COUNT);

  constructor(keyspace: Keyspace, batches: ForeignBatches, loader: Loader, draft: Draft, bounds: SlotBounds) {
    this.settled = new SettledFilter(bounds);
    this.keyspace = keyspace;
    this.eraStore = new EraEntries(keyspace, this, draft, bounds);
    this.digests = new EntryDigests(keyspace);
    this.batches = batches;
    this.loader = loader;
    this.draft = draft;
  }

  digest(key: Buffer): Digest | undefined {
    return this.digests.of(this.keyspace.database(0), key, 0, key.length);
  }

  /** That of a key of which nothing is known that counts. */
  digestOfNothing(key: Buffer): Digest {
    return this.digests.ofNothing(this.keyspace.database(0), key);
  }

  summary(key: Buffer): KeySummary | undefined {
    const digest = this.digest(key);
    if (digest === undefined) return undefined;
    const { keyspace } = this;
    const { heap } = keyspace;
    const ref = this.placeOf(key, 0, key.length);
    const era = this.eras?.isEraOne(key) === true ? 1 : 0;
    if (ref === 0) return { digest, stamp: 0, origin: 0, siblings: 0, era };
    const isThere = !heap.isEmpty(ref);
    const siblings = heap.type(ref) === CellType.VERSIONED ? siblingsOf(keyspace.entryOf(ref).cells).length : 1;
    return { digest, stamp: heap.newestStamp(ref), origin: heap.origin(ref), siblings: isThere ? siblings : 0, era };
  }

  load(key: Buffer): Promise<void> {
    return this.loader.load(this.keyspace.database(0), key);
  }

  batchesOf(key: Buffer): Buffer[] {
    const pages = new EntryPages(this.keyspace, this.keyspace.database(0), key, PAGE_BYTES);
    const batches: Buffer[] = [];
    for (let page = pages.next(); page !== undefined; page = pages.next()) batches.push(page);
    return batches;
  }

  takeOver(bytes: Buffer): Taken {
    const filtered = this.settled.filter(bytes, this.countChanges(bytes));
    if (filtered === undefined) return this.takePlain(bytes);
    return inPlace(this.takePlain(filtered.batch), filtered.kept, filtered.superseded);
  }

  /** See RepairStore. */
  takeOffer(bytes: Buffer): void {
    this.countChanges(bytes);
    const filtered = this.settled.filterOffered(bytes);
    this.takePlain(filtered?.batch ?? bytes);
  }

  takeBack(bytes: Buffer): Taken {
    const { keyspace } = this;
    this.countChanges(bytes, (slot) => {
      keyspace.forgetGone(keyspace.database(0), slot);
    });
    return this.takePlain(bytes);
  }

  /** The entry of a key was decided: it takes the place of what was there, however late it is known. */
  takeDecided(bytes: Buffer): void {
    this.settled.note(bytes, this.countChanges(bytes));
    this.take(bytes);
  }

  isEraOne(key: Buffer): boolean {
    return this.hasEraOne && this.isEraOneAt(key, 0, key.length);
  }

  /** The key at `start` in a batch. */
  keyAt(batch: Buffer, start: number): Buffer | undefined {
    const { reader } = this;
    reader.open(batch, 0, batch.length, 'a batch of this node');
    while (reader.next()) if (reader.keyStart === start) return Buffer.from(batch.subarray(start, reader.keyEnd));
    return undefined;
  }

  /** About how many bytes a key has in memory. */
  sizeOf(key: Buffer): number {
    const { heap } = this.keyspace;
    const ref = this.placeOf(key, 0, key.length);
    if (ref === 0) return 0;
    const large = heap.isLarge(ref) ? heap.large.get(heap.largeIndex(ref)) : undefined;
    return large === undefined ? heap.valueLength(ref) : large.usedBytes;
  }

  putAgain(bytes: Buffer, keyAt: number, stamp: number): number | undefined {
    const { reader, keyspace } = this;
    keyspace.clock.observe(stamp);
    reader.open(bytes, 0, bytes.length, 'a batch of this node');
    while (reader.next()) {
      if (reader.keyStart !== keyAt) continue;
      const { origin, stamp: before, keyEnd, valueStart, valueEnd } = reader;
      let expiry = 0;
      while (!reader.isRecordEnd && reader.next()) if (reader.kind === ChangeKind.EXPIRY) expiry = reader.atMs;
      if (keyspace.database(0).flushedHereAt > before) return undefined;
      // It is declared to be no put, since then.
      if (keyspace.declared.keepsSiblings(bytes, keyAt, keyEnd)) return undefined;
      const place = this.placeOf(bytes, keyAt, keyEnd);
      if (place !== 0) {
        keyspace.heap.read(place, this.head);
        if (this.head.origin === origin && this.head.stamp > before) return undefined;
      }
      this.onSlot?.(slotOf(bytes, keyAt, keyEnd));
      keyspace.findBlind(keyspace.database(0), bytes, keyAt, keyEnd);
      keyspace.put(bytes, valueStart, valueEnd, expiry);
      return keyspace.clock.latest;
    }
    return undefined;
  }

  refusedPut(bytes: Buffer, before: readonly number[]): RefusedPut {
    return new RefusedPut(this.keyspace, this.draft, bytes, before);
  }

  foreignChanges(slot: number): number {
    return this.changes[slot];
  }

  /** Loads the keys of puts of which nobody knows yet whether the disk has something newer. What cannot be read may be as new as anything on disk. */
  private async decide(undecided: readonly Undecided[]): Promise<readonly Superseded[]> {
    const { keyspace, loader } = this;
    const loads = await Promise.allSettled(
      undecided.map(({ db, key }) => loader.load(keyspace.physicalDatabase(db), key)),
    );
    return undecided.flatMap(({ record, db, key, stamp, origin }, i) => {
      if (loads[i].status === 'rejected') {
        keyspace.hasher.hash(key, 0, key.length);
        const newest = keyspace.cold.newestStamp(db, keyspace.hasher.high, keyspace.hasher.low);
        return newest > stamp ? [{ record, stamp: newest }] : [];
      }
      const newer = keyspace.newerThan(keyspace.physicalDatabase(db), key, 0, key.length, stamp, origin);
      return newer > 0 ? [{ record, stamp: newer }] : [];
    });
  }

  /** But for keys that consensus decides about. */
  private takePlain(bytes: Buffer): Taken {
    const filtered = this.hasEraOne ? withoutKeys(bytes, (...place) => this.isEraOneAt(...place)) : undefined;
    if (filtered === undefined) return this.take(bytes);
    const eras = filtered.dropped.map((record) => ({ record, stamp: ERA_STAMP }));
    return inPlace(this.take(filtered.batch), filtered.kept, eras);
  }

  private take(bytes: Buffer): Taken {
    const { superseded, undecided } = this.batches.take(bytes, 0, bytes.length, 'a batch of another member');
    return { superseded, later: undecided.length === 0 ? undefined : this.decide(undecided) };
  }

  private get hasEraOne(): boolean {
    return this.eras?.isEmpty === false;
  }

  private isEraOneAt(bytes: Buffer, start: number, end: number): boolean {
    const slot = slotOf(bytes, start, end);
    return this.eras?.mayHold(slot) === true && this.eras.isEraOne(bytes.subarray(start, end), slot);
  }

  /** Returns the lowest stamp. `onSlot`: is called for each record of a key. */
  private countChanges(bytes: Buffer, onSlot?: (slot: number) => void): number {
    const { reader } = this;
    let lowestStamp = Infinity;
    reader.open(bytes, 0, bytes.length, 'a batch of another member');
    while (reader.next()) {
      if (reader.stamp < lowestStamp) lowestStamp = reader.stamp;
      const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
      if (!isOfKey || !reader.isRecordEnd) continue;
      const slot = slotOf(bytes, reader.keyStart, reader.keyEnd);
      this.changes[slot]++;
      this.onSlot?.(slot);
      onSlot?.(slot);
    }
    return lowestStamp;
  }

  private placeOf(bytes: Buffer, start: number, end: number): number {
    return this.keyspace.database(0).table.find(bytes, start, end);
  }
}

/** What became of a batch of which only the records `kept` were taken, and `others` are known already. */
function inPlace({ superseded, later }: Taken, kept: readonly number[], others: readonly Superseded[]): Taken {
  const place = (one: Superseded): Superseded => ({ ...one, record: kept[one.record] });
  return {
    superseded: [...superseded.map(place), ...others],
    later: later?.then((each) => each.map(place)),
  };
}
