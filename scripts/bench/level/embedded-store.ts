/**
 * ringkv's storage in a process of one's own, without a server around it: a key-value store with `put`, `batch` and `get`. What the
 * server does with the store, in little, so it also shows how the parts are used:
 *
 *     put ──▶ Keyspace ──▶ WriteBatch ──(end of the turn)──▶ Store.append ──▶ log ──▶ tables
 *     get ◀── Keyspace ◀── Loader ◀───────────────────────── Store.read ◀─────────────┘
 *
 * 1. What was put is acknowledged when it is in the log: one append for all puts of a turn of the loop. The log is not synced, as
 *    with `appendfsync no`.
 * 2. Records, filters and caches together take about `memoryBytes`. What the tables have is dropped from memory to make room; as long as
 *    there is nothing of that kind, writers wait.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { PositionHasher } from '../../../lib/base/position.js';
import { HybridClock } from '../../../lib/base/stamp.js';
import { AccessPolicy } from '../../../lib/data/access.js';
import { COLD_KEY } from '../../../lib/data/cold-data.js';
import { spillSome } from '../../../lib/data/eviction.js';
import type { Database } from '../../../lib/data/keyspace.js';
import { Keyspace, NEVER } from '../../../lib/data/keyspace.js';
import { Loader } from '../../../lib/data/loader.js';
import { NodeClock } from '../../../lib/host/node-clock.js';
import { NodeDisk } from '../../../lib/host/node-disk.js';
import { NodeRandom } from '../../../lib/host/node-random.js';
import { NodeThreads } from '../../../lib/host/node-threads.js';
import { NodeTimers } from '../../../lib/host/node-timers.js';
import type { Timer } from '../../../lib/host/ports.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { WriteThrottle } from '../../../lib/server/write-throttle.js';
import { Store } from '../../../lib/storage/engine/store.js';
import type { StoreSettings } from '../../../lib/storage/engine/store-options.js';
import { openIdentity } from '../../../lib/storage/identity.js';
import { ThreadedJobs } from '../../../lib/storage/jobs/job-runner.js';
import { DEFAULT_LEVELS_CONFIG } from '../../../lib/storage/levels/level-targets.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';

/** Every writer of a store has an ordinal; this is the only one. */
const ORIGIN = 1;
const TICK_MS = 100;
/** Records that are compared for one to drop. */
const SAMPLES = 5;
/** How far above `memoryBytes` writers wait. */
const OVERSHOOT = 1.05;

export interface EmbeddedStoreOptions {
  /** The data directory; made if it is not there. */
  readonly directory: string;
  readonly memoryBytes: number;
}

export interface Put {
  readonly key: Buffer;
  readonly value: Buffer;
}

export class EmbeddedStore {
  readonly directory: string;
  private readonly options: EmbeddedStoreOptions;
  private readonly clock = new NodeClock();
  private readonly timers = new NodeTimers();
  private readonly throttle = new WriteThrottle();
  private readonly access: AccessPolicy;
  private readonly store: Store;
  private readonly keyspace: Keyspace;
  private readonly database: Database;
  private readonly loader: Loader;
  private readonly ticker: Timer;
  /** What filters and caches take, as of the last turn. */
  private storeBytes = 0;
  /** Resolves at the end of the turn that is under way. */
  private turn: Promise<void> | undefined;
  private failure: Error | undefined;

  private constructor(options: EmbeddedStoreOptions) {
    this.options = options;
    this.directory = options.directory;
    const random = new NodeRandom();
    const disk = new NodeDisk();
    disk.makeDirectory(options.directory);
    disk.lock(`${options.directory}/lock`);
    const { positionKey } = openIdentity(disk, random, options.directory);
    const threads = new NodeThreads();
    this.store = new Store({
      disk,
      random,
      clock: this.clock,
      timers: this.timers,
      jobs: () => new ThreadedJobs(threads),
      directory: options.directory,
      positionKey,
      origin: ORIGIN,
      isReplicated: false,
      settings: settingsFor(options.memoryBytes),
      report: (message) => process.stderr.write(`store: ${message}\n`),
      onSynced: () => undefined,
      onFailed: (error) => (this.failure = error),
    });
    this.access = new AccessPolicy(random);
    this.access.tick(this.clock.wallMs());
    this.keyspace = new Keyspace({
      databaseCount: 1,
      clock: new HybridClock(() => this.clock.wallMs()),
      hasher: new PositionHasher(positionKey),
      random,
      batch: new WriteBatch(ORIGIN, FRAME_HEADER_BYTES),
      access: this.access,
      cold: this.store,
      origin: ORIGIN,
    });
    this.database = this.keyspace.database(0);
    this.loader = new Loader(this.keyspace, this.store);
    this.ticker = this.timers.every(TICK_MS, () => {
      this.access.tick(this.clock.wallMs());
      this.throttle.set(this.store.pressure, this.store.drainBytesPerSecond);
    });
  }

  /** Opens a data directory, or makes it. Rejects with CorruptionError and DiskError. */
  static async open(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
    const opened = new EmbeddedStore(options);
    await opened.store.open(opened.keyspace);
    return opened;
  }

  /** Sets a key. Resolves when that is in the log; rejects if the log has failed. */
  put(key: Buffer, value: Buffer): Promise<void> {
    const room = this.makeRoom();
    if (room !== undefined) return room.then(() => this.put(key, value));
    const turn = (this.turn ??= this.beginTurn());
    this.putNow(key, value);
    return turn;
  }

  /** Sets keys, all or none if the process ends meanwhile. Resolves when they are in the log, or rejects. */
  async batch(puts: readonly Put[]): Promise<void> {
    // Others' puts of this turn are not part of it.
    this.commit();
    this.keyspace.clock.tick();
    for (let i = 0; i < puts.length; i++) this.putNow(puts[i].key, puts[i].value);
    const delayMs = this.commit();
    await this.makeRoom();
    if (delayMs > 0) await sleep(delayMs);
  }

  /** A copy of a key's value, if the key is there. Rejects with CorruptionError and DiskError. */
  get(key: Buffer): Promise<Buffer | undefined> {
    const { database, keyspace } = this;
    // A record in memory that is whole and does not expire, as most are: nothing else has to be asked.
    const ref = database.table.find(key, 0, key.length);
    if (ref !== 0 && keyspace.heap.isPlain(ref)) return Promise.resolve(this.valueOf(ref));
    return keyspace.isCold(database, key, 0, key.length) ? this.load(key) : Promise.resolve(this.getSync(key));
  }

  /** The same for a key that is in memory. Throws COLD_KEY if the disk has to be asked. */
  getSync(key: Buffer): Buffer | undefined {
    const ref = this.keyspace.find(this.database, key, 0, key.length);
    return ref === 0 ? undefined : this.valueOf(ref);
  }

  /** Moves everything to tables and merges these until each key is there once. */
  async compact(): Promise<void> {
    this.commit();
    await this.store.flushAll();
    await this.store.compactAll();
  }

  async close(): Promise<void> {
    this.commit();
    this.ticker.cancel();
    await this.store.sync();
    await this.store.close();
  }

  /** A copy of a record's value. Notes that it was used: those not used for longest leave the memory first. */
  private valueOf(ref: number): Buffer {
    const { heap } = this.keyspace;
    heap.setAccess(ref, this.access.touched(heap.access(ref)));
    const start = heap.valueStart(ref);
    const value = Buffer.allocUnsafe(heap.valueLength(ref));
    heap.bytes(ref).copy(value, 0, start, start + value.length);
    return value;
  }

  private putNow(key: Buffer, value: Buffer): void {
    this.keyspace.findBlind(this.database, key, 0, key.length);
    this.keyspace.put(value, 0, value.length, NEVER);
  }

  private async load(key: Buffer): Promise<Buffer | undefined> {
    for (;;) {
      await this.loader.load(this.database, key);
      try {
        const value = this.getSync(key);
        this.spill();
        return value;
      } catch (error) {
        // It was dropped again already.
        if (error !== COLD_KEY) throw error;
      }
    }
  }

  private beginTurn(): Promise<void> {
    this.keyspace.clock.tick();
    return new Promise((resolve, reject) => {
      this.timers.endOfTurn(() => {
        this.turn = undefined;
        try {
          const delayMs = this.commit();
          if (delayMs === 0) resolve();
          else setTimeout(resolve, delayMs);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Appends to the log what was put since the last time; returns for how many milliseconds writers should pause. */
  private commit(): number {
    const { batch } = this.keyspace;
    if (batch.isEmpty) return 0;
    if (this.failure !== undefined) throw this.failure;
    const bytes = batch.byteLength;
    this.store.append(batch.buffer, batch.start - FRAME_HEADER_BYTES, batch.end);
    batch.reset();
    this.storeBytes = this.store.memoryBytes;
    return this.throttle.delayFor(bytes, this.clock.monotonicUs());
  }

  private get usedBytes(): number {
    return this.keyspace.usedBytes + this.storeBytes;
  }

  /** Has memory for more: `undefined`, or a promise to wait for if far too much is used. */
  private makeRoom(): Promise<void> | undefined {
    this.spill();
    return this.usedBytes <= this.options.memoryBytes * OVERSHOOT ? undefined : this.store.whenFlushed();
  }

  /** Drops records that the tables have until there is room. */
  private spill(): void {
    while (this.usedBytes > this.options.memoryBytes && spillSome(this.keyspace, SAMPLES) > 0);
  }
}

/** How the server shares out its `maxmemory`. */
function settingsFor(memoryBytes: number): StoreSettings {
  return {
    segmentBytesMax: memoryBytes / 8,
    dirtyBytesMax: memoryBytes / 2,
    blockCacheBytes: memoryBytes / 8,
    indexBytesMax: memoryBytes / 4,
    openFilesMax: 512,
    compression: Compression.NONE,
    compactionBytesPerSecond: 0,
    levels: DEFAULT_LEVELS_CONFIG,
  };
}
