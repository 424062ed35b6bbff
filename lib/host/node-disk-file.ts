/**
 * An open file of the real disk. Appends and reads run on the calling thread: a write to the page cache takes
 * microseconds, less than handing it to another thread would. Waiting for the disk is the sync thread's, and
 * reading what may not be in the page cache that of other threads (`readLater`).
 */

import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

import { assert } from '../base/assert.js';
import { DiskError } from '../base/errors.js';
import { diskError } from './node-disk-error.js';
import type { ReadStarter } from './node-later-read.js';
import { LaterRead } from './node-later-read.js';
import type { SyncThread } from './node-sync-thread.js';
import type { DiskFile } from './ports.js';

/** Bytes for one system call: Linux takes at most 2 GiB less a page, and node:fs a signed 32-bit length. */
const CALL_BYTES_MAX = 2 ** 30;
const COPY_BYTES = 2 ** 20;

export class NodeDiskFile implements DiskFile {
  readonly path: string;
  private readonly descriptor: number;
  private readonly syncThread: SyncThread;
  private readonly reads: ReadStarter;
  private size: number;
  /** Syncs and reads that are under way in other threads. */
  private callsRunning = 0;
  private readonly idleReads: LaterRead[] = [];
  private closed = false;

  /** REQUIRES: `descriptor` is open for reading, and with O_APPEND if anything will be written. The file closes it. */
  constructor(path: string, descriptor: number, syncThread: SyncThread, reads: ReadStarter) {
    this.path = path;
    this.descriptor = descriptor;
    this.syncThread = syncThread;
    this.reads = reads;
    this.size = fstatSync(descriptor).size;
  }

  get sizeBytes(): number {
    return this.size;
  }

  append(buffer: Uint8Array, start: number, end: number): void {
    assert(!this.closed, 'append to an open file');
    assert(0 <= start && start <= end && end <= buffer.length, 'append of a range inside the buffer');
    let at = start;
    try {
      while (at < end) {
        const taken = writeSync(this.descriptor, buffer, at, Math.min(end - at, CALL_BYTES_MAX));
        if (taken === 0) throw new DiskError('EIO', this.path, 'append failed: the system takes no more bytes');
        at += taken;
      }
    } catch (error) {
      throw diskError(this.path, 'append', error);
    } finally {
      this.size += at - start;
    }
  }

  readAt(target: Uint8Array, offset: number, length: number): number {
    assert(!this.closed, 'read of an open file');
    assert(0 <= length && length <= target.length, 'read into a range inside the target');
    let done = 0;
    try {
      while (done < length) {
        const part = Math.min(length - done, CALL_BYTES_MAX);
        const got = readSync(this.descriptor, target, done, part, offset + done);
        if (got === 0) break;
        done += got;
      }
    } catch (error) {
      throw diskError(this.path, 'read', error);
    }
    return done;
  }

  /** Allocates nothing but its promise: the rest is kept for the next read of this file. */
  readLater(target: Uint8Array, offset: number, length: number): Promise<number> {
    assert(!this.closed, 'read of an open file');
    assert(0 <= length && length <= target.length, 'read into a range inside the target');
    this.callsRunning++;
    const { descriptor, path, reads } = this;
    const laterRead = this.idleReads.pop() ?? new LaterRead(descriptor, path, reads, (done) => this.endRead(done));
    return laterRead.run(target, offset, length);
  }

  async sync(): Promise<void> {
    assert(!this.closed, 'sync of an open file');
    this.callsRunning++;
    try {
      await this.syncThread.syncFile(this.descriptor, this.path);
    } finally {
      this.endCall();
    }
  }

  syncNow(): void {
    assert(!this.closed, 'sync of an open file');
    try {
      fdatasyncSync(this.descriptor);
    } catch (error) {
      throw diskError(this.path, 'sync', error);
    }
  }

  writeAgain(offset: number): void {
    assert(!this.closed, 'write to an open file');
    const part = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, Math.max(this.size - offset, 0)));
    try {
      // A descriptor of its own: with O_APPEND, Linux writes at the end whatever the offset.
      const descriptor = openSync(this.path, 'r+');
      try {
        for (let at = offset; at < this.size;) {
          const length = readSync(descriptor, part, 0, part.length, at);
          if (length === 0) throw new DiskError('EIO', this.path, 'write failed: the file has become shorter');
          at += writeSync(descriptor, part, 0, length, at);
        }
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw diskError(this.path, 'write', error);
    }
  }

  truncate(sizeBytes: number): void {
    assert(!this.closed, 'truncate of an open file');
    assert(sizeBytes <= this.size, 'truncate makes a file shorter');
    try {
      ftruncateSync(this.descriptor, sizeBytes);
    } catch (error) {
      throw diskError(this.path, 'truncate', error);
    }
    this.size = sizeBytes;
  }

  /** The descriptor itself is closed when the last call has ended, so that no sync or read ever meets a reused number. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closeIfDone();
  }

  private endRead(laterRead: LaterRead): void {
    this.idleReads.push(laterRead);
    this.endCall();
  }

  private endCall(): void {
    this.callsRunning--;
    this.closeIfDone();
  }

  private closeIfDone(): void {
    if (!this.closed || this.callsRunning > 0) return;
    try {
      closeSync(this.descriptor);
    } catch (error) {
      throw diskError(this.path, 'close', error);
    }
  }
}
