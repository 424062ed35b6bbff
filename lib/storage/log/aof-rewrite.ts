/**
 * The writing of a base: a snapshot that takes the place of all segments up to the one that was last when it was begun.
 *
 *   beginRewrite   the log goes on in segment n+1; <n>.base.tmp is made
 *   append ...     the caller copies its state, while it goes on changing it and logging the changes in n+1, n+2, ...
 *   finish         1. the log is made durable, up to now
 *                  2. the end frame is written and the file made durable
 *                  3. <n>.base.tmp is renamed to <n>.base, and the directory made durable
 *                  4. the segments up to n and the older base are removed
 *
 * A crash before 3 leaves the old base and all segments, after it the new base and the segments from n+1; in between either.
 *
 * Why 1: the copy holds changes that were made after it was begun. If a crash lost some of those from the log but not from
 * the base, the state would not be that of any moment: a later change without an earlier one.
 *
 * The base is synced bit by bit while it grows. All files share one sync thread, and the log's sync must not wait there
 * until gigabytes are written.
 */

import { assert } from '../../base/assert.js';
import type { Disk, DiskFile } from '../../host/ports.js';
import { basePath } from './aof-directory.js';
import type { FileHeader } from './aof-frame.js';
import { FRAME_HEADER_BYTES, FrameKind, encodeFileHeader, encodeFrameHeader, frameSeed } from './aof-frame.js';

const BUFFER_BYTES = 64 * 1024;
/** So much is written before a sync of it is begun. */
const SYNC_BYTES = 4 * 1024 * 1024;
/** More than this should not be written and not synced: `caughtUp` waits. */
const BEHIND_BYTES_MAX = 2 * SYNC_BYTES;
const NOTHING = new Uint8Array(0);

/** What a rewrite needs of its log. */
export interface RewriteHost {
  readonly disk: Disk;
  readonly directory: string;
  readonly failed: Error | undefined;
  /** See AppendOnlyFile.sync. */
  sync(): Promise<void>;
  /** The log has failed with the disk's error `cause`; returns what to throw. */
  fail(cause: unknown): Error;
  /** The base is in place, at once; resolves when what it stands for is removed. */
  adoptBase(number: number, sizeBytes: number): Promise<void>;
  /** Another rewrite may begin. */
  endRewrite(): void;
}

/** A base that is being written. Get one from AppendOnlyFile.beginRewrite(). */
export class Rewrite {
  private readonly host: RewriteHost;
  private readonly number: number;
  private readonly seed: number;
  private readonly path: string;
  private readonly file: DiskFile;
  private readonly buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private bufferedBytes = 0;
  private syncedBytes = 0;
  /** The sync that is under way; never rejects. */
  private syncing: Promise<void> | undefined;
  private failure: Error | undefined;
  private state: 'writing' | 'finishing' | 'named' | 'over' = 'writing';

  /** Makes the file. Throws DiskError. */
  constructor(host: RewriteHost, header: FileHeader) {
    this.host = host;
    this.number = header.number;
    this.seed = frameSeed(header.fileId);
    this.path = basePath(host.directory, header.number);
    this.file = host.disk.create(`${this.path}.tmp`);
    this.bufferedBytes = encodeFileHeader(header).copy(this.buffer);
  }

  /** Bytes that the base has so far. */
  get sizeBytes(): number {
    return this.file.sizeBytes + this.bufferedBytes;
  }

  /**
   * Adds the payload `payload[start, end)`; it is copied. Throws DiskError, after which only `abort` helps, and an Error if
   * the rewrite was aborted or the log has failed.
   */
  append(payload: Uint8Array, start = 0, end = payload.length): void {
    assert(start < end, 'a payload has at least a byte');
    assert(this.state !== 'finishing' && this.state !== 'named', 'nothing is added to a rewrite that finishes');
    this.refuseIfOver();
    this.write(FrameKind.data, payload.subarray(start, end));
  }

  /** The same with room for a header at `buffer[start, start + FRAME_HEADER_BYTES)`, as AppendOnlyFile.appendFramed takes it. */
  appendFramed(buffer: Uint8Array, start: number, end: number): void {
    this.append(buffer, start + FRAME_HEADER_BYTES, end);
  }

  /** Resolves when the disk has taken enough of what was appended. Wait for it now and then. Rejects as `append` throws. */
  async caughtUp(): Promise<void> {
    while (this.syncing !== undefined && this.file.sizeBytes - this.syncedBytes > BEHIND_BYTES_MAX) await this.syncing;
    this.refuseIfOver();
  }

  /**
   * Puts the base in place of the segments. REQUIRES: every change that the base shows has been appended to the log. Rejects
   * as `append` throws; the rewrite is aborted then, and the log is what it was.
   */
  async finish(): Promise<void> {
    assert(this.state === 'writing', 'a rewrite is finished once, and not after abort');
    this.state = 'finishing';
    try {
      await this.establish();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.state = 'over';
    const { sizeBytes } = this.file;
    this.file.close();
    const removed = this.host.adoptBase(this.number, sizeBytes);
    this.host.endRewrite();
    await removed;
  }

  /** Gives up, at any time, and again as often as you like. Does nothing once the base is in place. */
  abort(): void {
    if (this.state === 'over') return;
    const isNamed = this.state === 'named';
    this.state = 'over';
    this.failure ??= new Error(`${this.path}: the rewrite was aborted`);
    this.file.close();
    if (!isNamed) this.removeDraft();
    this.host.endRewrite();
  }

  private async establish(): Promise<void> {
    const { host } = this;
    this.refuseIfOver();
    await host.sync();
    this.refuseIfOver();
    this.write(FrameKind.end, NOTHING);
    this.flush();
    await this.syncing;
    this.refuseIfOver();
    await this.file.sync();
    this.refuseIfOver();
    host.disk.rename(`${this.path}.tmp`, this.path);
    this.state = 'named';
    try {
      await host.disk.syncDirectoryLater(host.directory);
    } catch (cause) {
      // The names of segments hang on the same directory: what is durable there is no longer known.
      throw host.fail(cause);
    }
    this.refuseIfOver();
  }

  private refuseIfOver(): void {
    const failure = this.failure ?? this.host.failed;
    if (failure !== undefined) throw failure;
  }

  /** A draft that stays is removed at the next start. */
  private removeDraft(): void {
    try {
      this.host.disk.remove(`${this.path}.tmp`);
    } catch {
      return;
    }
  }

  private write(kind: FrameKind, payload: Uint8Array): void {
    const frameBytes = FRAME_HEADER_BYTES + payload.length;
    if (this.bufferedBytes + frameBytes > BUFFER_BYTES) this.flush();
    encodeFrameHeader(this.buffer, this.bufferedBytes, kind, this.seed, this.sizeBytes, 0, payload);
    this.bufferedBytes += FRAME_HEADER_BYTES;
    if (frameBytes <= BUFFER_BYTES) {
      this.buffer.set(payload, this.bufferedBytes);
      this.bufferedBytes += payload.length;
    } else {
      this.flush();
      this.appendToFile(payload, payload.length);
    }
  }

  private flush(): void {
    const length = this.bufferedBytes;
    this.bufferedBytes = 0;
    this.appendToFile(this.buffer, length);
  }

  private appendToFile(bytes: Uint8Array, length: number): void {
    try {
      this.file.append(bytes, 0, length);
    } catch (error) {
      throw this.stop(error);
    }
    if (this.syncing === undefined && this.file.sizeBytes - this.syncedBytes >= SYNC_BYTES) {
      this.syncing = this.syncWritten();
    }
  }

  private async syncWritten(): Promise<void> {
    const bytes = this.file.sizeBytes;
    try {
      await this.file.sync();
      this.syncedBytes = bytes;
    } catch (error) {
      this.stop(error);
    }
    this.syncing = undefined;
  }

  /** Nothing more is written after a failure. */
  private stop(error: unknown): Error {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    return this.failure;
  }
}
