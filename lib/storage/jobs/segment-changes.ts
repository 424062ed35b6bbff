import { assert } from '../../base/assert.js';
import { CorruptionError } from '../../base/errors.js';
import { PositionHasher, slotOf } from '../../base/position.js';
import { SlotSet } from '../../base/slot-set.js';
import type { Disk, ReadableFile } from '../../host/ports.js';
import { ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import { comparePairs } from '../../record/pair.js';
import { aofDirectory, segmentPath } from '../log/aof-directory.js';
import type { FrameKind } from '../log/aof-frame.js';
import {
  ADVICE,
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  FrameHeader,
  FrameKind as Frames,
  decodeFileHeader,
  frameSeed,
  sameFileId,
} from '../log/aof-frame.js';
import { readAll } from '../log/aof-reader.js';
import { ChangeList } from './change-list.js';
import type { ClosedSegment, DatabaseMap, FlushJob } from './job.js';
import type { Pace } from './pace.js';
import type { Scratch } from '../../base/scratch.js';

const READ_BYTES = 2 ** 20;
const BYTES_LIMIT = 2 ** 32;

/**
 * Everything that closed segments say, read into memory as a whole. They were closed in good order, so each byte of them must be part of a
 * whole frame: else it is damage, and the caller learns of it by CorruptionError.
 */
export class SegmentChanges {
  readonly list: ChangeList;
  /** By physical database: what is stamped up to this is dead. Those of the job, raised by what the segments hold. */
  readonly floors = new Map<number, number>();
  /** The databases whose floor the segments have raised. */
  readonly raised = new Set<number>();
  databases: DatabaseMap | undefined;
  readonly readBytes: number;

  private readonly reader = new BatchReader();
  private readonly givenUp: SlotSet;

  private constructor(job: FlushJob, scratch: Scratch) {
    this.readBytes = job.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    assert(this.readBytes < BYTES_LIMIT, 'a flush takes less than 4 GiB at once');
    const bytes = Buffer.from(scratch.take('segments', this.readBytes, this.readBytes * 2), 0, this.readBytes);
    this.list = new ChangeList(bytes, job.origin, new PositionHasher(job.positionKey), scratch);
    for (const { db, stamp } of job.floors) this.floors.set(db, stamp);
    this.givenUp = SlotSet.of(job.givenUp);
  }

  /** Reads the segments of a job to `scratch`. Throws DiskError, CorruptionError and JobAbortedError. */
  static read(disk: Disk, job: FlushJob, pace: Pace, scratch: Scratch): SegmentChanges {
    const changes = new SegmentChanges(job, scratch);
    let at = 0;
    for (const segment of job.segments) {
      const path = segmentPath(aofDirectory(job.directory), segment.number);
      const part = changes.list.bytes.subarray(at, at + segment.sizeBytes);
      loadSegment(disk, path, part, pace);
      changes.addSegment(path, segment, at);
      at += segment.sizeBytes;
    }
    return changes;
  }

  /** The floor of a database; 0 if it was never emptied. */
  floorOf(db: number): number {
    return this.floors.get(db) ?? 0;
  }

  /** Walks the frames of a segment that lies at `start` in the bytes. */
  private addSegment(path: string, segment: ClosedSegment, start: number): void {
    const { bytes } = this.list;
    const part = bytes.subarray(start, start + segment.sizeBytes);
    const fileHeader = decodeFileHeader(path, 'segment', part);
    if (fileHeader?.number !== segment.number || !sameFileId(fileHeader.fileId, segment.fileId)) {
      throw new CorruptionError(path, 0, `this is not the segment that belongs here. ${ADVICE}`);
    }
    const seed = frameSeed(segment.fileId);
    const header = new FrameHeader();
    for (let offset = FILE_HEADER_BYTES; offset < part.length;) {
      const payloadStart = offset + FRAME_HEADER_BYTES;
      const isHeader = payloadStart <= part.length && header.decode(part, offset, seed, offset);
      const payloadEnd = payloadStart + header.payloadBytes;
      if (!isHeader || payloadEnd > part.length || !header.fits(part.subarray(payloadStart, payloadEnd))) {
        throw new CorruptionError(path, offset, `a closed segment is damaged. ${ADVICE}`);
      }
      this.addFrame(path, header.kind, start + payloadStart, start + payloadEnd);
      offset = payloadEnd;
    }
  }

  private addFrame(path: string, kind: FrameKind, start: number, end: number): void {
    if (kind !== Frames.data) return;
    const { reader, list } = this;
    reader.open(list.bytes, start, end, path);
    while (reader.next()) {
      if (reader.kind === ChangeKind.FLUSH) this.raiseFloor(path);
      else if (reader.kind === ChangeKind.DATABASES) this.noteDatabases();
      else if (!this.isGivenUp()) list.add(reader);
    }
  }

  private isGivenUp(): boolean {
    const { bytes, keyStart, keyEnd } = this.reader;
    return this.givenUp.size > 0 && this.givenUp.has(slotOf(bytes, keyStart, keyEnd));
  }

  private raiseFloor(path: string): void {
    const { db, stamp, partition } = this.reader;
    if (partition !== 0)
      throw new CorruptionError(path, 0, 'a partition was emptied alone: written by a newer ringkv?');
    if (stamp <= this.floorOf(db)) return;
    this.floors.set(db, stamp);
    this.raised.add(db);
  }

  private noteDatabases(): void {
    const { stamp, origin, physical } = this.reader;
    if (this.databases !== undefined && comparePairs({ stamp, origin }, this.databases) <= 0) return;
    this.databases = { stamp, origin, physical };
  }
}

/** Fills `target` with the file of exactly that size. Throws DiskError and CorruptionError. */
function loadSegment(disk: Disk, path: string, target: Buffer, pace: Pace): void {
  const file = disk.openForReading(path);
  try {
    if (file.sizeBytes !== target.length) {
      const sizes = `it has ${file.sizeBytes} bytes, and had ${target.length} when it was closed`;
      throw new CorruptionError(path, Math.min(file.sizeBytes, target.length), `${sizes}. ${ADVICE}`);
    }
    readPaced(file, target, pace);
  } finally {
    file.close();
  }
}

function readPaced(file: ReadableFile, target: Buffer, pace: Pace): void {
  for (let offset = 0; offset < target.length; offset += READ_BYTES) {
    const part = target.subarray(offset, offset + READ_BYTES);
    readAll(file, part, offset);
    pace.spend(part.length);
  }
}
