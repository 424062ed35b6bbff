/**
 * A copy of the data among several: a keyspace over a store, on a memory disk, that runs commands and takes over what other copies have changed. Sizes are so
 * small that a few writes go through all levels. What the disk and the jobs do ends step by step, by `proceed`.
 */

import { POSITION_LIMIT, slotOf } from '../../../lib/base/position.js';
import { COLD_KEY } from '../../../lib/data/cold-data.js';
import type { Database } from '../../../lib/data/keyspace.js';
import { flushedPair } from '../../../lib/data/keyspace-merge.js';
import { EntryDigests } from '../../../lib/data/entry-digests.js';
import { expireCells, expireKeys } from '../../../lib/data/expired-keys.js';
import { Loader } from '../../../lib/data/loader.js';
import { MarkSweeper } from '../../../lib/data/mark-sweeper.js';
import { PacedRounds } from '../../../lib/data/paced-rounds.js';
import type { Entry } from '../../../lib/record/entry.js';
import { EMPTY_ENTRY, NO_EXPIRY } from '../../../lib/record/entry.js';
import { LeafSums } from '../../../lib/record/leaf-sums.js';
import { merge } from '../../../lib/record/merge.js';
import { aboveStamp } from '../../../lib/record/pair.js';
import { SlotStamps } from '../../../lib/record/slot-stamps.js';
import { Changes } from '../../../lib/server/changes.js';
import type { TakeOver } from '../../../lib/server/ring/foreign-batches.js';
import { ForeignBatches } from '../../../lib/server/ring/foreign-batches.js';
import { Persistence } from '../../../lib/server/persistence.js';
import { Store } from '../../../lib/storage/engine/store.js';
import { createIdentity, identityPath } from '../../../lib/storage/identity.js';
import { InlineJobs } from '../../../lib/storage/jobs/job-runner.js';
import { FRAME_HEADER_BYTES } from '../../../lib/storage/log/aof-frame.js';
import { Harness } from '../../commands/harness.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import { MemoryDisk } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { DIRECTORY, SMALL, damagesOf } from '../../storage/engine/store-bench.js';
import { settled } from '../../storage/log/aof-harness.js';
import { BenchClock, BenchTimers } from '../node-bench.js';

/** That of the harness: every copy has the same. */
export const POSITION_KEY = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
const STEPS_MAX = 20_000;
/** How far a clock goes on over a restart: behind every stamp that was given before. */
const RESTART_MS = 1000;

export class ReplicaBench {
  readonly origin: number;
  readonly clock = new BenchClock();
  readonly timers = new BenchTimers(this.clock);
  /** Up to where deletes do not count, and may go. */
  readonly settled = new SlotStamps();
  harness!: Harness;
  store!: Store;
  persistence!: Persistence;
  foreign!: ForeignBatches;
  loader!: Loader;
  digests!: EntryDigests;
  /** What the listeners of changes were shown of others. */
  shownCount = 0;
  /** Called with each batch of its own. */
  onBatch: (batch: Buffer) => void = () => undefined;

  private disk!: MemoryDisk;
  private readonly random: SeededRandom;
  private queue: (() => void)[] = [];
  private readonly defects: unknown[] = [];
  private generation = 0;

  private constructor(origin: number) {
    this.origin = origin;
    this.random = new SeededRandom(origin);
  }

  static async create(origin: number): Promise<ReplicaBench> {
    const bench = new ReplicaBench(origin);
    await bench.open(new MemoryDisk({ later: bench.later() }), bench.clock.wallMs());
    return bench;
  }

  get keyspace(): Harness['keyspace'] {
    return this.harness.keyspace;
  }

  get db(): Database {
    return this.keyspace.database(0);
  }

  /** Runs a command in a turn of its own; what fails changes nothing. Returns its reply, as on the wire. */
  run(command: string, ...args: string[]): string {
    for (const arg of args) this.warm(arg, command);
    for (;;) {
      try {
        const reply = this.harness.wire(command, ...args);
        this.commit();
        return reply;
      } catch (error) {
        if (error !== COLD_KEY) throw error;
        this.harness.reply.truncate(0);
      }
      const { missing } = this.keyspace;
      if (missing !== undefined) this.loader.loadNow(missing.db, missing.key);
    }
  }

  /** FLUSHDB. */
  flush(): void {
    this.keyspace.flush(this.db);
    this.commit();
  }

  /** Takes over a batch of another copy; with others in the same turn, if the caller commits. */
  take(batch: Buffer): TakeOver {
    const bytes = Buffer.concat([Buffer.from('..'), batch, Buffer.from('.')]);
    const answer = this.foreign.take(bytes, 2, bytes.length - 1, 'another copy');
    bytes.fill(0xee);
    return answer;
  }

  commit(): void {
    if (!this.persistence.commit()) throw new Error('the log has failed');
  }

  advance(ms: number): void {
    this.clock.us += ms * 1000;
    this.harness.advance(ms);
    this.timers.fire();
  }

  /** Ends up to `count` things that the disk and the jobs have under way. */
  async proceed(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.queue.splice(this.random.uint32() % Math.max(1, this.queue.length), 1)[0]?.();
      this.timers.endTurn();
      await settled();
    }
    if (this.defects.length > 0) throw this.defects[0];
  }

  /** Moves the log to tables, beside whatever comes next. */
  flushTables(): void {
    this.goOn(this.store.flushAll());
  }

  compact(): void {
    this.goOn(this.store.compactAll());
  }

  /** Resolves to the leaves of all that there is, as a job reads it from tables. */
  async digestTables(): Promise<LeafSums> {
    await this.settle();
    return (await this.finish(this.persistence.digest(this.db.id))).sums;
  }

  /** The same as memory has it, key by key. */
  digestKeys(keys: readonly string[]): LeafSums {
    const sums = new LeafSums();
    for (const key of keys) {
      this.warm(key);
      const bytes = Buffer.from(key);
      const settledUpTo = this.settled.of(slotOf(bytes, 0, bytes.length));
      const nothing = this.keyspace.newDigest();
      nothing.registers(aboveStamp(flushedPair(this.db), settledUpTo), NO_EXPIRY);
      const digest = this.digests.of(this.db, bytes, 0, bytes.length);
      if (digest === undefined || (digest.high === nothing.high && digest.low === nothing.low)) continue;
      this.keyspace.hasher.hash(bytes, 0, bytes.length);
      sums.add(this.keyspace.hasher.position, digest.high, digest.low);
    }
    return sums;
  }

  /** Loads a key, beside whatever comes next. */
  load(key: string): void {
    this.goOn(this.loader.load(this.db, Buffer.from(key)));
  }

  /** Drops everything from memory that the disk has. */
  spill(): void {
    const { keyspace, db } = this;
    const clean: number[] = [];
    db.table.forEach((ref) => {
      if (keyspace.isClean(ref)) clean.push(ref);
    });
    for (const ref of clean) keyspace.spill(db, ref);
    for (let at = 0; at < POSITION_LIMIT;) at = keyspace.sweepFrom(db, at);
  }

  /** Drops marks that are settled from memory. */
  sweepMarks(): void {
    const sweeper = new PacedRounds(new MarkSweeper(this.keyspace), this.clock);
    while (sweeper.run(1000));
  }

  /** Looks for what has expired; with `removes`, a command removes it. */
  expire(removes: boolean): void {
    const { keyspace, db } = this;
    const expired: Buffer[] = [];
    keyspace.onExpired = (_db, key) => expired.push(key);
    for (let at = 0; at < POSITION_LIMIT;) at = expireKeys(keyspace, db, at, 2);
    expireCells(keyspace);
    if (!keyspace.batch.isEmpty) throw new Error('something was removed without a command');
    keyspace.onExpired = undefined;
    if (!removes) return;
    for (const key of expired) {
      this.warm(key.toString());
      keyspace.removeExpired(db, key);
    }
    this.commit();
  }

  /** Waits until everything that was begun has ended. */
  async settle(): Promise<void> {
    await this.finish(this.persistence.sync());
    for (let i = 0; this.queue.length > 0; i++) {
      if (i > STEPS_MAX) throw new Error('this does not come to an end');
      await this.proceed(1);
    }
  }

  async sync(): Promise<void> {
    await this.finish(this.persistence.sync());
  }

  /** The power fails, and comes back. */
  async crash(fate: CrashFate): Promise<void> {
    this.generation++;
    const disk = this.disk.crash(fate, { later: this.later() });
    const damages = damagesOf(disk);
    if (damages.length > 0) throw new Error(damages.join('\n'));
    this.queue = [];
    this.clock.us += RESTART_MS * 1000;
    await this.open(disk, this.harness.nowMs + RESTART_MS);
  }

  /** What there is of a key, in normal form, wherever it is. */
  entry(key: string): Entry {
    this.warm(key);
    const bytes = Buffer.from(key);
    const ref = this.db.table.find(bytes, 0, bytes.length);
    const floor = { ...EMPTY_ENTRY, deletedUpTo: flushedPair(this.db) };
    return merge(ref === 0 ? EMPTY_ENTRY : this.keyspace.entryOf(ref), floor);
  }

  /** Has a key loaded if it has to be. */
  warm(key: string, unless = ''): void {
    // These are to be done without a look at the disk.
    if (unless === 'SET') return;
    const bytes = Buffer.from(key);
    if (this.keyspace.isCold(this.db, bytes, 0, bytes.length)) this.loader.loadNow(this.db, bytes);
  }

  /** Lets things end until the promise has. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = promise.finally(() => (isDone = true));
    done.catch(() => undefined);
    for (let i = 0; !isDone; i++) {
      if (i > STEPS_MAX) throw new Error('this does not come to an end');
      if (i % 200 === 199) this.advance(100);
      await this.proceed(1);
    }
    return done;
  }

  /** That fails if the work does. */
  goOn(work: Promise<unknown>): void {
    const { generation } = this;
    work.catch((error: unknown) => {
      if (generation === this.generation) this.defects.push(error);
    });
  }

  private later(): (run: () => void) => void {
    const { generation } = this;
    return (run) => {
      if (generation === this.generation) this.queue.push(run);
    };
  }

  private async open(disk: MemoryDisk, nowMs: number): Promise<void> {
    this.disk = disk;
    this.store = this.makeStore(disk);
    this.harness = new Harness(undefined, this.origin, {
      cold: this.store,
      isReplicated: true,
      deadUpTo: this.settled,
      headroom: FRAME_HEADER_BYTES,
      nowMs,
    });
    const changes = new Changes(this.harness.batch);
    changes.listen(() => this.shownCount++);
    this.persistence = this.makePersistence();
    this.loader = new Loader(this.keyspace, this.store);
    this.digests = new EntryDigests(this.keyspace);
    this.foreign = new ForeignBatches({
      keyspace: this.keyspace,
      persistence: this.persistence,
      changes,
      onTurn: () => undefined,
      onTaken: () => undefined,
    });
    disk.makeDirectory(DIRECTORY);
    disk.syncDirectory('/');
    if (!disk.exists(identityPath(DIRECTORY))) createIdentity(disk, this.random, DIRECTORY, POSITION_KEY);
    await this.finish(this.persistence.open());
  }

  private makeStore(disk: MemoryDisk): Store {
    const later = this.later();
    return new Store({
      disk,
      random: this.random,
      clock: this.clock,
      timers: this.timers,
      jobs: () => new InlineJobs(disk, later),
      directory: DIRECTORY,
      positionKey: POSITION_KEY,
      origin: this.origin,
      isReplicated: true,
      deadUpTo: this.settled,
      settings: { ...SMALL, segmentBytesMax: 400 },
      report: () => undefined,
      onSynced: () => undefined,
      onFailed: () => undefined,
    });
  }

  private makePersistence(): Persistence {
    const { batch } = this.harness;
    return new Persistence({
      config: this.harness.config,
      keyspace: this.keyspace,
      store: this.store,
      clock: this.clock,
      timers: this.timers,
      origin: this.origin,
      report: () => undefined,
      onSynced: () => undefined,
      onStateChange: () => undefined,
      onLost: (error) => this.defects.push(error),
      onTurn: () => undefined,
      onOpened: () => undefined,
      onBatchEnd: () => {
        this.onBatch(Buffer.from(batch.buffer.subarray(batch.start, batch.end)));
      },
    });
  }
}
