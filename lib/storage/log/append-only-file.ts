/**
 * The append-only file: a log of opaque payloads that survives crashes. It knows nothing of what is in them.
 *
 *   aof/0000000004.aof    segment, closed: what it holds is in tables, it is being removed
 *   aof/0000000005.aof    segment, closed
 *   aof/0000000006.aof    segment, appended to
 *
 * 1. After a crash the payloads come back in order: all that were reported durable, then those after them up to one that
 *    was not whole. Never one without those before it.
 * 2. A payload comes back whole or not at all.
 * 3. Data that was durable and is damaged is refused, not skipped (aof-damage.ts).
 * 4. After a failed write or sync nothing is appended, written or synced again, until the log is opened anew: what the page
 *    cache holds is then no longer what the disk holds.
 * 5. A write for which there is no room (disk-full-error.ts) is not such a failure: what was written of the frame is cut off
 *    again, and the log is what it was. A sync that finds no room is one: file systems that allocate late say only then that
 *    they have no place for data that was taken before, and that data may be lost. No segment follows before the cut is durable.
 * 6. At most one segment's name is not durable, so that a crash leaves no gap among the segments.
 *
 * The log is kept short by its user, who moves what closed segments hold to tables:
 *
 *   onRotated        segment n is closed
 *   whenDurable(n)   and durable: not before may a table hold what is in it
 *   ...              n is read (segment-reader.ts), its tables are durable, and it is durable too that they stand for all up to n
 *   release(n)       n is removed. The next start is told `flushed: n` and does not read it, should it still be there
 *
 * The bytes are in aof-frame.ts, the start in aof-survey.ts and aof-recovery.ts, the order of syncs in aof-syncer.ts.
 */

import { assert } from '../../base/assert.js';
import type { Disk, Random } from '../../host/ports.js';
import { aofDirectory, segmentPath } from './aof-directory.js';
import { LogFailedError } from './aof-failed-error.js';
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, SEGMENT_BYTES_MAX, drawFileId } from './aof-frame.js';
import type { RecoveredLog } from './aof-recovery.js';
import { recoverLog } from './aof-recovery.js';
import type { ClosedSegment } from './aof-segment.js';
import { AofSegment } from './aof-segment.js';
import type { FlushedLog } from './aof-survey.js';
import { AofSyncer } from './aof-syncer.js';
import { DiskFullError, hasNoRoomForFile, isDiskFull } from './disk-full-error.js';

export type { ClosedSegment } from './aof-segment.js';
export type { FlushedLog } from './aof-survey.js';

export interface AppendOnlyFileOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The data directory, which exists; the log lives in `aof` below it. */
  readonly directory: string;
  /** A segment that has reached this is followed by the next one. At most SEGMENT_BYTES_MAX. */
  readonly segmentBytesMax: number;
  /** How much of the log is in tables; that is not replayed, and removed. Undefined: nothing of it. */
  readonly flushed: FlushedLog | undefined;
  /** It is durable elsewhere that a log was opened here: one that is missing is damage. */
  readonly mustExist: boolean;
  /** Takes every payload of the log that is not in tables, in order; it is valid until the call returns. `source` names the file it is from. */
  readonly replay: (payload: Buffer, source: string) => void;
  /** A line for the server's log: something was cut, removed or left alone. */
  readonly report: (message: string) => void;
  /** The log has become durable up to `position`. Never called from inside a call to the log. */
  readonly onSynced?: (position: number) => void;
  /**
   * The segment was closed: by `rotate`, or by an append, which goes on when this returns. It may not append, rotate or close.
   * Not called for those that were closed when the log was opened.
   */
  readonly onRotated?: (segment: ClosedSegment) => void;
  /** The log has failed; called once, before the call that failed throws. */
  readonly onFailed?: (error: LogFailedError) => void;
}

export class AppendOnlyFile {
  /** See the option; may be changed at any time. */
  segmentBytesMax: number;
  private readonly options: AppendOnlyFileOptions;
  private readonly directory: string;
  private readonly syncer: AofSyncer;
  private current: AofSegment;
  private closed: readonly ClosedSegment[];
  private failure: LogFailedError | undefined;
  private holdCount = 0;
  /** Numbers of released segments whose files are held. */
  private unremoved: number[] = [];
  private isClosed = false;

  private constructor(options: AppendOnlyFileOptions, recovered: RecoveredLog) {
    this.options = options;
    this.segmentBytesMax = options.segmentBytesMax;
    this.directory = aofDirectory(options.directory);
    this.closed = recovered.closed.map(({ header, sizeBytes }) => {
      const { number, fileId, nextFileId } = header;
      return { number, sizeBytes, fileId, nextFileId };
    });
    const { last } = recovered;
    this.current = last
      ? new AofSegment(last.file, last.header, 0, last.hasPayloads)
      : createFirst(options, this.directory);
    this.current.syncedBytes = this.current.sizeBytes;
    this.current.isNameDurable = true;
    this.syncer = new AofSyncer(options.disk, this.directory, this.current, {
      onSealable: () => this.seal(),
      onSynced: (position) => options.onSynced?.(position),
      onFailed: (cause) => this.fail(cause),
    });
  }

  /** Opens the log of a data directory, or makes it; replays what is there. Throws CorruptionError and DiskError. */
  static open(options: AppendOnlyFileOptions): AppendOnlyFile {
    const { disk, directory, segmentBytesMax, flushed, mustExist, replay, report } = options;
    assert(segmentBytesMax > 0 && segmentBytesMax <= SEGMENT_BYTES_MAX, 'segmentBytesMax is at most SEGMENT_BYTES_MAX');
    disk.makeDirectory(aofDirectory(directory));
    disk.syncDirectory(directory);
    return new AppendOnlyFile(
      options,
      recoverLog({ disk, directory: aofDirectory(directory), flushed, mustExist, replay, report }),
    );
  }

  /** Bytes appended since the log was opened, over all segments: payloads and their headers. Never falls. */
  get position(): number {
    return this.current.position;
  }

  /** The log is durable up to this position. */
  get syncedPosition(): number {
    return this.syncer.syncedPosition;
  }

  /** What made the log fail, if it has. */
  get failed(): LogFailedError | undefined {
    return this.failure;
  }

  /** The number of the segment that is appended to. */
  get segmentNumber(): number {
    return this.current.number;
  }

  /** Bytes of the segment that is appended to. */
  get segmentBytes(): number {
    return this.current.sizeBytes;
  }

  /** Whether nothing was appended that was not released. */
  get isEmpty(): boolean {
    return this.closed.length === 0 && !this.current.hasPayloads;
  }

  /** The segments before the current one that were not released, oldest first. A new list after each change. */
  get closedSegments(): readonly ClosedSegment[] {
    return this.closed;
  }

  /** Bytes of all segments that were not released. */
  get sizeBytes(): number {
    let bytes = this.current.sizeBytes;
    for (const segment of this.closed) bytes += segment.sizeBytes;
    return bytes;
  }

  /**
   * Appends the payload `payload[start, end)`: at least a byte, at most FRAME_PAYLOAD_BYTES_MAX. Throws LogFailedError; and
   * DiskFullError, after which nothing of the payload is in the log, and it may be appended again when there is room.
   */
  append(payload: Uint8Array, start = 0, end = payload.length): void {
    assert(0 <= start && end <= payload.length, 'the range is inside the buffer');
    assertPayload(end - start);
    this.prepare();
    const { sizeBytes } = this.current;
    try {
      this.current.append(payload, start, end);
    } catch (error) {
      throw this.undo(sizeBytes, error);
    }
  }

  /**
   * The same without a copy: the payload is `buffer[start + FRAME_HEADER_BYTES, end)`, and the bytes before it, from
   * `start` on, are overwritten with the frame's header. Throws as `append` does.
   */
  appendFramed(buffer: Uint8Array, start: number, end: number): void {
    assert(0 <= start && end <= buffer.length, 'the range is inside the buffer');
    assertPayload(end - start - FRAME_HEADER_BYTES);
    this.prepare();
    const { sizeBytes } = this.current;
    try {
      this.current.appendFramed(buffer, start, end);
    } catch (error) {
      throw this.undo(sizeBytes, error);
    }
  }

  /**
   * The same for payloads that lie one behind the other, with one write: the first begins as there, each ends at one of `ends`, and there the next one begins. Throws as
   * `append` does, of all of them.
   */
  appendAllFramed(buffer: Uint8Array, start: number, ends: readonly number[]): void {
    let at = start;
    for (const end of ends) {
      assert(0 <= at && end <= buffer.length, 'the range is inside the buffer');
      assertPayload(end - at - FRAME_HEADER_BYTES);
      at = end;
    }
    this.prepare();
    const { sizeBytes } = this.current;
    try {
      this.current.appendAllFramed(buffer, start, ends);
    } catch (error) {
      throw this.undo(sizeBytes, error);
    }
  }

  /** Makes everything appended so far durable; `onSynced` tells when. Does nothing if the log has failed. */
  requestSync(): void {
    if (this.failure === undefined && this.position > this.syncedPosition) this.syncer.request();
  }

  /** The same; resolves when it is. Calls share syncs. Rejects with LogFailedError. */
  sync(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return this.syncer.sync();
  }

  /** Whether there is anything in the segment that is being written. */
  get hasPayloads(): boolean {
    return this.current.hasPayloads;
  }

  /**
   * Goes on in a new segment; the old one is made durable in the background. False: there is nothing in it, and it stays the
   * current one. Throws LogFailedError; and DiskFullError if there is no room for a new file, and then nothing has changed.
   */
  rotate(): boolean {
    this.refuseIfFailed();
    const before = this.current;
    if (!before.hasPayloads) return false;
    this.prepareForNext(before);
    this.current = this.createNext(before);
    const closed = before.asClosed();
    this.closed = [...this.closed, closed];
    this.syncer.add(this.current);
    this.options.onRotated?.(closed);
    return true;
  }

  /**
   * Resolves when the closed segment `number` is durable, and the name of the one after it. Not before may anything else that
   * lasts be made of what it holds. Rejects with LogFailedError if it will not be, and with an Error when the log is closed.
   */
  whenDurable(number: number): Promise<void> {
    assert(number < this.current.number, 'the segment is closed');
    if (this.syncer.hasRetired(number)) return Promise.resolve();
    return this.failure === undefined ? this.syncer.whenRetired(number) : Promise.reject(this.failure);
  }

  /** Until `unhold`, no file of a segment is removed that is there now: somebody reads it. Calls may be nested. */
  hold(): void {
    this.holdCount++;
  }

  /** Ends a `hold`: what was released meanwhile goes. */
  unhold(): void {
    assert(this.holdCount > 0, 'the log is held');
    if (--this.holdCount > 0) return;
    const numbers = this.unremoved;
    this.unremoved = [];
    if (!this.isClosed) for (const number of numbers) void this.removeFile(number);
  }

  /**
   * Removes the oldest closed segment: `number`. Resolves when its file is gone, or is held; or could not be removed, which is reported and
   * left to the next start. REQUIRES: it is durable that the log is flushed up to it (the option `flushed`). Does nothing when
   * the log is closed.
   */
  async release(number: number): Promise<void> {
    if (this.isClosed) return;
    assert(this.closed[0]?.number === number, 'segments are released in order');
    assert(this.syncer.hasRetired(number), 'a released segment was durable');
    this.closed = this.closed.slice(1);
    if (this.holdCount > 0) this.unremoved.push(number);
    else await this.removeFile(number);
  }

  /** Closes the files. Does not sync: wait for `sync()` before. The log is of no use afterwards. */
  close(): void {
    if (this.isClosed) return;
    // With everything durable, say so: damage to the last payloads is then told from a crash's.
    if (this.failure === undefined && this.position > 0 && this.syncer.isDurable) this.seal();
    this.isClosed = true;
    this.syncer.stop(new Error(`${this.directory}: the append-only file was closed`));
    this.syncer.closeFiles();
  }

  private async removeFile(number: number): Promise<void> {
    const path = segmentPath(this.directory, number);
    try {
      await this.options.disk.removeLater(path);
    } catch (error) {
      this.options.report(`${path}: removing it failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private prepare(): void {
    this.refuseIfFailed();
    if (this.current.sizeBytes >= this.segmentBytesMax) this.rotate();
  }

  private refuseIfFailed(): void {
    assert(!this.isClosed, 'the log is open');
    if (this.failure !== undefined) throw this.failure;
  }

  /**
   * Makes durable what has to be so before the next segment is there: the name of this one, and that it is not longer than the
   * next one will say. Blocks, but only where two rotations follow each other within the time of a sync, and where the disk was
   * full within that time. Throws LogFailedError.
   */
  private prepareForNext(segment: AofSegment): void {
    try {
      if (!segment.isNameDurable) this.options.disk.syncDirectory(this.directory);
      segment.isNameDurable = true;
      if (segment.syncedCuts < segment.cuts) segment.file.syncNow();
      segment.syncedCuts = segment.cuts;
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** Throws DiskFullError and LogFailedError. */
  private createNext(before: AofSegment): AofSegment {
    const { disk, random } = this.options;
    const header = {
      type: 'segment',
      number: before.number + 1,
      fileId: before.header.nextFileId,
      nextFileId: drawFileId(random),
      previousBytes: before.sizeBytes,
    } as const;
    try {
      return AofSegment.create(disk, this.directory, header, before.position);
    } catch (error) {
      throw hasNoRoomForFile(error) ? new DiskFullError(error) : this.fail(error);
    }
  }

  /** One for which there is no room is left out: the next frame that is written after a sync says the same. */
  private seal(): void {
    const { sizeBytes } = this.current;
    try {
      this.current.appendSeal();
    } catch (error) {
      this.undo(sizeBytes, error);
    }
  }

  /** A frame could not be written: cuts off what is there of it if it was for want of room. Returns what to throw. */
  private undo(sizeBytes: number, error: unknown): Error {
    if (!isDiskFull(error)) return this.fail(error);
    try {
      this.current.cutBack(sizeBytes);
    } catch (cause) {
      return this.fail(cause);
    }
    return new DiskFullError(error);
  }

  private fail(cause: unknown): LogFailedError {
    if (this.failure !== undefined) return this.failure;
    this.failure = new LogFailedError(this.directory, cause);
    this.syncer.stop(this.failure);
    this.options.onFailed?.(this.failure);
    return this.failure;
  }
}

function assertPayload(bytes: number): void {
  assert(bytes > 0 && bytes <= FRAME_PAYLOAD_BYTES_MAX, 'a payload has 1 to FRAME_PAYLOAD_BYTES_MAX bytes');
}

/** The first segment of a new log, or behind what is in tables. It is durable before it is used. Throws DiskError. */
function createFirst({ disk, random, flushed }: AppendOnlyFileOptions, directory: string): AofSegment {
  const header = {
    type: 'segment',
    number: (flushed?.number ?? 0) + 1,
    fileId: flushed?.nextFileId ?? drawFileId(random),
    nextFileId: drawFileId(random),
    previousBytes: 0,
  } as const;
  const path = segmentPath(directory, header.number);
  const segment = disk.exists(path)
    ? AofSegment.createIn(disk.open(path), header, 0)
    : AofSegment.create(disk, directory, header, 0);
  segment.file.syncNow();
  disk.syncDirectory(directory);
  return segment;
}
