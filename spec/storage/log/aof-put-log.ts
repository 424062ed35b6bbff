/**
 * A small database over the append-only file, and its plain model: put number i writes "i" under one of five keys. The
 * state after m puts differs for every m, so a state that came back tells of which moment it is.
 */

import { expect } from 'chai';

import type { AppendOnlyFile, Rewrite } from '../../../lib/storage/log/append-only-file.js';
import type { MemoryDisk } from '../../sim/memory-disk.js';
import { openLog } from './aof-harness.js';

type State = Map<string, number>;

const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** What came back: a state, and how many puts it is made of if it is that of one moment. */
export interface Recovered {
  readonly state: State;
  readonly count: number;
}

export class PutLog {
  log!: AppendOnlyFile;
  /** Puts so far: those that were begun. */
  count = 0;
  /** Of them, those that were reported durable. */
  durableCount = 0;

  private state: State = new Map();
  /** The position of the log behind each put. */
  private positions: { position: number; count: number }[] = [];

  /** Opens the log, checks what comes back, and goes on from there. */
  open(disk: MemoryDisk, segmentBytesMax: number): void {
    const { log, payloads } = openLog(disk, '/data', segmentBytesMax, (position) => this.noteSynced(position));
    this.log = log;
    this.positions = [];
    const kept = replay(payloads);
    this.check(kept, 'after a restart');
    this.state = new Map(kept.state);
    this.count = kept.count;
    this.durableCount = kept.count;
  }

  /** Appends puts, of sizes from 30 to 700 bytes. */
  put(times: number): void {
    for (let time = 0; time < times; time++) {
      const number = ++this.count;
      const key = KEYS[number % KEYS.length];
      this.log.append(encode(key, number, 30 + ((number * 263) % 671)));
      this.state.set(key, number);
      this.positions.push({ position: this.log.position, count: number });
    }
  }

  /** Copies the state into a snapshot. */
  writeState(rewrite: Rewrite): void {
    for (const [key, number] of this.state) rewrite.append(encode(key, number, 100));
  }

  /** What came back is the state of one moment, and not of one before the last report. */
  check(recovered: Recovered, when: string): void {
    const expected = [...stateAfter(recovered.count)].sort();
    expect([...recovered.state].sort(), when).to.deep.equal(expected);
    expect(recovered.count, when).to.be.within(this.durableCount, this.count);
  }

  private noteSynced(position: number): void {
    for (const put of this.positions) if (put.position <= position) this.durableCount = put.count;
  }
}

/** Opens the log of a disk and closes it again. */
export function recoverPuts(disk: MemoryDisk, segmentBytesMax: number): Recovered {
  const { log, payloads } = openLog(disk, '/data', segmentBytesMax);
  log.close();
  return replay(payloads);
}

function replay(payloads: readonly string[]): Recovered {
  const state: State = new Map();
  for (const payload of payloads) {
    const [key, number] = payload.split(' ');
    // A snapshot may hold puts that come again from the log behind it: the later one wins, as cells do.
    state.set(key, Math.max(state.get(key) ?? 0, Number(number)));
  }
  return { state, count: Math.max(0, ...state.values()) };
}

function stateAfter(count: number): State {
  const state: State = new Map();
  for (let number = 1; number <= count; number++) state.set(KEYS[number % KEYS.length], number);
  return state;
}

function encode(key: string, number: number, bytes: number): Buffer {
  return Buffer.from(`${key} ${number} `.padEnd(bytes, key), 'latin1');
}
