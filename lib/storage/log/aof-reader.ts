/**
 * Reads the frames of one file of the append-only file, from the first to the last that is whole.
 *
 * Memory: a window of 1 MiB over the file, which grows to the largest frame. It grows only after the frame's header has
 * proven right, and never beyond the file.
 */

import { DiskError } from '../../base/errors.js';
import type { ReadableFile } from '../../host/ports.js';
import type { FileHeader, FrameKind } from './aof-frame.js';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FrameHeader, decodeFileHeader } from './aof-frame.js';

const WINDOW_BYTES = 2 ** 20;

/**
 * Why there is no whole frame at a place: every byte of the file has been read, or the file ends inside the frame, or what is
 * there is not the header of a frame, or the payload is not the one that was written.
 */
export type FrameEnding = 'complete' | 'cut' | 'header' | 'payload';

export class FrameReader {
  /** Where the frame after the current one begins; when `next` has said false: where the whole frames end. */
  end = FILE_HEADER_BYTES;
  /** So many bytes of the file were durable when one of the frames so far was written. */
  provenBytes = 0;
  /** Has one of the frames so far said that all earlier segments are durable? */
  provesEarlier = false;
  /** When `next` has said false: why. */
  ending: FrameEnding = 'complete';
  /** The payload of the current frame. Valid until the next call of `next()`. */
  payload: Buffer = Buffer.alloc(0);

  private readonly file: ReadableFile;
  private readonly seed: number;
  private readonly header = new FrameHeader();
  private window: Buffer;
  private windowStart = 0;
  private windowEnd = 0;

  /** `seed` is frameSeed() of the file's id. */
  constructor(file: ReadableFile, seed: number) {
    this.file = file;
    this.seed = seed;
    this.window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, file.sizeBytes));
  }

  get kind(): FrameKind {
    return this.header.kind;
  }

  /** So many bytes of the file were durable when the current frame was written. */
  get synced(): number {
    return this.header.synced;
  }

  /** Has every byte of the file been read as a frame? */
  get isAtEnd(): boolean {
    return this.end === this.file.sizeBytes;
  }

  /** Goes to the next frame; false if there is no whole one at `end`. Throws DiskError. */
  next(): boolean {
    const start = this.end;
    if (!this.load(start, FRAME_HEADER_BYTES)) return this.stop(this.isAtEnd ? 'complete' : 'cut');
    if (!this.header.decode(this.window, start - this.windowStart, this.seed, start)) return this.stop('header');
    const frameBytes = FRAME_HEADER_BYTES + this.header.payloadBytes;
    if (!this.load(start, frameBytes)) return this.stop('cut');
    const at = start - this.windowStart;
    this.payload = this.window.subarray(at + FRAME_HEADER_BYTES, at + frameBytes);
    if (!this.header.fits(this.payload)) return this.stop('payload');
    this.end = start + frameBytes;
    this.provenBytes = Math.max(this.provenBytes, this.header.synced);
    this.provesEarlier ||= this.header.provesEarlier;
    return true;
  }

  private stop(ending: FrameEnding): false {
    this.ending = ending;
    return false;
  }

  /** Brings `[offset, offset + length)` into the window; false if the file ends before. */
  private load(offset: number, length: number): boolean {
    if (offset + length > this.file.sizeBytes) return false;
    if (offset + length <= this.windowEnd) return true;
    const kept = this.window.subarray(offset - this.windowStart, this.windowEnd - this.windowStart);
    const window = length <= this.window.length ? this.window : Buffer.allocUnsafeSlow(length);
    window.set(kept);
    const wanted = Math.min(window.length - kept.length, this.file.sizeBytes - offset - kept.length);
    readAll(this.file, window.subarray(kept.length, kept.length + wanted), offset + kept.length);
    this.window = window;
    this.windowStart = offset;
    this.windowEnd = offset + kept.length + wanted;
    return true;
  }
}

/** Fills `target` from the file. REQUIRES: the file has that many bytes at `offset`. Throws DiskError. */
export function readAll(file: ReadableFile, target: Uint8Array, offset: number): void {
  const got = file.readAt(target, offset, target.length);
  if (got === target.length) return;
  throw new DiskError('EIO', file.path, `read ${got} of ${target.length} bytes at offset ${offset}`);
}

/** Reads the header of a file; undefined if a crash came before it was written. Throws CorruptionError and DiskError. */
export function readHeader(file: ReadableFile, type: FileHeader['type']): FileHeader | undefined {
  const bytes = Buffer.alloc(Math.min(FILE_HEADER_BYTES, file.sizeBytes));
  readAll(file, bytes, 0);
  return decodeFileHeader(file.path, type, bytes);
}
