/**
 * A disk of entries in plain form: what the keyspace is told of the data that is not in memory, in a form that a reader can check. It gets
 * what the log says, as flushed segments do, and not what the records in memory say.
 *
 * Reads and walks see the disk as it is when they begin. The spec lets reads end.
 */

import { stampMs } from '../../lib/base/stamp.js';
import { POSITION_LIMIT, PositionHasher } from '../../lib/base/position.js';
import type { ColdData, ColdWalk, WalkedKey } from '../../lib/data/cold-data.js';
import { ChangeKind } from '../../lib/record/batch-format.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { entryOfChange } from '../../lib/record/entry-of-record.js';
import type { Cell, Entry } from '../../lib/record/entry.js';
import { CellType, EMPTY_ENTRY, NO_EXPIRY, typeOf } from '../../lib/record/entry.js';
import type { KeyTaker } from '../../lib/record/key-merge.js';
import { standOn } from '../../lib/record/key-merge.js';
import { merge } from '../../lib/record/merge.js';
import { ORIGIN_MAX } from '../../lib/record/pair.js';

const TWO_32 = 4294967296;

interface PendingRead {
  readonly name: string;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

export class MemoryColdData implements ColdData {
  /** While true, every delete has to be remembered, as with a log. */
  isLogging = true;
  /** Keys of which `mayHold` says yes although nothing is there. */
  readonly falsePositives = new Set<string>();
  /** Reads that are under way, oldest first. */
  readonly reads: PendingRead[] = [];
  readCount = 0;
  openWalks = 0;

  private readonly positionKey: Uint8Array;
  private readonly hasher: PositionHasher;
  /** By database, then by key (latin1). */
  private readonly databases = new Map<number, Map<string, Entry>>();
  private readonly floors = new Map<number, number>();
  /** Those of them that a restart finds. */
  private readonly durableFloors = new Map<number, number>();
  private readonly holds: number[] = [];
  private flushedStamp = -1;

  constructor(positionKey: Uint8Array) {
    this.positionKey = positionKey;
    this.hasher = new PositionHasher(positionKey);
  }

  get cleanUpTo(): number {
    return Math.min(this.flushedStamp, ...this.holds);
  }

  mayHold(db: number, high: number, low: number): boolean {
    const isHere = (name: string): boolean => this.positionOf(name) === high * TWO_32 + (low >>> 0);
    return [...this.falsePositives].some(isHere) || [...this.keys(db)].some(([name]) => isHere(name));
  }

  newestStamp(db: number, high: number, low: number): number {
    if (!this.mayHold(db, high, low)) return 0;
    const here = [...this.keys(db)].filter(([name]) => this.positionOf(name) === high * TWO_32 + (low >>> 0));
    const stamps = here.flatMap(([, { deletedUpTo, expiry, cells }]) =>
      [deletedUpTo, expiry.pair, ...[...cells.values()].map(({ pair }) => pair)].map(({ stamp }) => stamp),
    );
    return Math.max(1, ...stamps);
  }

  goneUpTo(): number {
    return 0;
  }

  forgetGone(): void {
    // It never drops a delete.
  }

  keepsDeletes(db: number, high: number, low: number): boolean {
    return this.isLogging || this.mayHold(db, high, low);
  }

  load(
    db: number,
    key: Buffer,
    _high: number,
    _low: number,
    take: (entry: Entry) => void,
    _takeString?: (reader: BatchReader) => void,
    takeParts?: () => KeyTaker,
  ): Promise<void> {
    this.readCount++;
    const name = key.toString('latin1');
    const entry = this.entryOf(db, name);
    const release = this.hold();
    // Every other read of a collection comes in two parts, one now and one when it ends.
    const isInParts = this.readCount % 2 === 0 && entry.cells.size > 0 && typeOf(entry) !== CellType.STRING;
    const finish = isInParts && takeParts !== undefined ? inParts(entry, takeParts()) : undefined;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        if (finish === undefined) take(entry);
        else finish();
        release();
        resolve();
      };
      const fail = (error: Error): void => {
        release();
        reject(error);
      };
      this.reads.push({ name, end, fail });
    });
  }

  loadNow(db: number, key: Buffer, _high: number, _low: number, take: (entry: Entry) => void): void {
    this.readCount++;
    take(this.entryOf(db, key.toString('latin1')));
  }

  isEmpty(db: number): boolean {
    return [...this.keys(db)].length === 0;
  }

  walk(db: number, from: number): ColdWalk {
    const release = this.hold();
    this.openWalks++;
    const left = [...this.keys(db)]
      .filter(([, entry]) => entry.cells.size > 0)
      .map(([name, entry]) => this.walkedKey(name, entry))
      .filter(({ position }) => position >= from)
      .sort((a, b) => a.position - b.position);
    const next = (count: number): WalkedKey[] => {
      const keys: WalkedKey[] = [];
      while (left.length > 0 && (keys.length < count || left[0].position === keys.at(-1)?.position)) {
        keys.push(...left.splice(0, 1));
      }
      walk.position = keys.length < count ? POSITION_LIMIT : (keys.at(-1)?.position ?? from - 1) + 1;
      return keys;
    };
    const walk = {
      position: from,
      next: (count: number): Promise<WalkedKey[]> => Promise.resolve(next(count)),
      close: (): void => {
        release();
        this.openWalks--;
      },
    };
    return walk;
  }

  flushDatabase(db: number, stamp: number): void {
    this.floors.set(db, Math.max(stamp, this.floors.get(db) ?? 0));
  }

  // What the spec does.

  /** The next read ends. */
  endRead(): void {
    this.reads.shift()?.end();
  }

  /** The next read fails. */
  failRead(error: Error): void {
    this.reads.shift()?.fail(error);
  }

  /** What was logged reaches the tables. `upTo`: everything in memory up to this stamp is in there. */
  flush(log: readonly Buffer[], upTo: number): void {
    const reader = new BatchReader();
    for (const batch of log) {
      reader.open(batch, 0, batch.length, 'spec');
      while (reader.next()) this.applyChange(reader);
    }
    this.flushedStamp = upTo;
  }

  /** It is noted which databases were emptied. */
  keepFloors(): void {
    for (const [db, floor] of this.floors) this.durableFloors.set(db, floor);
  }

  /** What is dead or has expired leaves: what a compaction to the bottom does. Returns how many expired keys went, by database. */
  compact(nowMs: number): Map<number, number> {
    const dropped = new Map<number, number>();
    const limit = Math.min(nowMs, stampMs(Math.max(0, this.flushedStamp)));
    for (const [db, keys] of this.databases) {
      for (const [name] of [...keys]) {
        const entry = this.entryAbove(this.durableFloors.get(db), db, name);
        const hasExpired = entry.expiry.atMs !== 0 && entry.expiry.atMs <= limit && entry.cells.size > 0;
        if (hasExpired) dropped.set(db, (dropped.get(db) ?? 0) + 1);
        if (hasExpired || entry.cells.size === 0) keys.delete(name);
      }
    }
    return dropped;
  }

  /** Everything that the disk says of a key. */
  entryOf(db: number, name: string): Entry {
    return this.entryAbove(this.floors.get(db), db, name);
  }

  private entryAbove(floor: number | undefined, db: number, name: string): Entry {
    const entry = this.databases.get(db)?.get(name) ?? EMPTY_ENTRY;
    if (floor === undefined || entry === EMPTY_ENTRY) return entry;
    return merge(entry, { deletedUpTo: { stamp: floor, origin: ORIGIN_MAX }, expiry: NO_EXPIRY, cells: new Map() });
  }

  /** A restart: the same tables, and what they know of emptied databases. */
  restarted(): MemoryColdData {
    const next = new MemoryColdData(this.positionKey);
    next.flushedStamp = this.flushedStamp;
    next.isLogging = this.isLogging;
    for (const name of this.falsePositives) next.falsePositives.add(name);
    for (const [db, keys] of this.databases) {
      next.databases.set(db, new Map(keys));
    }
    for (const [db, floor] of this.durableFloors) {
      next.floors.set(db, floor);
      next.durableFloors.set(db, floor);
    }
    return next;
  }

  private applyChange(reader: BatchReader): void {
    if (reader.kind === ChangeKind.DATABASES) return;
    if (reader.kind === ChangeKind.FLUSH) {
      this.durableFloors.set(reader.db, reader.stamp);
      return;
    }
    const name = reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd);
    const keys = this.databases.get(reader.db) ?? new Map<string, Entry>();
    this.databases.set(reader.db, keys);
    keys.set(name, merge(keys.get(name) ?? EMPTY_ENTRY, entryOfChange(reader)));
  }

  /** Keys of which something counts. */
  private *keys(db: number): Iterable<[string, Entry]> {
    const floor = this.floors.get(db) ?? 0;
    for (const name of this.databases.get(db)?.keys() ?? []) {
      const entry = this.entryOf(db, name);
      if (entry.cells.size > 0 || entry.deletedUpTo.stamp > floor || entry.expiry.pair.stamp > floor) {
        yield [name, entry];
      }
    }
  }

  private walkedKey(name: string, entry: Entry): WalkedKey {
    const type = typeOf(entry);
    if (type === undefined) throw new Error('a key with a value');
    return {
      key: Buffer.from(name, 'latin1'),
      position: this.positionOf(name),
      type,
      expiresAtMs: entry.expiry.atMs,
      entry,
    };
  }

  private positionOf(name: string): number {
    const key = Buffer.from(name, 'latin1');
    this.hasher.hash(key, 0, key.length);
    return this.hasher.high * TWO_32 + (this.hasher.low >>> 0);
  }

  private hold(): () => void {
    const stamp = this.flushedStamp;
    this.holds.push(stamp);
    return () => {
      this.holds.splice(this.holds.indexOf(stamp), 1);
    };
  }
}

/** Gives the first half of an entry's cells now, and the others when what it returns is called. */
function inParts(entry: Entry, taker: KeyTaker): () => void {
  const reader = new BatchReader();
  const cells = [...entry.cells.values()].sort((a, b) => Buffer.compare(a.field, b.field));
  const give = (some: readonly Cell[]): void => {
    for (const cell of some) {
      standOn(reader, cell);
      taker.cell(reader);
    }
  };
  taker.begin(entry.deletedUpTo, entry.expiry, typeOf(entry));
  give(cells.slice(0, cells.length >>> 1));
  return () => {
    give(cells.slice(cells.length >>> 1));
    taker.end();
  };
}
