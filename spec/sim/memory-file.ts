/**
 * The content of a file on a MemoryDisk: what a process reads and what a power failure leaves.
 *
 *   0              syncedBytes     ends[0]   ends[1]    sizeBytes = last of ends
 *   [ on the disk ][ append ........][ append ..][ append ]
 *
 * Files only grow, so every earlier state of a byte is "there" or "not there yet" (zero). A truncation begins a new
 * generation, and the one before is kept until a sync: a power failure may undo the truncation.
 */

import type { CrashFate } from './crash-fate.js';
import { SECTOR_BYTES } from './crash-fate.js';

export class MemoryFile {
  sizeBytes: number;

  private bytes: Buffer;
  private syncedBytes: number;
  /** Sizes after each append that is not synced. */
  private ends: number[] = [];
  private beforeTruncation: MemoryFile | undefined;
  private truncationCount = 0;
  private truncatedTo = 0;
  private hasLostPages = false;

  /** A file that is on the disk with this content. */
  constructor(bytes = Buffer.alloc(0)) {
    this.bytes = bytes;
    this.sizeBytes = bytes.length;
    this.syncedBytes = bytes.length;
  }

  /** What a process reads. */
  get content(): Buffer {
    return this.bytes.subarray(0, this.sizeBytes);
  }

  append(part: Uint8Array): void {
    if (part.length === 0) return;
    const size = this.sizeBytes + part.length;
    if (size > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.bytes.length, 256));
      larger.set(this.content);
      this.bytes = larger;
    }
    this.bytes.set(part, this.sizeBytes);
    this.sizeBytes = size;
    this.ends.push(size);
  }

  truncate(sizeBytes: number): void {
    const old = new MemoryFile();
    Object.assign(old, this);
    this.beforeTruncation = old;
    this.truncationCount++;
    this.truncatedTo = sizeBytes;
    this.bytes = Buffer.from(this.bytes.subarray(0, sizeBytes));
    this.sizeBytes = sizeBytes;
    this.syncedBytes = Math.min(this.syncedBytes, sizeBytes);
    this.ends = this.ends.filter((end) => end < sizeBytes);
    if (this.syncedBytes < sizeBytes) this.ends.push(sizeBytes);
  }

  /** What a sync that is begun now will have made durable when it is done: call the result then. */
  beginSync(): () => void {
    const { sizeBytes, truncationCount } = this;
    return () => {
      // With lost pages it says that it is done, and is not.
      if (!this.hasLostPages) this.endSync(sizeBytes, truncationCount);
    };
  }

  /**
   * What was there when a sync began is durable, `sizeBytes` bytes after so many truncations. What was cut since is so only in
   * the generations before the cut. Returns how much of it is in this one.
   */
  private endSync(sizeBytes: number, truncationCount: number): number {
    let bytes = sizeBytes;
    if (this.truncationCount === truncationCount) this.beforeTruncation = undefined;
    else bytes = Math.min(this.beforeTruncation?.endSync(bytes, truncationCount) ?? bytes, this.truncatedTo);
    this.syncedBytes = Math.max(this.syncedBytes, bytes);
    this.ends = this.ends.filter((end) => end > this.syncedBytes);
    return bytes;
  }

  /** A sync has failed: the kernel forgets that the pages were never written. Later syncs succeed and change nothing, until `writeAgain`. */
  failSync(): void {
    this.hasLostPages = true;
  }

  /** The pages from `offset` on are to be written. */
  writeAgain(offset: number): void {
    if (offset <= this.syncedBytes) this.hasLostPages = false;
  }

  /** The file as the next boot finds it. */
  crash(path: string, fate: CrashFate): MemoryFile {
    if (this.beforeTruncation !== undefined && !fate.keepsTruncation(path)) {
      return this.beforeTruncation.crash(path, fate);
    }
    const { syncedBytes, ends } = this;
    if (ends.length === 0) return new MemoryFile(Buffer.from(this.content));
    const file = { path, syncedBytes, ends };
    const bytes = Buffer.from(this.bytes.subarray(0, fate.sizeOf(file)));
    for (let start = syncedBytes - (syncedBytes % SECTOR_BYTES); start < bytes.length; start += SECTOR_BYTES) {
      const end = start + SECTOR_BYTES;
      const before = ends.filter((size) => size > start && size < end);
      const full = ends.some((size) => size >= end) ? [end] : [];
      const written = fate.momentOf(file, start, [Math.max(start, syncedBytes), ...before, ...full]);
      bytes.fill(0, Math.min(written, bytes.length), Math.min(end, bytes.length));
    }
    return new MemoryFile(bytes);
  }
}
