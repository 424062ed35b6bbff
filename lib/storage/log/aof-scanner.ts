/**
 * Finds whole frames in a file whose frames do not follow each other any more: behind damage. It tries every byte as the
 * beginning of a frame. The checksums cover the file's id and the offset, so what fits is a frame that was written there.
 */

import { crc32 } from 'node:zlib';

import type { ReadableFile } from '../../host/ports.js';
import { FRAME_HEADER_BYTES, FrameHeader } from './aof-frame.js';
import { readAll } from './aof-reader.js';

const WINDOW_BYTES = 2 ** 20;

export class FrameScanner {
  /** Where the frame that was found begins, and where the search goes on. */
  start = 0;
  end: number;
  /** The header of the frame that was found. */
  readonly header = new FrameHeader();

  private readonly file: ReadableFile;
  private readonly seed: number;
  private readonly window: Buffer;
  private readonly payload: Buffer;
  private windowStart = 0;
  private windowEnd = 0;

  /** `seed` is frameSeed() of the file's id. The search begins at the offset `from`. */
  constructor(file: ReadableFile, seed: number, from: number) {
    this.file = file;
    this.seed = seed;
    this.end = from;
    const windowBytes = Math.min(WINDOW_BYTES, file.sizeBytes);
    this.window = Buffer.allocUnsafeSlow(windowBytes);
    this.payload = Buffer.allocUnsafeSlow(windowBytes);
  }

  /** Goes to the next whole frame; false if there is none. Throws DiskError. */
  next(): boolean {
    const last = this.file.sizeBytes - FRAME_HEADER_BYTES;
    for (let offset = this.end; offset <= last; offset++) {
      if (!this.isFrame(offset)) continue;
      this.start = offset;
      this.end = offset + FRAME_HEADER_BYTES + this.header.payloadBytes;
      return true;
    }
    return false;
  }

  private isFrame(offset: number): boolean {
    if (offset + FRAME_HEADER_BYTES > this.windowEnd) this.load(offset);
    return this.header.decode(this.window, offset - this.windowStart, this.seed, offset) && this.payloadFits(offset);
  }

  private load(offset: number): void {
    const length = Math.min(this.window.length, this.file.sizeBytes - offset);
    readAll(this.file, this.window.subarray(0, length), offset);
    this.windowStart = offset;
    this.windowEnd = offset + length;
  }

  private payloadFits(offset: number): boolean {
    const { payloadBytes, headerCrc, payloadCrc } = this.header;
    let at = offset + FRAME_HEADER_BYTES;
    const end = at + payloadBytes;
    if (end > this.file.sizeBytes) return false;
    let crc = headerCrc;
    while (at < end) {
      const part = this.payload.subarray(0, end - at);
      readAll(this.file, part, at);
      crc = crc32(part, crc);
      at += part.length;
    }
    return crc === payloadCrc;
  }
}
