/** One segment of the append-only file that is written or waits to be durable: its open file and where its durable part ends. */

import type { Disk, DiskFile } from '../../host/ports.js';
import { segmentPath } from './aof-directory.js';
import type { FileHeader, FileId } from './aof-frame.js';
import { FRAME_HEADER_BYTES, FrameKind, encodeFileHeader, encodeFrameHeader, frameSeed } from './aof-frame.js';

/** Payloads up to this are copied behind their header and written with it; larger ones cost a second write instead. */
const COPY_BYTES_MAX = 64 * 1024;

const scratch = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + COPY_BYTES_MAX);
const NOTHING = new Uint8Array(0);

export class AofSegment {
  readonly number: number;
  readonly file: DiskFile;
  readonly nextFileId: FileId;
  /** Bytes of the file that are known to be durable. If more than 0, so is every earlier segment, and the file's name. */
  syncedBytes = 0;
  /** Is the name in the directory durable? */
  isNameDurable = false;
  /** The position of the log behind the last frame of this segment. */
  position: number;

  private readonly seed: number;

  /** A segment whose header is in the file. */
  constructor(file: DiskFile, header: FileHeader, position: number) {
    this.number = header.number;
    this.file = file;
    this.nextFileId = header.nextFileId;
    this.seed = frameSeed(header.fileId);
    this.position = position;
  }

  /** Makes the file of a new segment. Throws DiskError. */
  static create(disk: Disk, directory: string, header: FileHeader, position: number): AofSegment {
    const file = disk.create(segmentPath(directory, header.number));
    const bytes = encodeFileHeader(header);
    file.append(bytes, 0, bytes.length);
    return new AofSegment(file, header, position);
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  get isDurable(): boolean {
    return this.syncedBytes === this.file.sizeBytes;
  }

  /** See AppendOnlyFile.append. Throws DiskError. */
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
  }

  /** See AppendOnlyFile.appendFramed. Throws DiskError. */
  appendFramed(buffer: Uint8Array, start: number, end: number): void {
    this.encodeHeader(buffer, start, FrameKind.data, buffer.subarray(start + FRAME_HEADER_BYTES, end));
    this.file.append(buffer, start, end);
    this.position += end - start;
  }

  /** Says in the file that all earlier segments are durable, and this one up to `syncedBytes`. Throws DiskError. */
  appendSeal(): void {
    this.encodeHeader(scratch, 0, FrameKind.seal, NOTHING);
    this.file.append(scratch, 0, FRAME_HEADER_BYTES);
  }

  private encodeHeader(target: Uint8Array, at: number, kind: FrameKind, payload: Uint8Array): void {
    encodeFrameHeader(target, at, kind, this.seed, this.file.sizeBytes, this.syncedBytes, payload);
  }
}
