/**
 * The thread that reads what is in the page cache, most likely: one read after the other, in the order in which they were asked for, each to the next
 * slot of the memory that it shares with node-read-thread.ts, its other end. Descriptors mean the same in all threads of a process.
 */

import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

import { assert } from '../base/assert.js';
import type { ReadAnswer, ReadMemory } from './node-read-protocol.js';
import { FAILED, NUMBERS, SLOTS, SLOT_BYTES } from './node-read-protocol.js';

/** So many reads are told of at a time: what has been read is used while the next are read. */
const ANSWERED_TOGETHER = 16;
/** A read that takes longer than this has waited for the disk. */
const SLOW_MS = 0.05;

const port = parentPort;
assert(port !== null, 'node-read-worker.js runs as a worker thread');
const { staging, results } = workerData as ReadMemory;
const bytes = Buffer.from(staging);
const counts = new Int32Array(results);
let slot = 0;
port.on('message', serve);

function serve(request: Float64Array): void {
  let beforeMs = performance.now();
  let count = 0;
  let slowCount = 0;
  for (let at = 0; at < request.length; at += NUMBERS) {
    counts[slot] = readToSlot(request[at], request[at + 1], request[at + 2]);
    slot = (slot + 1) % SLOTS;
    count++;
    const nowMs = performance.now();
    if (nowMs - beforeMs > SLOW_MS) slowCount++;
    beforeMs = nowMs;
    if (count < ANSWERED_TOGETHER && at + NUMBERS < request.length) continue;
    port?.postMessage({ count, slowCount } satisfies ReadAnswer);
    count = slowCount = 0;
  }
}

function readToSlot(descriptor: number, offset: number, length: number): number {
  try {
    return readSync(descriptor, bytes, slot * SLOT_BYTES, length, offset);
  } catch {
    // Whoever asked tries it in another way, and learns then what is wrong.
    return FAILED;
  }
}
