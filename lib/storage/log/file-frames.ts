/**
 * The frames of one file, whatever its state, a segment or a manifest: for tools that show what is in it. Nothing is changed. Of damage
 * only that of the file's header throws; at all other the frames end, and `ending` says why.
 */

import type { Disk, ReadableFile } from '../../host/ports.js';
import type { FileHeader } from './aof-frame.js';
import { FILE_HEADER_BYTES, FrameKind, frameSeed } from './aof-frame.js';
import type { FrameEnding } from './aof-reader.js';
import { FrameReader, readHeader } from './aof-reader.js';

const NOTHING = Buffer.alloc(0);

export class FileFrames {
  /** Undefined: the file ends within it, or it is all zeros, as a crash leaves it. Then there are no frames. */
  readonly header: FileHeader | undefined;
  /** Where the current frame begins. */
  offset = FILE_HEADER_BYTES;

  private readonly file: ReadableFile;
  private readonly frames: FrameReader | undefined;

  private constructor(file: ReadableFile, header: FileHeader | undefined) {
    this.file = file;
    this.header = header;
    this.frames = header && new FrameReader(file, frameSeed(header.fileId));
  }

  /** Throws CorruptionError if the file does not begin as one of this type does, and DiskError. */
  static open(disk: Disk, path: string, type: FileHeader['type']): FileFrames {
    const file = disk.openForReading(path);
    try {
      return new FileFrames(file, readHeader(file, type));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  /** Goes to the next frame; false if there is no whole one. Throws DiskError. */
  next(): boolean {
    if (this.frames === undefined) return false;
    this.offset = this.frames.end;
    return this.frames.next();
  }

  /** Of the current frame. */
  get kind(): FrameKind {
    return this.frames?.kind ?? FrameKind.data;
  }

  /** Bytes of the file that were known to be durable when the current frame was written. */
  get synced(): number {
    return this.frames?.synced ?? 0;
  }

  /** Of the current frame. Valid until the next call of `next()`. */
  get payload(): Buffer {
    return this.frames?.payload ?? NOTHING;
  }

  /** When `next` has said false: why there is no whole frame at `end`. */
  get ending(): FrameEnding {
    return this.frames?.ending ?? 'header';
  }

  /** The offset up to which the file is whole. */
  get end(): number {
    return this.frames?.end ?? 0;
  }

  close(): void {
    this.file.close();
  }
}
