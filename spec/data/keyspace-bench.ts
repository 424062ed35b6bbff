/** A keyspace on a clock that the spec sets, with its log beside it; and what can be seen of one. */

import { HybridClock } from '../../lib/base/stamp.js';
import { POSITION_LIMIT, PositionHasher } from '../../lib/base/position.js';
import { AccessPolicy } from '../../lib/data/access.js';
import type { ColdData } from '../../lib/data/cold-data.js';
import { NO_COLD_DATA } from '../../lib/data/cold-data.js';
import { snapshotStep } from '../../lib/data/snapshot.js';
import type { Database } from '../../lib/data/keyspace.js';
import { Keyspace } from '../../lib/data/keyspace.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { SeededRandom } from '../sim/seeded-random.js';

export const START_MS = 1_700_000_000_000;
export const ORIGIN = 1;
const POSITION_KEY = Buffer.from('position');

/** What a client could see: for each of SELECT's numbers, the keys with their values and times of expiry. */
export type Visible = Record<string, readonly [value: string, atMs: number]>[];

export class KeyspaceBench {
  nowMs = START_MS;
  readonly random = new SeededRandom(1);
  readonly access = new AccessPolicy(this.random);
  readonly batch: WriteBatch;
  readonly keyspace: Keyspace;
  /** Batches logged so far, oldest first. */
  readonly log: Buffer[] = [];

  constructor(
    databaseCount = 3,
    hasher = new PositionHasher(POSITION_KEY),
    cold: ColdData = NO_COLD_DATA,
    origin = ORIGIN,
  ) {
    this.batch = new WriteBatch(origin, 7);
    this.keyspace = new Keyspace({
      databaseCount,
      clock: new HybridClock(() => this.nowMs),
      hasher,
      random: this.random,
      batch: this.batch,
      access: this.access,
      cold,
      origin,
    });
    this.access.tick(this.nowMs);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.keyspace.clock.tick();
    this.access.tick(this.nowMs);
  }

  /** Puts the cursor on a key; whether it is there. The bytes that the cursor sees are those of this call only. */
  find(number: number, name: string): boolean {
    const key = Buffer.from(`..${name}.`, 'latin1');
    return this.keyspace.find(this.database(number), key, 2, key.length - 1) !== 0;
  }

  put(number: number, name: string, value: string, expiry: number): void {
    this.find(number, name);
    this.putAtCursor(value, expiry);
  }

  /** The value's bytes are overwritten right after, as a read buffer is. */
  putAtCursor(value: string, expiry: number): void {
    const bytes = Buffer.from(`(${value})`, 'latin1');
    this.keyspace.put(bytes, 1, bytes.length - 1, expiry);
    bytes.fill(0xee);
  }

  database(number: number): Database {
    return this.keyspace.database(number);
  }

  /** The turn ends: what was changed goes to the log. */
  endTurn(): void {
    if (!this.batch.isEmpty) this.log.push(bytesOf(this.batch));
    this.batch.reset();
  }

  /** Reads a log into this keyspace. Each batch's bytes are overwritten when it has been read. */
  replay(log: readonly Buffer[]): void {
    const reader = new BatchReader();
    for (const batch of log) {
      const bytes = Buffer.from(batch);
      reader.open(bytes, 0, bytes.length, 'spec');
      while (reader.next()) this.keyspace.apply(reader);
      bytes.fill(0xee);
    }
  }

  /** What is there at `nowMs`, without touching it. */
  visible(nowMs = this.nowMs): Visible {
    const { heap } = this.keyspace;
    return Array.from({ length: this.keyspace.databaseCount }, (_, number) => {
      const found: [string, [string, number]][] = [];
      this.database(number).table.forEach((ref) => {
        const atMs = heap.expiresAtMs(ref);
        if (heap.isEmpty(ref) || (atMs !== 0 && atMs <= nowMs)) return;
        const start = heap.valueStart(ref);
        const value = heap.bytes(ref).toString('latin1', start, start + heap.valueLength(ref));
        found.push([heap.key(ref).toString('latin1'), [value, atMs]]);
      });
      if (new Set(found.map(([key]) => key)).size < found.length) throw new Error('a key is there twice');
      return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
    });
  }
}

/** A copy of all records, made in steps while the keyspace goes on changing. */
export class SteppedSnapshot {
  readonly frames: Buffer[] = [];
  private readonly keyspace: Keyspace;
  private readonly batch = new WriteBatch(ORIGIN);
  private database = 0;
  private position = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    keyspace.writeDatabases(this.batch);
    this.drain();
  }

  /** Goes one step; false when all is copied. */
  step(): boolean {
    if (this.database === this.keyspace.databaseCount) return false;
    this.position = snapshotStep(this.keyspace, this.database, this.position, this.batch, () => {
      this.drain();
    });
    this.drain();
    if (this.position < POSITION_LIMIT) return true;
    this.position = 0;
    this.database++;
    return true;
  }

  private drain(): void {
    if (!this.batch.isEmpty) this.frames.push(bytesOf(this.batch));
    this.batch.reset();
  }
}

function bytesOf(batch: WriteBatch): Buffer {
  return Buffer.from(batch.buffer.subarray(batch.start, batch.end));
}
