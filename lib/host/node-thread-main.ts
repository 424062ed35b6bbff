/**
 * What a thread of NodeThreads runs: it loads the module that it was started for, and answers one request after the other.
 * The other end is node-threads.ts.
 *
 * What it does can wait, and clients of this process, and of others on the machine, cannot: so it leaves them the processor where that is wanted by more than there are.
 */

import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';

import { assert } from '../base/assert.js';
import { NodeClock } from './node-clock.js';
import { NodeDisk } from './node-disk.js';
import type { ThreadHost, ThreadModule } from './ports.js';
import type { ErrorImage } from './thread-error.js';
import { imageOfError } from './thread-error.js';

/** What the thread is started with. */
export interface ThreadData {
  readonly moduleUrl: string;
}

/** `id` comes back in the answer. */
export interface ThreadRequest {
  readonly id: number;
  readonly message: unknown;
}

export interface ThreadAnswer {
  readonly id: number;
  /** Of no meaning with an error. */
  readonly result: unknown;
  readonly error?: ErrorImage;
}

/** Of Linux's scheduler: a third of what the main thread gets, if there is not enough for both. */
const NICENESS = 5;

// There it is the calling thread's own; elsewhere it would be the whole process's.
if (process.platform === 'linux') setPriority(0, NICENESS);

const port = parentPort;
assert(port !== null, 'node-thread-main.js runs as a worker thread');

const host: ThreadHost = {
  disk: new NodeDisk(),
  clock: new NodeClock(),
  wait: (words, index, value, timeoutMs) => void Atomics.wait(words, index, value, timeoutMs),
};
const { moduleUrl } = workerData as ThreadData;
const module = (await import(moduleUrl)) as ThreadModule;
const run = module.serve(host);
port.on('message', (request: ThreadRequest) => port.postMessage(answer(request)));

function answer({ id, message }: ThreadRequest): ThreadAnswer {
  try {
    return { id, result: run(message) };
  } catch (error) {
    return { id, result: undefined, error: imageOfError(error) };
  }
}
