/** Threads by node:worker_threads. What runs in them begins in node-thread-main.ts. */

import { Worker } from 'node:worker_threads';

import { assert } from '../base/assert.js';
import type { ThreadAnswer, ThreadData, ThreadRequest } from './node-thread-main.js';
import type { JobThread, Threads } from './ports.js';
import { ThreadDiedError, errorOfImage } from './thread-error.js';

export class NodeThreads implements Threads {
  start(moduleUrl: string, name: string): JobThread {
    return new NodeJobThread(moduleUrl, name);
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

class NodeJobThread implements JobThread {
  private readonly moduleUrl: string;
  private readonly name: string;
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined;
  private lastId = 0;
  private isStopped = false;

  constructor(moduleUrl: string, name: string) {
    this.moduleUrl = moduleUrl;
    this.name = name;
  }

  request(message: unknown): Promise<unknown> {
    assert(!this.isStopped, 'a stopped thread is asked nothing');
    return new Promise((resolve, reject) => {
      this.worker ??= this.start();
      const id = ++this.lastId;
      // If this throws (a message that cannot be cloned), nothing is waited for.
      this.worker.postMessage({ id, message } satisfies ThreadRequest);
      if (this.waiting.size === 0) this.worker.ref();
      this.waiting.set(id, { resolve, reject });
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.worker?.terminate();
  }

  private start(): Worker {
    const workerData: ThreadData = { moduleUrl: this.moduleUrl };
    // The main thread's options for V8 and Node are not for this one, and some (--input-type) would keep it from starting.
    const options = { name: this.name, execArgv: [], workerData };
    const worker = new Worker(new URL('./node-thread-main.js', import.meta.url), options);
    let fault = 'it was stopped';
    worker.on('message', (answer: ThreadAnswer) => this.settle(answer));
    worker.on('error', (error) => (fault = error.message));
    worker.on('exit', () => this.lose(worker, fault));
    worker.unref();
    return worker;
  }

  private settle({ id, result, error }: ThreadAnswer): void {
    const waiting = this.waiting.get(id);
    assert(waiting !== undefined, 'an answer has a request');
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker?.unref();
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(errorOfImage(error));
  }

  /** The worker is gone. */
  private lose(worker: Worker, fault: string): void {
    assert(this.worker === worker, 'one worker at a time');
    this.worker = undefined;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new ThreadDiedError(`the thread '${this.name}' is gone: ${fault}`));
  }
}
