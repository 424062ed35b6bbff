/** A keyspace over a disk of entries (memory-cold-data.ts): its log is closed, flushed and replayed when the spec says so. */

import { POSITION_LIMIT, PositionHasher } from '../../lib/base/position.js';
import { COLD_KEY } from '../../lib/data/cold-data.js';
import { spillSome } from '../../lib/data/eviction.js';
import { Loader } from '../../lib/data/loader.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import type { Entry } from '../../lib/record/entry.js';
import { CellType, WHOLE, cellKey, isLive } from '../../lib/record/entry.js';
import { merge } from '../../lib/record/merge.js';
import type { Visible } from './keyspace-bench.js';
import { KeyspaceBench, ORIGIN, SteppedSnapshot } from './keyspace-bench.js';
import { MemoryColdData } from './memory-cold-data.js';

const POSITION_KEY = Buffer.from('position');

/** What is kept beside the tables: what was true when the log up to there was closed. */
interface Facts {
  readonly stamp: number;
  readonly counts: readonly { keyCount: number; expiringCount: number; isEstimate: boolean }[];
  /** A batch with the map of databases. */
  readonly map: readonly Buffer[];
}

interface Segment extends Facts {
  readonly log: readonly Buffer[];
}

export class ColdBench extends KeyspaceBench {
  readonly loader: Loader;
  readonly disk: MemoryColdData;
  private readonly databaseCount: number;
  private segments: Segment[] = [];
  private flushed: Facts | undefined;
  private save: SteppedSnapshot | undefined;

  constructor(databaseCount = 3, disk = new MemoryColdData(POSITION_KEY), origin = ORIGIN) {
    super(databaseCount, new PositionHasher(POSITION_KEY), disk, origin);
    this.databaseCount = databaseCount;
    this.disk = disk;
    this.loader = new Loader(this.keyspace, disk);
  }

  /** Puts the cursor on a key, loading it first if it has to be; whether it is there. */
  async findWarm(number: number, name: string): Promise<boolean> {
    for (;;) {
      const before = this.fingerprint();
      try {
        return this.find(number, name);
      } catch (error) {
        if (error !== COLD_KEY) throw error;
        if (this.fingerprint() !== before) throw new Error('COLD_KEY came after a change', { cause: error });
        await this.loadMissing();
      }
    }
  }

  /** Everything that a look in vain must leave as it is: a record that the disk has may go. */
  fingerprint(): string {
    const { keyspace, batch, log } = this;
    const counts = Array.from({ length: this.databaseCount }, (_, id) => {
      const { keyCount, expiringCount, isEstimate } = keyspace.physicalDatabase(id);
      return [keyCount, expiringCount, isEstimate];
    });
    const { changeCount, hits, misses, expiredCount } = keyspace;
    return JSON.stringify([counts, batch.byteLength, log.length, changeCount, hits, misses, expiredCount]);
  }

  /** Puts the cursor on a key for a write that does not look. */
  findBlind(number: number, name: string): void {
    const key = Buffer.from(`..${name}.`, 'latin1');
    this.keyspace.findBlind(this.database(number), key, 2, key.length - 1);
  }

  /** Reads what `find` did not find. All reads that are under way end. */
  async loadMissing(): Promise<void> {
    const { missing } = this.keyspace;
    if (missing === undefined) throw new Error('nothing is missing');
    const load = this.loader.load(missing.db, missing.key);
    this.endReads();
    await load;
  }

  /** All reads that are under way end. */
  endReads(): void {
    while (this.disk.reads.length > 0) this.disk.endRead();
  }

  /** Drops every record that may be dropped. */
  dropClean(): void {
    while (spillSome(this.keyspace, 1) > 0);
  }

  /** Drops what deleted keys have left, where it may be dropped. */
  sweep(): void {
    for (let number = 0; number < this.databaseCount; number++) {
      const db = this.database(number);
      for (let position = 0; position < POSITION_LIMIT;) position = this.keyspace.sweepFrom(db, position);
    }
  }

  /** The log so far becomes a closed segment. */
  closeSegment(): void {
    this.endTurn();
    const counts = Array.from({ length: this.databaseCount }, (_, id) => {
      const { keyCount, expiringCount, isEstimate } = this.keyspace.physicalDatabase(id);
      return { keyCount, expiringCount, isEstimate };
    });
    const batch = new WriteBatch(ORIGIN);
    this.keyspace.writeDatabases(batch);
    const map = batch.isEmpty ? [] : [Buffer.from(batch.buffer.subarray(batch.start, batch.end))];
    this.segments.push({ stamp: this.keyspace.clock.latest, counts, map, log: this.log.splice(0) });
  }

  /** The oldest closed segment reaches the tables. */
  flushSegment(): void {
    const segment = this.segments.shift();
    if (segment === undefined) return;
    this.disk.flush(segment.log, segment.stamp);
    this.flushed = segment;
  }

  /** Everything that was written reaches the tables. */
  flushAll(): void {
    this.closeSegment();
    while (this.segments.length > 0) this.flushSegment();
  }

  /**
   * Without a log: goes one step on saving what the tables do not have, and begins to if that is not under way. What is changed meanwhile is
   * logged. True when the save is complete.
   */
  saveStep(): boolean {
    const { disk } = this;
    if (this.save === undefined) {
      this.endTurn();
      this.log.length = 0;
      disk.isLogging = true;
      this.save = new SteppedSnapshot(this.keyspace);
    }
    if (this.save.step()) return false;
    this.endTurn();
    this.log.unshift(...this.save.frames);
    this.save = undefined;
    this.flushAll();
    disk.keepFloors();
    disk.isLogging = false;
    return true;
  }

  /** Without a log: what has changed since the last save is lost. */
  restartedFromSave(): ColdBench {
    this.endTurn();
    this.log.length = 0;
    this.disk.isLogging = false;
    return this.restarted();
  }

  /** What has expired leaves the tables, and what is dead. */
  compact(): void {
    const kept = [...this.segments, ...(this.flushed === undefined ? [] : [this.flushed])];
    for (const [db, count] of this.disk.compact(this.nowMs)) {
      for (const counts of [this.keyspace.physicalDatabase(db), ...kept.map((facts) => facts.counts[db])]) {
        counts.keyCount -= count;
        counts.isEstimate = true;
      }
    }
  }

  /** A fresh start: the tables, what was kept beside them, and the log that is not in them. */
  restarted(): ColdBench {
    this.endTurn();
    const next = new ColdBench(this.databaseCount, this.disk.restarted());
    next.nowMs = this.nowMs;
    next.advance(0);
    next.flushed = this.flushed;
    next.keyspace.clock.observe(this.flushed?.stamp ?? 0);
    this.flushed?.counts.forEach((counts, id) => Object.assign(next.keyspace.physicalDatabase(id), counts));
    next.replay(this.flushed?.map ?? []);
    // Counts are as of now only when all is replayed, so that the facts of segments in between have to be taken there.
    for (const segment of this.segments) {
      next.replay(segment.log);
      next.log.push(...segment.log);
      next.closeSegment();
    }
    next.replay(this.log);
    next.log.push(...this.log);
    if (!next.batch.isEmpty) throw new Error('replay logs nothing');
    return next;
  }

  /** What the memory and the disk together say of a key. */
  entryOf(physical: number, name: string): Entry {
    const { keyspace, disk } = this;
    const key = Buffer.from(name, 'latin1');
    const place = keyspace.physicalDatabase(physical).table.find(key, 0, key.length);
    const cold = disk.entryOf(physical, name);
    if (place === 0) return cold;
    const here = keyspace.entryOf(place);
    return keyspace.heap.isPartial(place) ? merge(here, cold) : here;
  }

  /** What is there of some keys, wherever it is, without touching it. */
  visibleOf(names: readonly string[]): Visible {
    return Array.from({ length: this.databaseCount }, (_, number) => {
      const found = names
        .map((name) => [name, visibleIn(this.entryOf(this.database(number).id, name), this.nowMs)] as const)
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(found) as Visible[number];
    });
  }
}

/** The value and the time of expiry; `undefined` if nothing is there. */
export function visibleIn(entry: Entry, nowMs: number): readonly [string, number] | undefined {
  if (!isLive(entry, nowMs)) return undefined;
  const value = entry.cells.get(cellKey(CellType.STRING, WHOLE))?.value;
  return [value?.toString('latin1') ?? '', entry.expiry.atMs];
}
