import { read } from 'node:fs';

import type { DiskError } from '../base/errors.js';
import { diskError } from './node-disk-error.js';

/** Bytes for one system call: Linux takes at most 2 GiB less a page, and node:fs a signed 32-bit length. */
const CALL_BYTES_MAX = 2 ** 30;
const NOTHING = new Uint8Array(0);
const ignore = (): void => undefined;

/** Who begins reads. */
export interface ReadStarter {
  /** Sees to it that the read is begun, by `readInPool` or otherwise. */
  begin(laterRead: LaterRead): void;
}

/** One read off the thread after the other, of one file: all that they need, made once. */
export class LaterRead {
  readonly descriptor: number;
  target: Uint8Array = NOTHING;
  offset = 0;
  length = 0;
  private readonly path: string;
  private readonly starter: ReadStarter;
  private readonly onEnd: (laterRead: LaterRead) => void;
  private doneBytes = 0;
  private resolve: (bytes: number) => void = ignore;
  private reject: (error: DiskError) => void = ignore;

  constructor(descriptor: number, path: string, starter: ReadStarter, onEnd: (laterRead: LaterRead) => void) {
    this.descriptor = descriptor;
    this.path = path;
    this.starter = starter;
    this.onEnd = onEnd;
  }

  /** As ReadableFile.readLater. REQUIRES: the last one is settled. */
  run(target: Uint8Array, offset: number, length: number): Promise<number> {
    this.target = target;
    this.offset = offset;
    this.length = length;
    this.doneBytes = 0;
    return new Promise(this.begin);
  }

  /** Reads what is not read yet in Node's thread pool. */
  readInPool(): void {
    const { doneBytes } = this;
    const part = Math.min(this.length - doneBytes, CALL_BYTES_MAX);
    read(this.descriptor, this.target, doneBytes, part, this.offset + doneBytes, this.onRead);
  }

  /** The first of its bytes are `bytes[start, start + count)`; if that is not all, it reads on. */
  takeBytes(bytes: Buffer, start: number, count: number): void {
    bytes.copy(this.target, 0, start, start + count);
    this.onRead(null, count);
  }

  private readonly begin = (resolve: (bytes: number) => void, reject: (error: DiskError) => void): void => {
    this.resolve = resolve;
    this.reject = reject;
    this.starter.begin(this);
  };

  private readonly onRead = (error: Error | null, got: number): void => {
    if (error === null) this.doneBytes += got;
    if (error === null && got > 0 && this.doneBytes < this.length) {
      this.readInPool();
      return;
    }
    const { resolve, reject, doneBytes } = this;
    this.target = NOTHING;
    this.onEnd(this);
    if (error === null) resolve(doneBytes);
    else reject(diskError(this.path, 'read', error));
  };
}
