/**
 * The thread that waits for the disk, so that the main thread need not: one sync after the other, in the order in which
 * they were asked for. Its other end is node-sync-thread.ts; descriptors mean the same in all threads of a process.
 */

import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort } from 'node:worker_threads';

import { assert } from '../base/assert.js';

/** An open file; the path of a directory; or a file that is to have another name in its directory, which is synced then. */
export type SyncTarget = number | string | { from: string; to: string };

/** Please sync this. `id` comes back in the answer. */
export interface SyncRequest {
  id: number;
  target: SyncTarget;
}

/** Done; or, with a `code`, the system's refusal. */
export interface SyncAnswer {
  id: number;
  code?: string;
  message?: string;
}

const port = parentPort;
assert(port !== null, 'node-sync-worker.js runs as a worker thread');
port.on('message', (request: SyncRequest) => port.postMessage(answer(request)));

function answer({ id, target }: SyncRequest): SyncAnswer {
  try {
    if (typeof target === 'number') fdatasyncSync(target);
    else if (typeof target === 'string') syncDirectory(target);
    else {
      renameSync(target.from, target.to);
      syncDirectory(dirname(target.to));
    }
    return { id };
  } catch (error) {
    const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException;
    return { id, code, message };
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
