/**
 * What is in the directory of the log, read and judged; nothing is changed here. The start does afterwards what has to be done
 * (aof-recovery.ts), and tools only tell of it.
 *
 *   <1>.aof ... <f>.aof     <f+1>.aof   <f+2>.aof   ...   <last>.aof
 *   leftovers: not read     replayed in order             goes on being appended to
 *
 * 1. What the segments up to f hold is in tables; f and the id of segment f+1 are known from elsewhere (`flushed`). Without,
 *    the log begins with segment 1.
 * 2. The segments after f are numbered without a gap, each names the size of the one before, and each has the id that the one
 *    before names.
 * 3. Where a segment stops being whole, aof-damage.ts tells a crash from corruption.
 * 4. The name of segment f+1 is durable before it is known elsewhere that f is in tables, and stays. So with `mustExist` it is there, if
 *    perhaps without its header. Without, a crash came when the log was being made.
 */

import { CorruptionError } from '../../base/errors.js';
import type { Disk, ReadableFile } from '../../host/ports.js';
import type { ScannableFile } from './aof-damage.js';
import { corruption, refuseCorruption } from './aof-damage.js';
import { parseListing, segmentPath } from './aof-directory.js';
import type { FileHeader, FileId } from './aof-frame.js';
import { ADVICE, FILE_HEADER_BYTES, FrameKind, frameSeed, sameFileId } from './aof-frame.js';
import { FrameReader, readHeader } from './aof-reader.js';

/** How far the log is in tables: up to segment `number`. The segment after it has the id `nextFileId`. */
export interface FlushedLog {
  readonly number: number;
  readonly nextFileId: FileId;
}

export interface SurveyOptions {
  readonly disk: Disk;
  /** The directory of the log itself. */
  readonly directory: string;
  /** Undefined: nothing of it. */
  readonly flushed: FlushedLog | undefined;
  /** It is known from elsewhere that there is a log: its first segment that is not in tables was made. */
  readonly mustExist: boolean;
  /** Takes each payload in order; it is valid until the call returns. `source` names the file. */
  readonly replay: (payload: Buffer, source: string) => void;
}

/** A segment that was read up to where it is whole. */
export interface SurveyedSegment {
  readonly header: FileHeader;
  /** Bytes of it that are whole. */
  readonly sizeBytes: number;
  /** Bytes of it of which its frames say that they are durable. */
  readonly provenBytes: number;
  /** Its frames say that all earlier segments are durable. */
  readonly provesEarlier: boolean;
  readonly payloadCount: number;
}

/** Where a crash has ended the log: the rest of segment `number` from `offset` on is to be cut, and later segments to go. */
export interface CrashTail {
  readonly number: number;
  /** 0: its header was not written. The segment itself is to go, unless it is the first that is not in tables. */
  readonly offset: number;
  readonly lostBytes: number;
  /** The numbers of the segments after it, rising. */
  readonly later: readonly number[];
}

export interface LogSurvey {
  /** The whole segments, oldest first. */
  readonly segments: readonly SurveyedSegment[];
  readonly tail: CrashTail | undefined;
  /** The numbers of segments that are in tables. */
  readonly leftovers: readonly number[];
  /** Names of files that are not of the log. */
  readonly foreign: readonly string[];
}

/** An open segment; `header` is undefined if a crash came before it was written. */
interface OpenSegment extends ScannableFile {
  readonly number: number;
  readonly header: FileHeader | undefined;
}

interface Damage {
  readonly segment: OpenSegment;
  readonly offset: number;
}

/** Reads the log. Throws CorruptionError and DiskError. */
export function surveyLog(options: SurveyOptions): LogSurvey {
  return new Survey(options).run();
}

class Survey {
  private readonly options: SurveyOptions;
  /** The first segment that is not in tables. */
  private readonly first: number;
  private readonly opened: ReadableFile[] = [];
  private readonly segments: SurveyedSegment[] = [];
  /** The one that was read last. */
  private before: OpenSegment | undefined;

  constructor(options: SurveyOptions) {
    this.options = options;
    this.first = (options.flushed?.number ?? 0) + 1;
  }

  run(): LogSurvey {
    try {
      return this.survey();
    } finally {
      for (const file of this.opened) file.close();
    }
  }

  private survey(): LogSurvey {
    const { disk, directory } = this.options;
    const { segments, bases, foreign } = parseListing(disk.list(directory));
    if (bases.length > 0) throw earlierFormat(`${directory}/${bases[0]}`);
    const live = segments.filter((number) => number >= this.first);
    if (live.length === 0 && this.options.mustExist) this.refuseLost();
    this.refuseGaps(live);
    const tail = this.readSegments(live);
    return { segments: this.segments, tail, leftovers: segments.filter((number) => number < this.first), foreign };
  }

  private refuseLost(): never {
    const why = 'the file is missing, and the manifest says that there is a log, which goes on in it';
    throw new CorruptionError(this.pathOf(this.first), 0, `${why}. ${ADVICE}`);
  }

  private refuseGaps(live: readonly number[]): void {
    const gap = live.findIndex((number, index) => number !== this.first + index);
    if (gap === -1) return;
    const why = `the file is missing, and ${this.pathOf(live[gap])} is there`;
    throw new CorruptionError(this.pathOf(this.first + gap), 0, `${why}. ${ADVICE}`);
  }

  private readSegments(live: readonly number[]): CrashTail | undefined {
    for (const number of live) {
      const damage = this.readSegment(number);
      if (damage !== undefined) return this.judge(damage, live);
    }
    return undefined;
  }

  /** Throws CorruptionError if no crash does that. */
  private judge({ segment, offset }: Damage, live: readonly number[]): CrashTail {
    const laterNumbers = live.filter((number) => number > segment.number);
    const later = this.openLater(laterNumbers, segment.header);
    this.refuseWithoutFirst(segment, later.length > 0);
    refuseLonger(segment, later[0]);
    refuseCorruption(segment, offset, later);
    return { number: segment.number, offset, lostBytes: segment.file.sizeBytes - offset, later: laterNumbers };
  }

  /** Replays one segment; returns where it, or the one before it, stops being whole. */
  private readSegment(number: number): Damage | undefined {
    const { before } = this;
    const segment = this.openSegment(number, before?.header?.nextFileId ?? this.options.flushed?.nextFileId);
    const { header } = segment;
    if (header === undefined) return { segment, offset: 0 };
    if (before !== undefined && before.file.sizeBytes < header.previousBytes) {
      return { segment: before, offset: before.file.sizeBytes };
    }
    if (before !== undefined) refuseLonger(before, segment);
    this.before = segment;
    const { end, isAtEnd } = this.replay(segment, header);
    return isAtEnd ? undefined : { segment, offset: end };
  }

  private replay({ file, seed }: OpenSegment, header: FileHeader): FrameReader {
    const frames = new FrameReader(file, seed);
    let payloadCount = 0;
    while (frames.next()) {
      if (frames.kind !== FrameKind.data) continue;
      payloadCount++;
      this.options.replay(frames.payload, file.path);
    }
    const { end: sizeBytes, provenBytes, provesEarlier } = frames;
    this.segments.push({ header, sizeBytes, provenBytes, provesEarlier, payloadCount });
    return frames;
  }

  /** `fileId`: the id that it must have, if that is known. */
  private openSegment(number: number, fileId: FileId | undefined): OpenSegment {
    const file = this.open(number);
    const header = readHeader(file, 'segment');
    if (header === undefined) return { number, file, header, seed: seedOf(fileId) };
    if (header.number !== number) {
      throw new CorruptionError(file.path, 12, `the file was written as number ${header.number}. ${ADVICE}`);
    }
    if (fileId !== undefined && !sameFileId(fileId, header.fileId)) {
      throw new CorruptionError(file.path, 16, `the file does not belong to the ones before it. ${ADVICE}`);
    }
    return { number, file, header, seed: frameSeed(header.fileId) };
  }

  /**
   * The header of segment 1 was durable before anything else was written, elsewhere too. So a crash leaves it out only when the log has
   * just been made: then nothing follows.
   */
  private refuseWithoutFirst({ file, header, number }: OpenSegment, isFollowed: boolean): void {
    if (header !== undefined || number > 1) return;
    if (!isFollowed && !this.options.mustExist && file.sizeBytes <= FILE_HEADER_BYTES) return;
    throw corruption(file.path, 0, 'the header was durable before anything was appended');
  }

  /** Opens the segments behind the damage. One whose id is not known has no frames that could be told from garbage. */
  private openLater(numbers: readonly number[], damaged: FileHeader | undefined): OpenSegment[] {
    let before = damaged;
    return numbers.map((number) => {
      const file = this.open(number);
      const header = readHeader(file, 'segment');
      const seed = seedOf(header?.fileId ?? before?.nextFileId);
      before = header;
      return { number, file, header, seed };
    });
  }

  private open(number: number): ReadableFile {
    const file = this.options.disk.openForReading(this.pathOf(number));
    this.opened.push(file);
    return file;
  }

  private pathOf(number: number): string {
    return segmentPath(this.options.directory, number);
  }
}

/** The seed for a file whose id may not be known; no frame fits the one that stands in then. */
function seedOf(fileId: FileId | undefined): number {
  return fileId === undefined ? 0 : frameSeed(fileId);
}

/** Nothing is appended to a segment after the next one has been begun, so no crash leaves it longer than that one says. */
function refuseLonger({ file }: OpenSegment, next: OpenSegment | undefined): void {
  if (next?.header === undefined || file.sizeBytes <= next.header.previousBytes) return;
  const { previousBytes } = next.header;
  throw corruption(
    file.path,
    previousBytes,
    `the file was ${previousBytes} bytes long when ${next.file.path} was begun`,
  );
}

function earlierFormat(path: string): CorruptionError {
  const why = 'this is a snapshot of a ringkv from before there were tables, and this program does not read it';
  const advice =
    'Nothing was changed on the disk. Copy the data over with the version that wrote it, or begin in an empty directory.';
  return new CorruptionError(path, 0, `${why}. ${advice}`);
}
