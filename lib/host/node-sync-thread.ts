/**
 * Syncs off the main thread, by a worker of their own. The thread pool of Node would serve too, but there a sync of the
 * log queues behind whatever cold reads are under way, and every acknowledgement waits for it.
 *
 * The worker starts with the first sync. It keeps the process alive while a sync is waited for, and only then.
 */

import { Worker } from 'node:worker_threads';

import { assert } from '../base/assert.js';
import { DiskError } from '../base/errors.js';
import type { SyncAnswer, SyncRequest, SyncTarget } from './node-sync-worker.js';

interface Waiting {
  readonly path: string;
  readonly resolve: () => void;
  readonly reject: (error: DiskError) => void;
}

export class SyncThread {
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined;
  private lastId = 0;

  /**
   * Makes an open file durable. fdatasync is enough: it leaves out the file's times, but not its size, without which the
   * appended data could not be read back. REQUIRES: the descriptor stays open until the promise is settled, else its
   * number might by then mean another file.
   */
  syncFile(descriptor: number, path: string): Promise<void> {
    return this.request(descriptor, path);
  }

  /** Makes the entries of a directory durable. */
  syncDirectory(path: string): Promise<void> {
    return this.request(path, path);
  }

  /** Gives a file another name in its directory, and makes that durable: a disk that is busy lets either wait. */
  rename(from: string, to: string): Promise<void> {
    return this.request({ from, to }, from);
  }

  private request(target: SyncTarget, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.worker ??= this.start();
      const id = ++this.lastId;
      if (this.waiting.size === 0) this.worker.ref();
      this.waiting.set(id, { path, resolve, reject });
      this.worker.postMessage({ id, target } satisfies SyncRequest);
    });
  }

  private start(): Worker {
    // The main thread's options for V8 and Node are not for this one, and some (--input-type) would keep it from starting.
    const options = { name: 'ringkv sync', execArgv: [] };
    const worker = new Worker(new URL('./node-sync-worker.js', import.meta.url), options);
    let fault = 'it ended';
    worker.on('message', (answer: SyncAnswer) => this.settle(answer));
    worker.on('error', (error) => (fault = error.message));
    worker.on('exit', () => this.lose(fault));
    worker.unref();
    return worker;
  }

  private settle({ id, code, message }: SyncAnswer): void {
    const waiting = this.waiting.get(id);
    assert(waiting !== undefined, 'an answer has a request');
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker?.unref();
    if (code === undefined) waiting.resolve();
    else waiting.reject(new DiskError(code, waiting.path, `sync failed: ${message}`));
  }

  /** The worker is gone: what it was to make durable may be, or not. */
  private lose(fault: string): void {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    this.worker = undefined;
    for (const { path, reject } of lost) reject(new DiskError('EIO', path, `the sync thread is gone: ${fault}`));
  }
}
