/** One segment of the append-only file that is written or waits to be durable: its open file and where its durable part ends. */

import { DiskError } from '../../base/errors.js';
import type { Disk, DiskFile } from '../../host/ports.js';
import { segmentPath } from './aof-directory.js';
import type { FileHeader, FileId } from './aof-frame.js';
import { FRAME_HEADER_BYTES, FrameKind, encodeFileHeader, encodeFrameHeader, frameSeed } from './aof-frame.js';

/** Payloads up to this are copied behind their header and written with it; larger ones cost a second write instead. */
const COPY_BYTES_MAX = 64 * 1024;

const scratch = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + COPY_BYTES_MAX);
const NOTHING = new Uint8Array(0);

/** A segment to which nothing is appended any more. */
export interface ClosedSegment {
  readonly number: number;
  readonly sizeBytes: number;
  readonly fileId: FileId;
  /** The id of the segment after it. */
  readonly nextFileId: FileId;
}

export class AofSegment {
  readonly header: FileHeader;
  readonly file: DiskFile;
  /** Does it hold a payload? */
  hasPayloads: boolean;
  /** Bytes of the file that are known to be durable. If more than 0, so is every earlier segment, and the file's name. */
  syncedBytes = 0;
  /** How often the end of a frame was cut off that could not be written; and how many of these cuts are durable. */
  cuts = 0;
  syncedCuts = 0;
  /** Is the name in the directory durable? */
  isNameDurable = false;
  /** The position of the log behind the last frame of this segment. */
  position: number;

  private readonly seed: number;

  /** A segment whose header is in the file. */
  constructor(file: DiskFile, header: FileHeader, position: number, hasPayloads: boolean) {
    this.header = header;
    this.file = file;
    this.hasPayloads = hasPayloads;
    this.seed = frameSeed(header.fileId);
    this.position = position;
  }

  /** Makes the file of a new segment. Throws DiskError: then there is no such file, but for EEXIST. */
  static create(disk: Disk, directory: string, header: FileHeader, position: number): AofSegment {
    const path = segmentPath(directory, header.number);
    const file = disk.create(path);
    const bytes = encodeFileHeader(header);
    try {
      file.append(bytes, 0, bytes.length);
    } catch (error) {
      file.close();
      removeHalfMade(disk, path);
      throw error;
    }
    return new AofSegment(file, header, position, false);
  }

  /** Begins a segment in a file that is there, and holds nothing that counts. Throws DiskError: then that is still so. */
  static createIn(file: DiskFile, header: FileHeader, position: number): AofSegment {
    const bytes = encodeFileHeader(header);
    try {
      file.truncate(0);
      file.append(bytes, 0, bytes.length);
    } catch (error) {
      file.close();
      throw error;
    }
    return new AofSegment(file, header, position, false);
  }

  get number(): number {
    return this.header.number;
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  get isDurable(): boolean {
    return this.syncedBytes === this.file.sizeBytes;
  }

  /** See AppendOnlyFile.append. Throws DiskError; then a part of the frame may be in the file. */
  append(payload: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= COPY_BYTES_MAX) {
      const part = payload.subarray(start, end);
      this.encodeHeader(scratch, 0, FrameKind.data, part);
      scratch.set(part, FRAME_HEADER_BYTES);
      this.file.append(scratch, 0, FRAME_HEADER_BYTES + length);
    } else {
      this.encodeHeader(scratch, 0, FrameKind.data, payload.subarray(start, end));
      this.file.append(scratch, 0, FRAME_HEADER_BYTES);
      this.file.append(payload, start, end);
    }
    this.position += FRAME_HEADER_BYTES + length;
    this.hasPayloads = true;
  }

  /** See AppendOnlyFile.appendFramed. Throws DiskError as `append` does. */
  appendFramed(buffer: Uint8Array, start: number, end: number): void {
    this.encodeHeader(buffer, start, FrameKind.data, buffer.subarray(start + FRAME_HEADER_BYTES, end));
    this.file.append(buffer, start, end);
    this.position += end - start;
    this.hasPayloads = true;
  }

  /** See AppendOnlyFile.appendAllFramed. Throws DiskError as `append` does. */
  appendAllFramed(buffer: Uint8Array, start: number, ends: readonly number[]): void {
    let at = start;
    for (const end of ends) {
      const offset = this.file.sizeBytes + at - start;
      const payload = buffer.subarray(at + FRAME_HEADER_BYTES, end);
      encodeFrameHeader(buffer, at, FrameKind.data, this.seed, offset, this.syncedBytes, payload);
      at = end;
    }
    this.file.append(buffer, start, at);
    this.position += at - start;
    this.hasPayloads = true;
  }

  /** Says in the file that all earlier segments are durable, and this one up to `syncedBytes`. Throws DiskError as `append` does. */
  appendSeal(): void {
    this.encodeHeader(scratch, 0, FrameKind.seal, NOTHING);
    this.file.append(scratch, 0, FRAME_HEADER_BYTES);
  }

  /** Takes back what was written of a frame: the segment ends again where it did before. Throws DiskError. */
  cutBack(sizeBytes: number): void {
    this.file.truncate(sizeBytes);
    this.cuts++;
  }

  /** What it is when the next one takes its place. */
  asClosed(): ClosedSegment {
    const { number, fileId, nextFileId } = this.header;
    return { number, sizeBytes: this.sizeBytes, fileId, nextFileId };
  }

  private encodeHeader(target: Uint8Array, at: number, kind: FrameKind, payload: Uint8Array): void {
    encodeFrameHeader(target, at, kind, this.seed, this.file.sizeBytes, this.syncedBytes, payload);
  }
}

function removeHalfMade(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch (cause) {
    throw new DiskError('EEXIST', path, 'the file could neither be written nor removed again', { cause });
  }
}
