/**
 * Reads the payloads of a closed segment: for the job that moves them to tables, in any thread.
 *
 * It takes nothing but the file that was closed: of this number, id and size, whole to its last byte. All else is damage. The
 * segment has to be durable (AppendOnlyFile.whenDurable): what is read here may come from the page cache.
 */

import { CorruptionError } from '../../base/errors.js';
import type { Disk, ReadableFile } from '../../host/ports.js';
import { ADVICE, FrameKind, frameSeed, sameFileId } from './aof-frame.js';
import { FrameReader, readHeader } from './aof-reader.js';
import type { ClosedSegment } from './aof-segment.js';

export class SegmentReader {
  /** The payload that `next` went to. Valid until the next call of `next()`. */
  payload: Buffer = Buffer.alloc(0);

  private readonly file: ReadableFile;
  private readonly frames: FrameReader;

  private constructor(file: ReadableFile, frames: FrameReader) {
    this.file = file;
    this.frames = frames;
  }

  /** Opens the file of a closed segment. Throws CorruptionError and DiskError. */
  static open(disk: Disk, path: string, segment: ClosedSegment): SegmentReader {
    const file = disk.openForReading(path);
    try {
      checkFile(file, segment);
      return new SegmentReader(file, new FrameReader(file, frameSeed(segment.fileId)));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Where the frame behind the current payload begins: bytes of the file that were read. */
  get offset(): number {
    return this.frames.end;
  }

  /** Goes to the next payload; false behind the last. Throws CorruptionError and DiskError. */
  next(): boolean {
    const { frames } = this;
    while (frames.next()) {
      if (frames.kind !== FrameKind.data) continue;
      this.payload = frames.payload;
      return true;
    }
    if (!frames.isAtEnd) throw damage(this.file.path, frames.end, 'there is no whole frame');
    return false;
  }

  close(): void {
    this.file.close();
  }
}

function checkFile(file: ReadableFile, { number, fileId, nextFileId, sizeBytes }: ClosedSegment): void {
  const header = readHeader(file, 'segment');
  if (header === undefined) throw damage(file.path, 0, 'the header is missing');
  const isThisOne = header.number === number && sameFileId(header.fileId, fileId);
  if (!isThisOne || !sameFileId(header.nextFileId, nextFileId)) throw damage(file.path, 0, 'it is another file');
  if (file.sizeBytes === sizeBytes) return;
  const sizes = `the segment was closed with ${sizeBytes} bytes, and has ${file.sizeBytes}`;
  throw damage(file.path, Math.min(file.sizeBytes, sizeBytes), sizes);
}

function damage(path: string, offset: number, why: string): CorruptionError {
  return new CorruptionError(
    path,
    offset,
    `this is not what a closed segment of the log holds here: ${why}. ${ADVICE}`,
  );
}
