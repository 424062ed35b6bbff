/**
 * A store with a keyspace over it, on a memory disk and on time that the spec lets pass, driven as a node drives it: a command that
 * meets a cold key is run again when that is loaded, what it changes is logged at once, and acknowledged when it is synced. Beside
 * it, a model in plain Maps: every read is held against it.
 *
 *     const bench = await StoreBench.create();
 *     await bench.set(0, 'key', 'value');
 *     await bench.get(0, 'key');                 // throws if it is not what the model has
 *     bench = await StoreBench.recover(bench.crash(keepNothing), bench);
 *
 * What the disk and the jobs do ends by itself, unless `isStepped`: then the spec says when, by `proceed`.
 */

import { expect } from 'chai';

import { PositionHasher } from '../../../lib/base/position.js';
import { POSITION_LIMIT } from '../../../lib/base/position.js';
import { HybridClock } from '../../../lib/base/stamp.js';
import { AccessPolicy } from '../../../lib/data/access.js';
import { COLD_KEY } from '../../../lib/data/cold-data.js';
import { spillSome } from '../../../lib/data/eviction.js';
import { expireKeys } from '../../../lib/data/expired-keys.js';
import { KeyCount } from '../../../lib/data/key-count.js';
import type { Database } from '../../../lib/data/keyspace.js';
import { KEEP_EXPIRY, Keyspace, NEVER } from '../../../lib/data/keyspace.js';
import { Listing } from '../../../lib/data/listing.js';
import { Loader } from '../../../lib/data/loader.js';
import { WriteBatch } from '../../../lib/record/write-batch.js';
import { Store } from '../../../lib/storage/engine/store.js';
import type { TableCounts } from '../../../lib/storage/engine/table-counts.js';
import type { StoreSettings } from '../../../lib/storage/engine/store-options.js';
import { createIdentity, identityPath } from '../../../lib/storage/identity.js';
import { InlineJobs } from '../../../lib/storage/jobs/job-runner.js';
import { listManifests } from '../../../lib/storage/levels/manifest-directory.js';
import { tablesDirectory } from '../../../lib/storage/levels/table-files.js';
import { aofDirectory, parseListing } from '../../../lib/storage/log/aof-directory.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { LogFailedError } from '../../../lib/storage/log/aof-failed-error.js';
import { DiskFullError } from '../../../lib/storage/log/disk-full-error.js';
import { Compression } from '../../../lib/storage/sstable/compression.js';
import { tableIdOf } from '../../../lib/storage/sstable/table-format.js';
import { checkDirectory } from '../../../lib/tools/check.js';
import { BenchClock, BenchTimers } from '../../server/node-bench.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import type { MemoryDiskOptions } from '../../sim/memory-disk.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { settled } from '../log/aof-harness.js';
import type { ModelValue, VisibleKeys } from './data-model.js';
import { DataModel, differenceOf } from './data-model.js';
import { Journal } from './journal.js';

export const DIRECTORY = '/data';
export const DATABASES = 3;
const ORIGIN = 1;
export const POSITION_KEY = Buffer.from('position');
/** Sizes with which a handful of writes goes through all levels. */
export const SMALL: StoreSettings = {
  segmentBytesMax: 1024,
  dirtyBytesMax: 64 * 1024,
  blockCacheBytes: 1,
  indexBytesMax: 1024 * 1024,
  openFilesMax: 4,
  compression: Compression.NONE,
  compactionBytesPerSecond: 0,
  levels: { level0Tables: 2, levelBaseBytes: 2048, levelFanout: 3, tableBytes: 1024 },
};

export interface BenchOptions {
  readonly settings?: Partial<StoreSettings>;
  /** What the disk does wrong. */
  readonly disk?: Omit<MemoryDiskOptions, 'later'>;
  /** Whether the spec says when the disk and the jobs have done what they do. */
  readonly isStepped?: boolean;
  readonly seed?: number;
}

/** The disk is full or the log has failed: nothing may be written. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}

/** Disk and jobs: each ends what it does in its own order. */
class Background {
  private readonly queues: (() => void)[][] = [[], [], []];
  private readonly isStepped: boolean;

  constructor(isStepped: boolean) {
    this.isStepped = isStepped;
  }

  get waitingCount(): number {
    return this.queues.reduce((count, queue) => count + queue.length, 0);
  }

  later(queue: number): (run: () => void) => void {
    return (run) => {
      if (this.isStepped) this.queues[queue].push(run);
      else queueMicrotask(run);
    };
  }

  /** Ends one thing of a queue chosen by `ticket`; false if nothing is waiting. */
  step(ticket: number): boolean {
    const waiting = this.queues.filter((queue) => queue.length > 0);
    if (waiting.length === 0) return false;
    waiting[ticket % waiting.length].shift()?.();
    return true;
  }
}

/** For `spillSome`: more samples than records are looked at together. */
const ONE_AT_A_TIME = 1000;

/** What `ringkv check` says is wrong with the disk. */
export function damagesOf(disk: MemoryDisk): string[] {
  return checkDirectory(disk, DIRECTORY, () => undefined).damages.map(({ name, message }) => `${name}: ${message}`);
}

/** A wall clock that may be set back. */
class SettableClock extends BenchClock {
  private slowMs = 0;

  override wallMs(): number {
    return super.wallMs() - this.slowMs;
  }

  setBack(ms: number): void {
    this.slowMs += ms;
  }
}

export class StoreBench {
  readonly clock: SettableClock;
  readonly timers: BenchTimers;
  readonly random: SeededRandom;
  readonly options: BenchOptions;
  readonly reports: string[] = [];
  disk!: MemoryDisk;
  store!: Store;
  keyspace!: Keyspace;
  loader!: Loader;
  model = new DataModel(DATABASES);
  journal = new Journal(this.model);
  /** Writes were refused so often. */
  refusedCount = 0;

  private readonly background: Background;
  /** Keys that had expired when a crash came: which ones came back cannot be seen. */
  private expiredAtCrash = 0;
  private readonly access: AccessPolicy;
  /** The batch did not find room: no more is changed until it does. */
  private full: Error | undefined;
  private reloading: Promise<void> | undefined;
  /** Settles when the last COMPACT so far has ended. */
  private compacting: Promise<unknown> = Promise.resolve();
  /** Of those that have not ended. */
  private compactionCount = 0;
  /** Of what is open now: work of an earlier one counts no more. */
  private generation = 0;

  private constructor(clock: SettableClock, options: BenchOptions) {
    this.clock = clock;
    this.options = options;
    this.timers = new BenchTimers(clock);
    this.random = new SeededRandom(options.seed ?? 1);
    this.access = new AccessPolicy(this.random);
    this.background = new Background(options.isStepped ?? false);
  }

  /** One with nothing in it. */
  static async create(options: BenchOptions = {}): Promise<StoreBench> {
    const bench = StoreBench.prepare(options);
    await bench.open(bench.disk);
    return bench;
  }

  /** One that is yet to be opened, on an empty disk. */
  static prepare(options: BenchOptions = {}): StoreBench {
    const bench = new StoreBench(new SettableClock(), options);
    bench.disk = new MemoryDisk(bench.diskOptions());
    return bench;
  }

  /** The next start of what `before` was, on a disk that a crash has left of it. Throws if it is not what it should be. */
  static async recover(
    disk: MemoryDisk,
    { clock, journal }: Pick<StoreBench, 'clock' | 'journal'>,
    options: BenchOptions = {},
  ): Promise<StoreBench> {
    const bench = new StoreBench(clock, options);
    await bench.open(disk);
    await bench.takeOver(journal);
    return bench;
  }

  get nowMs(): number {
    return this.keyspace.clock.nowMs;
  }

  get waitingCount(): number {
    return this.background.waitingCount;
  }

  /** What a disk for this bench is made with. */
  diskOptions(): MemoryDiskOptions {
    return { ...this.options.disk, later: this.background.later(0) };
  }

  /** Opens what is on a disk, with nothing in memory. */
  async open(disk: MemoryDisk, settings: Partial<StoreSettings> = this.options.settings ?? {}): Promise<void> {
    this.generation++;
    this.disk = disk;
    this.full = undefined;
    this.compacting = Promise.resolve();
    this.store = this.makeStore(disk, settings);
    this.keyspace = this.makeKeyspace(this.store);
    this.loader = new Loader(this.keyspace, this.store);
    this.access.tick(this.clock.wallMs());
    disk.makeDirectory(DIRECTORY);
    disk.syncDirectory('/');
    if (!disk.exists(identityPath(DIRECTORY))) createIdentity(disk, this.random, DIRECTORY, POSITION_KEY);
    await this.finish(this.store.open(this.keyspace));
    this.keyspace.clock.tick();
  }

  // What clients do.

  /** SET: never waits for the disk. */
  async set(db: number, name: string, value: string, atMs = NEVER): Promise<void> {
    await this.change(() => {
      this.locate(db, name, true);
      this.put(value, atMs);
      if (atMs !== NEVER && atMs <= this.nowMs) this.model.remove(db, name);
      else this.model.set(db, name, value, atMs);
    });
  }

  /** APPEND. */
  async append(db: number, name: string, text: string): Promise<void> {
    await this.change(() => {
      const before = this.read(db, name);
      this.put((before?.value ?? '') + text, KEEP_EXPIRY);
      this.model.append(db, name, text, this.nowMs);
    });
  }

  /** DEL; whether there was something. */
  async remove(db: number, name: string): Promise<boolean> {
    return this.change(() => {
      const isThere = this.read(db, name) !== undefined;
      if (isThere) this.keyspace.remove();
      this.model.remove(db, name);
      return isThere;
    });
  }

  /** EXPIREAT, or PERSIST with NEVER. */
  async expire(db: number, name: string, atMs: number): Promise<void> {
    await this.change(() => {
      if (this.read(db, name) === undefined) return;
      this.keyspace.setExpiry(atMs);
      if (atMs !== NEVER && atMs <= this.nowMs) this.model.remove(db, name);
      else this.model.expire(db, name, atMs, this.nowMs);
    });
  }

  async flush(db: number): Promise<void> {
    await this.change(() => {
      this.keyspace.flush(this.keyspace.database(db));
      this.model.flush(db);
    });
  }

  async swap(a: number, b: number): Promise<void> {
    await this.change(() => {
      this.keyspace.swap(a, b);
      this.model.swap(a, b);
    });
  }

  /** GET; what is there is checked. */
  get(db: number, name: string): Promise<ModelValue | undefined> {
    return this.run(() => this.read(db, name));
  }

  /** KEYS; what is there is checked. */
  async keys(db: number): Promise<void> {
    const { generation } = this;
    const database = this.keyspace.database(db);
    const listing = this.listingOf(database);
    // A command would list anew what was emptied or exchanged meanwhile.
    const isGood = (): boolean => generation === this.generation && (listing?.isOf(this.keyspace.database(db)) ?? true);
    try {
      await listing?.ready;
      if (!isGood()) return;
      const expected = [...this.model.visible(db, this.nowMs).keys()].sort();
      expect(this.listed(database, listing), `keys of database ${db}`).to.deep.equal(expected);
    } catch (error) {
      if (isGood()) throw error;
    } finally {
      listing?.close();
    }
  }

  /** Everything as clients see it, found out in two ways: by listing, and by asking for each key. Not held against the model. */
  async readAll(): Promise<VisibleKeys[]> {
    const all: VisibleKeys[] = [];
    for (let db = 0; db < DATABASES; db++) {
      const database = this.keyspace.database(db);
      const listing = this.listingOf(database);
      await listing?.ready;
      const names = this.listed(database, listing);
      listing?.close();
      const keys = new Map<string, ModelValue>();
      for (const name of names) {
        const found = await this.run(() => this.look(db, name));
        if (found === undefined) throw new Error(`${name} of database ${db} is listed, and is not there`);
        keys.set(name, found);
      }
      all.push(keys);
    }
    return all;
  }

  /** Everything is as the model has it: all keys that are there, and each of `names`; and the counts. */
  async check(names: readonly string[] = []): Promise<void> {
    const all = await this.readAll();
    all.forEach((actual, db) => {
      const difference = differenceOf(this.model.visible(db, this.nowMs), actual);
      if (difference !== undefined) throw new Error(`database ${db}: ${difference}`);
    });
    for (let db = 0; db < DATABASES; db++) for (const name of names) await this.get(db, name);
    this.checkCounts();
  }

  checkCounts(): void {
    for (let db = 0; db < DATABASES; db++) {
      const { keyCount, isEstimate } = this.keyspace.database(db);
      if (isEstimate) continue;
      const least = this.model.visible(db, this.nowMs).size;
      const most = Math.max(least, this.model.countOf(db) + this.expiredAtCrash);
      expect(keyCount, `DBSIZE of database ${db}`).to.be.within(least, most);
    }
  }

  /** Nothing went wrong in the background. */
  checkReports(): void {
    const bad = this.reports.filter((line) => /quarantined|failed|could not|stay for now|assert/i.test(line));
    expect(bad, 'problems').to.deep.equal([]);
  }

  /** No file is there that nothing needs. */
  checkFiles(): void {
    const { disk } = this;
    const { inside } = this.store;
    if (inside === undefined) throw new Error('the store is not open');
    const ids = [...inside.versions.current.tables()].map(({ id }) => id).sort((a, b) => a - b);
    expect(disk.list(tablesDirectory(DIRECTORY)).map(tableIdOf), 'tables').to.deep.equal(ids);
    const { segments, bases, foreign } = parseListing(disk.list(aofDirectory(DIRECTORY)));
    const { log } = inside;
    expect(segments, 'segments').to.deep.equal([...log.closedSegments.map(({ number }) => number), log.segmentNumber]);
    expect([...bases, ...foreign], 'other files of the log').to.deep.equal([]);
    expect(listManifests(disk, DIRECTORY), 'manifests').to.have.length(1);
    const others = disk.list(DIRECTORY).filter((name) => !name.startsWith('manifest-'));
    expect(others, 'the directory').to.deep.equal(['CURRENT', 'aof', 'identity', 'tables']);
  }

  // What the server does.

  /** Time passes, and what is due happens. */
  async advance(ms: number): Promise<void> {
    this.clock.us += ms * 1000;
    this.keyspace.clock.tick();
    this.access.tick(this.clock.wallMs());
    this.timers.fire();
    await settled();
  }

  /** Drops up to `count` records that the disk has from memory; returns how many. */
  spill(count: number): number {
    let dropped = 0;
    while (dropped < count && spillSome(this.keyspace, ONE_AT_A_TIME) > 0) dropped++;
    return dropped;
  }

  /** Drops every record from memory that the disk has. */
  spillAll(): number {
    let dropped = 0;
    for (let db = 0; db < DATABASES; db++) {
      const database = this.keyspace.database(db);
      const clean: number[] = [];
      database.table.forEach((ref) => {
        if (this.keyspace.isClean(ref)) clean.push(ref);
      });
      for (const ref of clean) this.keyspace.spill(database, ref);
      dropped += clean.length;
    }
    return dropped;
  }

  /** Empty records that are no longer needed go, and expired ones; and what FLUSHDB has left. */
  sweep(): void {
    for (let db = 0; db < DATABASES; db++) {
      const database = this.keyspace.database(db);
      for (let at = 0; at < POSITION_LIMIT;) at = this.keyspace.sweepFrom(database, at);
      if (this.full === undefined)
        for (let at = 0; at < POSITION_LIMIT;) at = expireKeys(this.keyspace, database, at, 16);
    }
    this.keyspace.freeFlushed(1000);
    this.commit();
  }

  /** Everything gets to tables. */
  async flushAll(): Promise<void> {
    this.commit();
    await this.finish(this.store.flushAll());
  }

  /** COMPACT: everything gets to the bottom, and is counted there. */
  compactAll(): Promise<void> {
    const { generation } = this;
    const compacted = this.compacting.then(() => this.compact(generation));
    this.compactionCount++;
    this.compacting = compacted.catch(() => undefined).finally(() => this.compactionCount--);
    return compacted;
  }

  private async compact(generation: number): Promise<void> {
    await this.reloading;
    if (generation !== this.generation) throw new Error('it was closed meanwhile');
    const { keyspace, store } = this;
    keyspace.clock.tick();
    keyspace.removesExpired = this.full === undefined && store.failure === undefined;
    const count = new KeyCount(keyspace);
    const counts: TableCounts[] = [];
    let countOf: (db: number) => TableCounts | undefined = () => undefined;
    try {
      this.commit();
      const stamp = keyspace.clock.latest;
      const { nowMs } = keyspace.clock;
      await this.finish(store.flushAll());
      await this.finish(store.compactAll(nowMs));
      // What did not find room is in memory alone.
      if (this.full === undefined) countOf = (db) => store.countIn(db, stamp);
    } finally {
      count.end((db) => {
        const counted = countOf(db);
        if (counted !== undefined) counts.push(counted);
        return counted;
      });
    }
    await this.finish(store.noteCounts(counts));
  }

  /** Everything that was logged becomes durable, and is acknowledged. */
  async sync(): Promise<void> {
    this.commit();
    if (this.full !== undefined) throw this.full;
    await this.finish(this.store.sync());
  }

  /** Tries once more what did not find room. */
  retryFull(): void {
    if (this.full === undefined) return;
    this.full = undefined;
    this.commit();
  }

  get isFull(): boolean {
    return this.full !== undefined;
  }

  /** Ends `count` of the things that are under way. */
  async proceed(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await settled();
      this.timers.endTurn();
      if (!this.background.step(this.random.uint32())) return;
    }
    await settled();
  }

  /** Ends all that is under way, and what follows from it. */
  async settle(): Promise<void> {
    do await this.proceed(100);
    while (this.background.waitingCount > 0 || this.compactionCount > 0);
  }

  /** Until nothing is flushed or compacted any more. */
  async quiesce(): Promise<void> {
    for (let idle = 0; idle < 3; idle++) {
      await settled();
      if (this.disk.isDead) throw new Error('the power failed');
      this.timers.endTurn();
      const { inside } = this.store;
      const isBusy = inside !== undefined && (inside.flusher.isRunning || inside.compactor.isRunning);
      if (isBusy || this.background.step(this.random.uint32())) idle = -1;
    }
  }

  /** Waits for something; meanwhile what is under way ends, and time passes if that is not enough. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = promise.finally(() => (isDone = true));
    done.catch(() => undefined);
    let idle = 0;
    for (let i = 0; !isDone && !this.disk.isDead; i++) {
      if (i > 10_000) throw new Error('this does not come to an end');
      idle = this.background.waitingCount === 0 ? idle + 1 : 0;
      // Perhaps it is tried again later.
      if (idle % 200 === 199) await this.advance(100);
      await this.proceed(1);
    }
    return Promise.race([done, this.disk.died.then(() => Promise.reject(new Error('the power failed')))]);
  }

  /** Ends as SHUTDOWN does, and begins again with nothing in memory. */
  async reopen(settings?: Partial<StoreSettings>): Promise<void> {
    await this.sync();
    this.generation++;
    await this.finish(this.store.close());
    await this.open(this.disk, settings);
    this.journal = new Journal(this.model);
  }

  /** As DEBUG RELOAD: the same keyspace and store begin again. Commands wait meanwhile. */
  async reload(): Promise<void> {
    await this.sync();
    this.reloading = this.openAgain().finally(() => (this.reloading = undefined));
    await this.reloading;
  }

  private async openAgain(): Promise<void> {
    await this.finish(this.store.close());
    this.keyspace.forgetAll();
    await this.finish(this.store.open(this.keyspace));
    this.journal = new Journal(this.model);
  }

  /** The process ends, the machine does not: the next one has to find everything that was logged. */
  async kill(settings?: Partial<StoreSettings>): Promise<void> {
    await this.restart(this.disk.kill(this.diskOptions()), this.journal.withoutLoss(), settings);
  }

  /** The power fails, and comes back. */
  async crash(fate: CrashFate, settings?: Partial<StoreSettings>): Promise<void> {
    const disk = this.disk.crash(fate, this.diskOptions());
    await this.restart(disk, this.journal, settings);
  }

  private async restart(disk: MemoryDisk, journal: Journal, settings?: Partial<StoreSettings>): Promise<void> {
    expect(damagesOf(disk), 'ringkv check').to.deep.equal([]);
    await this.open(disk, settings);
    await this.takeOver(journal);
  }

  /** Goes on from the moment of the journal that came back. */
  private async takeOver(journal: Journal): Promise<void> {
    this.model = journal.momentOf(await this.finish(this.readAll()), this.nowMs).clone();
    this.journal = new Journal(this.model);
    this.expiredAtCrash += journal.expiredCountMax(this.nowMs);
  }

  private makeStore(disk: MemoryDisk, settings: Partial<StoreSettings>): Store {
    const { generation, background } = this;
    let jobKind = 0;
    return new Store({
      disk,
      random: this.random,
      clock: this.clock,
      timers: this.timers,
      jobs: () => new InlineJobs(disk, background.later(1 + (jobKind++ % 2))),
      directory: DIRECTORY,
      positionKey: POSITION_KEY,
      origin: ORIGIN,
      isReplicated: false,
      settings: { ...SMALL, ...settings },
      report: (message) => this.reports.push(message),
      onSynced: (position) => {
        if (generation === this.generation) this.journal.acknowledged(position);
      },
      onFailed: () => undefined,
    });
  }

  private makeKeyspace(store: Store): Keyspace {
    return new Keyspace({
      databaseCount: DATABASES,
      clock: new HybridClock(() => this.clock.wallMs()),
      hasher: new PositionHasher(POSITION_KEY),
      random: this.random,
      batch: new WriteBatch(ORIGIN, FRAME_HEADER_BYTES),
      access: this.access,
      cold: store,
      origin: ORIGIN,
    });
  }

  private change<T>(act: () => T): Promise<T> {
    return this.run(() => {
      const failure = this.full ?? this.store.failure;
      if (failure !== undefined) {
        this.refusedCount++;
        throw new WriteRefused(typeof failure === 'string' ? failure : failure.message);
      }
      return act();
    });
  }

  /** Runs `act` in one go, as soon as the keys that it looks at are in memory; what it changes is logged. */
  private async run<T>(act: () => T): Promise<T> {
    const { generation } = this;
    for (;;) {
      await this.reloading;
      if (generation !== this.generation) throw new Error('it was closed meanwhile');
      this.keyspace.clock.tick();
      this.keyspace.removesExpired = this.full === undefined && this.store.failure === undefined;
      try {
        const result = act();
        this.commit();
        return result;
      } catch (error) {
        if (error !== COLD_KEY) throw error;
      }
      const { missing } = this.keyspace;
      if (missing !== undefined) await this.loader.load(missing.db, missing.key);
    }
  }

  /** Runs something of which the model knows nothing. */
  async act<T>(act: () => T): Promise<T> {
    return this.finish(this.run(act));
  }

  private commit(): void {
    const { batch } = this.keyspace;
    if (batch.isEmpty || this.full !== undefined || this.store.failure !== undefined) return;
    try {
      this.journal.log(this.model, () => {
        this.store.append(batch.buffer, batch.start - FRAME_HEADER_BYTES, batch.end);
        return this.store.position;
      });
    } catch (error) {
      if (error instanceof DiskFullError) this.refuse(error);
      else if (!(error instanceof LogFailedError)) throw error;
      return;
    }
    batch.reset();
    this.store.requestSync();
  }

  private refuse(error: DiskFullError): void {
    this.full = error;
    this.journal.refused();
  }

  private locate(db: number, name: string, isBlind = false): number {
    const key = Buffer.from(name, 'latin1');
    const database = this.keyspace.database(db);
    return isBlind
      ? this.keyspace.findBlind(database, key, 0, key.length)
      : this.keyspace.find(database, key, 0, key.length);
  }

  private put(value: string, atMs: number): void {
    const bytes = Buffer.from(value, 'latin1');
    this.keyspace.put(bytes, 0, bytes.length, atMs);
  }

  /** The key, with the cursor on it; checked. */
  private read(db: number, name: string): ModelValue | undefined {
    const actual = this.look(db, name);
    expect(actual, `${name} of database ${db}`).to.deep.equal(this.model.get(db, name, this.nowMs));
    return actual;
  }

  private look(db: number, name: string): ModelValue | undefined {
    const ref = this.locate(db, name);
    if (ref === 0) return undefined;
    const { heap } = this.keyspace;
    const start = heap.valueStart(ref);
    const value = heap.bytes(ref).toString('latin1', start, start + heap.valueLength(ref));
    return { value, atMs: heap.expiresAtMs(ref) };
  }

  /** What the disk has of a database; `undefined` if it has nothing. */
  private listingOf(db: Database): Listing | undefined {
    if (this.store.isEmpty(db.id)) return undefined;
    return Listing.ofNext(Infinity, { cold: this.store, db, position: 0, wanted: () => true, rest: settled });
  }

  /** The keys in memory, and those of the disk of which nothing is in memory. */
  private listed(db: Database, listing: Listing | undefined): string[] {
    const { keyspace } = this;
    const keys: Buffer[] = [];
    db.table.forEach((ref) => {
      if (keyspace.isThere(ref, listing)) keys.push(keyspace.heap.key(ref));
    });
    for (const each of listing?.keys ?? []) if (keyspace.isThereOnDisk(db, each)) keys.push(each.key);
    const names = keys.map((key) => key.toString('latin1'));
    expect(new Set(names).size, 'no key is listed twice').to.equal(names.length);
    return names.sort();
  }
}
