/**
 * What is done at the start with the files that are in the directory.
 *
 *   <n>.base   <n+1>.aof   <n+2>.aof   ...   <last>.aof        anything older, *.tmp
 *   replayed   replayed in order             goes on being     removed
 *                                            appended to
 *
 * 1. The highest base is complete: it was durable before it got its name. So is the header of the segment after it.
 * 2. The segments after the base are numbered without a gap, each names the size of the one before, and each has the id
 *    that the one before names.
 * 3. Where a segment stops being whole, aof-damage.ts tells a crash from corruption. A crash's tail is cut, and the segments
 *    after it are removed.
 * 4. Nothing is changed on the disk before everything has been read and found good.
 * 5. A crash in the middle of this leaves a directory from which this ends in the same state: segments are removed from the
 *    last to the first, each for good before the next, and the tail is cut after them.
 * 6. All that was replayed is durable in the end. A process that was killed leaves data that is only in the page cache; one
 *    whose sync failed leaves data that the system wrongly takes for written. So what no frame says to be durable is written
 *    again in its place, and synced.
 */

import { CorruptionError } from '../../base/errors.js';
import type { Disk, DiskFile } from '../../host/ports.js';
import type { ScannableFile } from './aof-damage.js';
import { corruption, refuseCorruption } from './aof-damage.js';
import { basePath, parseListing, segmentPath } from './aof-directory.js';
import type { FileHeader, FileId } from './aof-frame.js';
import { ADVICE, FILE_HEADER_BYTES, FrameKind, decodeFileHeader, frameSeed, sameFileId } from './aof-frame.js';
import { FrameReader, readAll } from './aof-reader.js';

export interface RecoveryOptions {
  readonly disk: Disk;
  /** The directory of the log itself. */
  readonly directory: string;
  /** Takes each payload in order; it is valid until the call returns. `source` names the file. */
  readonly replay: (payload: Buffer, source: string) => void;
  readonly report: (message: string) => void;
}

/** A file of the log that is complete. */
export interface CompleteFile {
  readonly number: number;
  readonly sizeBytes: number;
}

export interface RecoveredLog {
  readonly base: CompleteFile | undefined;
  /** The segments between the base and the last. */
  readonly closed: readonly CompleteFile[];
  /** The last segment, open and durable; undefined if the log is new. */
  readonly last: { readonly file: DiskFile; readonly header: FileHeader } | undefined;
}

/** A segment; `header` is undefined if a crash came before it was written. */
interface Segment extends ScannableFile {
  readonly number: number;
  readonly header: FileHeader | undefined;
}

/** A segment that was read up to where it is whole. */
interface ReadSegment extends Segment {
  /** Its frames say that so many bytes of it are durable, */
  readonly provenBytes: number;
  /** and that all earlier segments are. */
  readonly provesEarlier: boolean;
}

interface Damage {
  readonly segment: Segment;
  readonly offset: number;
}

/** Reads the log and puts it in order. Throws CorruptionError and DiskError; the files are closed then. */
export function recoverLog(options: RecoveryOptions): RecoveredLog {
  return new Recovery(options).run();
}

class Recovery {
  private readonly options: RecoveryOptions;
  private readonly opened: DiskFile[] = [];
  private base: FileHeader | undefined;
  private baseBytes = 0;
  private segments: ReadSegment[] = [];

  constructor(options: RecoveryOptions) {
    this.options = options;
  }

  run(): RecoveredLog {
    try {
      return this.recover();
    } catch (error) {
      for (const file of this.opened) file.close();
      throw error;
    }
  }

  private recover(): RecoveredLog {
    const { disk, directory, report } = this.options;
    const listing = parseListing(disk.list(directory));
    for (const name of listing.foreign) report(`${directory}/${name} is not a file of the log: left alone`);
    const baseNumber = listing.bases.at(-1) ?? 0;
    if (baseNumber > 0) this.replayBase(baseNumber);
    const live = listing.segments.filter((number) => number > baseNumber);
    this.refuseGaps(live, baseNumber + 1);
    this.replaySegments(live);
    const stale = [
      ...listing.temporary.map((name) => `${directory}/${name}`),
      ...listing.bases.slice(0, -1).map((number) => basePath(directory, number)),
      ...listing.segments.filter((number) => number <= baseNumber).map((number) => segmentPath(directory, number)),
    ];
    for (const path of stale) this.remove(path, 'it is left from a rewrite');
    return this.result();
  }

  /** Closes all but the last segment. */
  private result(): RecoveredLog {
    this.options.disk.syncDirectory(this.options.directory);
    this.makeDurable();
    const last = this.segments.at(-1);
    for (const file of this.opened) if (file !== last?.file) file.close();
    return {
      base: this.base && { number: this.base.number, sizeBytes: this.baseBytes },
      closed: this.segments.slice(0, -1).map(({ number, file }) => ({ number, sizeBytes: file.sizeBytes })),
      last: last?.header && { file: last.file, header: last.header },
    };
  }

  private makeDurable(): void {
    const first = this.segments.findLastIndex((segment) => segment.provesEarlier);
    for (const { file, provenBytes } of this.segments.slice(Math.max(first, 0))) {
      file.writeAgain(provenBytes);
      file.syncNow();
    }
  }

  private replayBase(number: number): void {
    const path = basePath(this.options.directory, number);
    const file = this.open(path);
    const header = readHeader(file, 'base');
    if (header === undefined) throw new CorruptionError(path, 0, `the header of the file is missing. ${ADVICE}`);
    refuseMisnamed(path, header, number);
    const frames = new FrameReader(file, frameSeed(header.fileId));
    while (frames.next() && frames.kind === FrameKind.data) this.options.replay(frames.payload, path);
    if (frames.kind !== FrameKind.end || !frames.isAtEnd) {
      throw new CorruptionError(path, frames.end, `the data is damaged here. ${ADVICE}`);
    }
    this.base = header;
    this.baseBytes = file.sizeBytes;
  }

  private refuseGaps(live: readonly number[], first: number): void {
    const { directory } = this.options;
    const gap = live.findIndex((number, index) => number !== first + index);
    if (gap !== -1) {
      const why = `the file is missing, and ${segmentPath(directory, live[gap])} is there`;
      throw new CorruptionError(segmentPath(directory, first + gap), 0, `${why}. ${ADVICE}`);
    }
    if (live.length === 0 && this.base !== undefined) {
      const why = `the file is missing, and ${basePath(directory, this.base.number)} is there`;
      throw new CorruptionError(segmentPath(directory, first), 0, `${why}. ${ADVICE}`);
    }
  }

  private replaySegments(live: readonly number[]): void {
    for (const number of live) {
      const damage = this.replaySegment(number);
      if (damage === undefined) continue;
      const { segment, offset } = damage;
      const laterNumbers = live.filter((other) => other > segment.number);
      const later = this.openLater(laterNumbers, segment.header);
      this.refuseWithoutFirst(segment, later.length > 0);
      refuseLonger(segment, later[0]);
      refuseCorruption(segment, offset, later);
      this.cut(damage, laterNumbers);
      return;
    }
  }

  /** Replays one segment; returns where it, or the one before it, stops being whole. */
  private replaySegment(number: number): Damage | undefined {
    const before = this.segments.at(-1);
    const segment = this.openSegment(number, before?.header ?? this.base);
    const { file, header } = segment;
    if (header === undefined) return { segment, offset: 0 };
    if (before !== undefined && before.file.sizeBytes < header.previousBytes) {
      return { segment: before, offset: before.file.sizeBytes };
    }
    if (before !== undefined) refuseLonger(before, segment);
    const frames = new FrameReader(file, segment.seed);
    while (frames.next()) if (frames.kind === FrameKind.data) this.options.replay(frames.payload, file.path);
    const { provenBytes, provesEarlier } = frames;
    this.segments.push({ ...segment, provenBytes, provesEarlier });
    return frames.isAtEnd ? undefined : { segment, offset: frames.end };
  }

  /** `before`: the header of the file before it, which names this one's id. */
  private openSegment(number: number, before: FileHeader | undefined): Segment {
    const path = segmentPath(this.options.directory, number);
    const file = this.open(path);
    const header = readHeader(file, 'segment');
    if (header === undefined) return { number, file, header, seed: seedOf(before?.nextFileId) };
    refuseMisnamed(path, header, number);
    if (before !== undefined && !sameFileId(before.nextFileId, header.fileId)) {
      throw new CorruptionError(path, 16, `the file does not belong to the ones before it. ${ADVICE}`);
    }
    return { number, file, header, seed: frameSeed(header.fileId) };
  }

  /**
   * The header of the first segment, and of the first after a base, was durable before anything else was written. So a crash
   * leaves it out only when the log has just been made: then nothing follows.
   */
  private refuseWithoutFirst(segment: Segment, isFollowed: boolean): void {
    const { file, header, number } = segment;
    const isFirst = number === (this.base?.number ?? 0) + 1;
    if (header !== undefined || !isFirst) return;
    if (this.base === undefined && !isFollowed && file.sizeBytes <= FILE_HEADER_BYTES) return;
    throw corruption(file.path, 0, 'the header was durable before anything was appended');
  }

  /** Opens the segments behind the damage. One whose id is not known has no frames that could be told from garbage. */
  private openLater(numbers: readonly number[], damaged: FileHeader | undefined): Segment[] {
    let before = damaged;
    return numbers.map((number) => {
      const file = this.open(segmentPath(this.options.directory, number));
      const header = readHeader(file, 'segment');
      const seed = seedOf(header?.fileId ?? before?.nextFileId);
      before = header;
      return { number, file, header, seed };
    });
  }

  private cut({ segment, offset }: Damage, later: readonly number[]): void {
    const { disk, directory, report } = this.options;
    const { file } = segment;
    for (const number of later.toReversed()) {
      this.remove(
        segmentPath(directory, number),
        `a crash lost the end of ${file.path}, and this was written after it`,
      );
      disk.syncDirectory(directory);
    }
    const lostBytes = file.sizeBytes - offset;
    if (offset === 0) {
      this.remove(file.path, 'a crash came before its header was written');
    } else if (lostBytes > 0) {
      file.truncate(offset);
      report(`${file.path}: cut at offset ${offset}: ${lostBytes} bytes that a crash left incomplete are dropped`);
    }
  }

  private remove(path: string, why: string): void {
    const { disk, report } = this.options;
    const file = disk.open(path);
    const { sizeBytes } = file;
    file.close();
    disk.remove(path);
    report(`${path}: removed, ${sizeBytes} bytes: ${why}`);
  }

  private open(path: string): DiskFile {
    const file = this.options.disk.open(path);
    this.opened.push(file);
    return file;
  }
}

function readHeader(file: DiskFile, type: FileHeader['type']): FileHeader | undefined {
  const bytes = Buffer.alloc(Math.min(FILE_HEADER_BYTES, file.sizeBytes));
  readAll(file, bytes, 0);
  return decodeFileHeader(file.path, type, bytes);
}

/** The seed for a file whose id may not be known; no frame fits the one that stands in then. */
function seedOf(fileId: FileId | undefined): number {
  return fileId === undefined ? 0 : frameSeed(fileId);
}

/** Nothing is appended to a segment after the next one has been begun, so no crash leaves it longer than that one says. */
function refuseLonger({ file }: Segment, next: Segment | undefined): void {
  if (next?.header === undefined || file.sizeBytes <= next.header.previousBytes) return;
  const { previousBytes } = next.header;
  throw corruption(
    file.path,
    previousBytes,
    `the file was ${previousBytes} bytes long when ${next.file.path} was begun`,
  );
}

function refuseMisnamed(path: string, header: FileHeader, number: number): void {
  if (header.number === number) return;
  throw new CorruptionError(path, 12, `the file was written as number ${header.number}. ${ADVICE}`);
}
