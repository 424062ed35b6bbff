/**
 * Reads that are begun together, by a thread of their own. To wake a thread that sleeps costs more than to read a block that is in the page
 * cache, for the thread that wakes too: Node's pool has four to be woken, one by one, and this thread is woken once.
 *
 * It reads one after the other, so it is no good when the disk has to be waited for: then it says no for a while, and the pool, in
 * which reads overlap, has to do.
 *
 *     slots      SLOTS, taken and given back in turn: reads are answered in the order in which they were asked for
 */

import { Worker } from 'node:worker_threads';

import { assert } from '../base/assert.js';
import type { LaterRead } from './node-later-read.js';
import type { ReadAnswer, ReadMemory } from './node-read-protocol.js';
import { FAILED, NUMBERS, SLOTS, SLOT_BYTES } from './node-read-protocol.js';

/** If so many of its reads have waited for the disk, the thread has leave for a while. */
const SLOW_PART = 1 / 2;
const LEAVE_MS = 1000;

export class ReadThread {
  private readonly memory: ReadMemory = {
    staging: new SharedArrayBuffer(SLOTS * SLOT_BYTES),
    results: new SharedArrayBuffer(SLOTS * 4),
  };
  private readonly staging = Buffer.from(this.memory.staging);
  private readonly results = new Int32Array(this.memory.results);
  /** What is being read, by slot. */
  private readonly reads: (LaterRead | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  /** Reads asked for and answered, since the worker was started. */
  private asked = 0;
  private answered = 0;
  private onLeaveUntilMs = 0;
  private worker: Worker | undefined;

  /** Takes those of the reads that it can, from the first on; returns how many. */
  take(reads: readonly LaterRead[]): number {
    if (this.onLeaveUntilMs > performance.now()) return 0;
    const room = Math.min(reads.length, SLOTS - (this.asked - this.answered));
    let count = 0;
    while (count < room && reads[count].length <= SLOT_BYTES) count++;
    if (count === 0) return 0;
    const request = new Float64Array(count * NUMBERS);
    const worker = (this.worker ??= this.start());
    if (this.asked === this.answered) worker.ref();
    for (let i = 0; i < count; i++) {
      const { descriptor, offset, length } = reads[i];
      request[i * NUMBERS] = descriptor;
      request[i * NUMBERS + 1] = offset;
      request[i * NUMBERS + 2] = length;
      this.reads[this.asked++ % SLOTS] = reads[i];
    }
    worker.postMessage(request);
    return count;
  }

  private start(): Worker {
    // The main thread's options for V8 and Node are not for this one, and some (--input-type) would keep it from starting.
    const options = { name: 'ringkv read', execArgv: [], workerData: this.memory };
    const worker = new Worker(new URL('./node-read-worker.js', import.meta.url), options);
    worker.on('message', (answer: ReadAnswer) => this.settle(answer));
    // Without a listener it would end the process; `exit` follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.lose());
    worker.unref();
    return worker;
  }

  private settle({ count, slowCount }: ReadAnswer): void {
    assert(count <= this.asked - this.answered, 'an answer has a request');
    if (slowCount > count * SLOW_PART) this.onLeaveUntilMs = performance.now() + LEAVE_MS;
    for (let i = 0; i < count; i++) {
      const slot = this.answered++ % SLOTS;
      const read = this.reads[slot];
      assert(read !== undefined, 'a slot in use has a read');
      this.reads[slot] = undefined;
      const bytes = this.results[slot];
      if (bytes === FAILED) read.readInPool();
      else read.takeBytes(this.staging, slot * SLOT_BYTES, bytes);
    }
    if (this.asked === this.answered) this.worker?.unref();
  }

  /** The worker is gone: the pool does what it has left. */
  private lose(): void {
    const left = this.reads.filter((read) => read !== undefined);
    this.reads.fill(undefined);
    this.asked = this.answered = 0;
    this.worker = undefined;
    for (const read of left) read.readInPool();
  }
}
