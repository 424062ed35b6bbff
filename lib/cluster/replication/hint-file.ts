/**
 * A file of hints: what one member has missed for a while, batch by batch.
 *
 *   path    = <dir>/hints/<member id>/<number>.hints
 *   number  = 10 decimal digits: the second (since 1970) in which the file was begun, or one more than the file before has
 *             (one that cannot be read is <number>.hints.unreadable from then on)
 *   file    = file-header data*            as those of the log (storage/log/aof-frame.ts); each payload is one batch (record/batch-format.ts)
 *
 * 1. The files of a member and the frames in them stand in the order in which the hints came; merging them in any other order gives the same.
 * 2. Nothing is appended to a file of an earlier process.
 * 3. What a crash has torn off the end of a file was never told to be durable, and is cut. Damage anywhere else costs the hints that it hit, and no others.
 */

import type { Disk, DiskFile, Random, ReadableFile } from '../../host/ports.js';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FrameKind,
  drawFileId,
  encodeFileHeader,
  encodeFrameHeader,
  frameSeed,
} from '../../storage/log/aof-frame.js';
import { FrameReader, readHeader } from '../../storage/log/aof-reader.js';
import { FrameScanner } from '../../storage/log/aof-scanner.js';
import { cutFile } from '../../storage/log/cut-file.js';

const NAME = /^(\d{10})\.hints$/;
const NO_ID = { high: 0, low: 0 };
/** Batches up to this are copied behind their header and written with it. */
const COPY_BYTES_MAX = 64 * 1024;

const scratch = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + COPY_BYTES_MAX);

export function hintFilePath(directory: string, number: number): string {
  return `${directory}/${String(number).padStart(10, '0')}.hints`;
}

/** What is behind the name of a file that could not be read, and is looked at no more. */
const UNREADABLE = '.unreadable';

/** The path that a file has from when it could not be read. */
export function unreadablePathOf(path: string): string {
  return path + UNREADABLE;
}

export function isUnreadableHintFile(name: string): boolean {
  return name.endsWith(UNREADABLE) && NAME.test(name.slice(0, -UNREADABLE.length));
}

/** The number in the name of a file; undefined if it is none of hints. */
export function hintFileNumber(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** A file as its log knows it. */
export class HintFile {
  readonly number: number;
  readonly path: string;
  sizeBytes: number;
  /** Hints in it that the member has not acknowledged. */
  hintCount: number;
  /** Bytes of damage that were found in it. */
  lostBytes = 0;

  constructor(number: number, path: string, sizeBytes: number, hintCount: number) {
    this.number = number;
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.hintCount = hintCount;
  }
}

/** A file that hints are appended to. */
export class HintWriter {
  readonly file: HintFile;
  /** The bytes of it that are durable, if its name is. */
  syncedBytes = 0;
  private readonly handle: DiskFile;
  private readonly seed: number;

  private constructor(file: HintFile, handle: DiskFile, seed: number) {
    this.file = file;
    this.handle = handle;
    this.seed = seed;
  }

  /** Throws DiskError; a file may be there then, without a hint in it. */
  static create(disk: Disk, random: Random, directory: string, number: number): HintWriter {
    const path = hintFilePath(directory, number);
    const fileId = drawFileId(random);
    const header = encodeFileHeader({ type: 'hints', number, fileId, nextFileId: NO_ID, previousBytes: 0 });
    const handle = disk.create(path);
    try {
      handle.append(header, 0, header.length);
    } catch (error) {
      handle.close();
      throw error;
    }
    return new HintWriter(new HintFile(number, path, handle.sizeBytes, 0), handle, frameSeed(fileId));
  }

  get isDurable(): boolean {
    return this.syncedBytes === this.file.sizeBytes;
  }

  /** Throws DiskError; then the file may end in a part of a frame, and nothing may be appended any more. */
  append(batch: Buffer): void {
    const { handle, file, syncedBytes, seed } = this;
    if (batch.length <= COPY_BYTES_MAX) {
      encodeFrameHeader(scratch, 0, FrameKind.data, seed, handle.sizeBytes, syncedBytes, batch);
      batch.copy(scratch, FRAME_HEADER_BYTES);
      handle.append(scratch, 0, FRAME_HEADER_BYTES + batch.length);
    } else {
      encodeFrameHeader(scratch, 0, FrameKind.data, seed, handle.sizeBytes, syncedBytes, batch);
      handle.append(scratch, 0, FRAME_HEADER_BYTES);
      handle.append(batch, 0, batch.length);
    }
    file.sizeBytes = handle.sizeBytes;
    file.hintCount++;
  }

  /** Makes what was appended before the call durable, but for the name of the file. Rejects with DiskError. */
  async sync(): Promise<void> {
    const { sizeBytes } = this.handle;
    await this.handle.sync();
    this.syncedBytes = Math.max(this.syncedBytes, sizeBytes);
  }

  close(): void {
    this.handle.close();
  }
}

/** Reads the hints of a file to which nothing is appended any more, from the first to the last, damaged ones apart. */
export class HintReader {
  /** Where the frame of the current hint begins. */
  start = FILE_HEADER_BYTES;
  /** Bytes of damage that were passed over. */
  lostBytes = 0;
  /** Places with damage. */
  holeCount = 0;
  private readonly handle: ReadableFile;
  private readonly seed: number;
  private readonly frames: FrameReader;

  private constructor(handle: ReadableFile, seed: number, from: number) {
    this.handle = handle;
    this.seed = seed;
    this.frames = new FrameReader(handle, seed);
    this.frames.end = from;
  }

  /**
   * Opens a file at the hint whose frame begins at `from`. Undefined: a crash came before its header was there, and there is nothing in it. Throws
   * CorruptionError if the header is damaged, and DiskError.
   */
  static open(disk: Disk, path: string, from = FILE_HEADER_BYTES): HintReader | undefined {
    const handle = disk.openForReading(path);
    try {
      const header = readHeader(handle, 'hints');
      if (header !== undefined) return new HintReader(handle, frameSeed(header.fileId), from);
    } catch (error) {
      handle.close();
      throw error;
    }
    handle.close();
    return undefined;
  }

  /** The batch of the current hint. Valid until the next call of `next()`. */
  get batch(): Buffer {
    return this.frames.payload;
  }

  /** Behind the current hint; when `next` has said false: where the whole ones end. */
  get end(): number {
    return this.frames.end;
  }

  /** Goes to the next hint; false if there is none. Throws DiskError. */
  next(): boolean {
    const { frames } = this;
    for (;;) {
      this.start = frames.end;
      if (frames.next()) {
        if (frames.kind === FrameKind.data) return true;
      } else if (frames.ending === 'complete' || !this.skipDamage()) return false;
    }
  }

  close(): void {
    this.handle.close();
  }

  /** Goes to the first whole frame behind damage; false if there is none: then the file ends here. */
  private skipDamage(): boolean {
    const { frames, handle, seed } = this;
    const scanner = new FrameScanner(handle, seed, frames.end + 1);
    // Behind the last whole frame there is only what a crash has torn.
    if (!scanner.next()) return false;
    this.lostBytes += scanner.start - frames.end;
    this.holeCount++;
    frames.end = scanner.start;
    return true;
  }
}

/**
 * Reads a whole file of an earlier process, and cuts what a crash has torn. `onRead` is told what was read of it. Throws CorruptionError if its header is
 * damaged, and DiskError.
 */
export function surveyHintFile(
  disk: Disk,
  directory: string,
  number: number,
  onRead: (file: HintFile, reader: HintReader) => void,
): HintFile {
  const file = new HintFile(number, hintFilePath(directory, number), 0, 0);
  const reader = HintReader.open(disk, file.path);
  if (reader === undefined) return file;
  try {
    while (reader.next()) file.hintCount++;
  } finally {
    reader.close();
  }
  file.sizeBytes = reader.end;
  onRead(file, reader);
  if (file.sizeBytes < disk.sizeOf(file.path)) cutFile(disk, file.path, file.sizeBytes);
  return file;
}
