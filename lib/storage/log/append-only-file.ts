/**
 * The append-only file: a log of opaque payloads that survives crashes. It knows nothing of what is in them.
 *
 *   aof/0000000004.base   a snapshot that stands for the segments up to 4
 *   aof/0000000005.aof    segment, retired
 *   aof/0000000006.aof    segment, appended to
 *
 * 1. After a crash the payloads come back in order: all that were reported durable, then those after them up to one that
 *    was not whole. Never one without those before it.
 * 2. A payload comes back whole or not at all.
 * 3. Data that was durable and is damaged is refused, not skipped (aof-damage.ts).
 * 4. After a failed write or sync nothing is appended, written or synced again, until the log is opened anew: what the page
 *    cache holds is then no longer what the disk holds.
 * 5. At most one segment's name is not durable, so that a crash leaves no gap among the segments.
 *
 * The bytes are in aof-frame.ts, the start in aof-recovery.ts, the order of syncs in aof-syncer.ts, rewriting in
 * aof-rewrite.ts.
 */

import { assert } from '../../base/assert.js';
import type { Disk, Random } from '../../host/ports.js';
import { aofDirectory, basePath, segmentPath } from './aof-directory.js';
import { LogFailedError } from './aof-failed-error.js';
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, SEGMENT_BYTES_MAX, drawFileId } from './aof-frame.js';
import type { CompleteFile, RecoveredLog } from './aof-recovery.js';
import { recoverLog } from './aof-recovery.js';
import type { RewriteHost } from './aof-rewrite.js';
import { Rewrite } from './aof-rewrite.js';
import { AofSegment } from './aof-segment.js';
import { AofSyncer } from './aof-syncer.js';

export type { Rewrite } from './aof-rewrite.js';

export interface AppendOnlyFileOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The data directory, which exists; the log lives in `aof` below it. */
  readonly directory: string;
  /** A segment that has reached this is followed by the next one. At most SEGMENT_BYTES_MAX. */
  readonly segmentBytesMax: number;
  /** Takes every payload of the log, in order; it is valid until the call returns. `source` names the file it is from. */
  readonly replay: (payload: Buffer, source: string) => void;
  /** A line for the server's log: something was cut, removed or left alone. */
  readonly report: (message: string) => void;
  /** The log has become durable up to `position`. Never called from inside a call to the log. */
  readonly onSynced?: (position: number) => void;
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
  /** The segments before the current one, oldest first. */
  private earlier: CompleteFile[];
  private base: CompleteFile | undefined;
  private failure: LogFailedError | undefined;
  private rewrite: Rewrite | undefined;
  private isClosed = false;

  private constructor(options: AppendOnlyFileOptions, recovered: RecoveredLog) {
    this.options = options;
    this.segmentBytesMax = options.segmentBytesMax;
    this.directory = aofDirectory(options.directory);
    this.base = recovered.base;
    this.earlier = [...recovered.closed];
    this.current = recovered.last
      ? new AofSegment(recovered.last.file, recovered.last.header, 0)
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
    const { disk, directory, segmentBytesMax, replay, report } = options;
    assert(segmentBytesMax > 0 && segmentBytesMax <= SEGMENT_BYTES_MAX, 'segmentBytesMax is at most SEGMENT_BYTES_MAX');
    disk.makeDirectory(aofDirectory(directory));
    disk.syncDirectory(directory);
    return new AppendOnlyFile(options, recoverLog({ disk, directory: aofDirectory(directory), replay, report }));
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

  /** Bytes of all live files: the base and the segments after it. */
  get sizeBytes(): number {
    let bytes = this.baseSizeBytes + this.current.sizeBytes;
    for (const segment of this.earlier) bytes += segment.sizeBytes;
    return bytes;
  }

  /** Bytes of the base; 0 if the log was never rewritten. */
  get baseSizeBytes(): number {
    return this.base?.sizeBytes ?? 0;
  }

  /** Appends the payload `payload[start, end)`: at least a byte, at most FRAME_PAYLOAD_BYTES_MAX. Throws LogFailedError. */
  append(payload: Uint8Array, start = 0, end = payload.length): void {
    assert(0 <= start && end <= payload.length, 'the range is inside the buffer');
    this.prepare(end - start);
    try {
      this.current.append(payload, start, end);
    } catch (error) {
      throw this.fail(error);
    }
  }

  /**
   * The same without a copy: the payload is `buffer[start + FRAME_HEADER_BYTES, end)`, and the bytes before it, from
   * `start` on, are overwritten with the frame's header. Throws LogFailedError.
   */
  appendFramed(buffer: Uint8Array, start: number, end: number): void {
    assert(0 <= start && end <= buffer.length, 'the range is inside the buffer');
    this.prepare(end - start - FRAME_HEADER_BYTES);
    try {
      this.current.appendFramed(buffer, start, end);
    } catch (error) {
      throw this.fail(error);
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

  /** Goes on in a new segment; the old one is made durable in the background. Throws LogFailedError. */
  rotate(): void {
    this.refuseIfFailed();
    const before = this.current;
    try {
      this.makeNameDurable(before);
      this.current = this.createNext(before);
    } catch (error) {
      throw this.fail(error);
    }
    this.earlier.push({ number: before.number, sizeBytes: before.sizeBytes });
    this.syncer.add(this.current);
  }

  /**
   * Begins a snapshot that will stand for all that was appended before this call. One at a time. Throws LogFailedError, and
   * DiskError if only the file of the snapshot cannot be made.
   */
  beginRewrite(): Rewrite {
    assert(this.rewrite === undefined, 'one rewrite at a time');
    const { nextFileId } = this.current;
    this.rotate();
    this.rewrite = new Rewrite(this.rewriteHost(), {
      type: 'base',
      number: this.current.number - 1,
      fileId: drawFileId(this.options.random),
      nextFileId,
      previousBytes: 0,
    });
    return this.rewrite;
  }

  /** Closes the files and aborts a rewrite. Does not sync: wait for `sync()` before. The log is of no use afterwards. */
  close(): void {
    if (this.isClosed) return;
    this.rewrite?.abort();
    // With everything durable, say so: damage to the last payloads is then told from a crash's.
    if (this.failure === undefined && this.position > 0 && this.syncer.isDurable) this.seal();
    this.isClosed = true;
    this.syncer.stop(new Error(`${this.directory}: the append-only file was closed`));
    this.syncer.closeFiles();
  }

  private prepare(payloadBytes: number): void {
    assert(
      payloadBytes > 0 && payloadBytes <= FRAME_PAYLOAD_BYTES_MAX,
      'a payload has 1 to FRAME_PAYLOAD_BYTES_MAX bytes',
    );
    this.refuseIfFailed();
    if (this.current.sizeBytes >= this.segmentBytesMax) this.rotate();
  }

  private refuseIfFailed(): void {
    assert(!this.isClosed, 'the log is open');
    if (this.failure !== undefined) throw this.failure;
  }

  /** Blocks, but only where two rotations follow each other within the time of a sync. */
  private makeNameDurable(segment: AofSegment): void {
    if (segment.isNameDurable) return;
    this.options.disk.syncDirectory(this.directory);
    segment.isNameDurable = true;
  }

  private createNext(before: AofSegment): AofSegment {
    const { disk, random } = this.options;
    const header = {
      type: 'segment',
      number: before.number + 1,
      fileId: before.nextFileId,
      nextFileId: drawFileId(random),
      previousBytes: before.sizeBytes,
    } as const;
    return AofSegment.create(disk, this.directory, header, before.position);
  }

  private seal(): void {
    try {
      this.current.appendSeal();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(cause: unknown): LogFailedError {
    if (this.failure !== undefined) return this.failure;
    this.failure = new LogFailedError(this.directory, cause);
    this.syncer.stop(this.failure);
    this.options.onFailed?.(this.failure);
    return this.failure;
  }

  private rewriteHost(): RewriteHost {
    const failure = (): LogFailedError | undefined => this.failure;
    return {
      disk: this.options.disk,
      directory: this.directory,
      get failed() {
        return failure();
      },
      sync: () => this.sync(),
      fail: (cause) => this.fail(cause),
      adoptBase: (number, sizeBytes) => this.adoptBase({ number, sizeBytes }),
      endRewrite: () => (this.rewrite = undefined),
    };
  }

  private async adoptBase(base: CompleteFile): Promise<void> {
    const { directory } = this;
    const replaced = this.earlier.filter(({ number }) => number <= base.number);
    const paths = replaced.map(({ number }) => segmentPath(directory, number));
    if (this.base !== undefined) paths.push(basePath(directory, this.base.number));
    this.base = base;
    this.earlier = this.earlier.filter(({ number }) => number > base.number);
    for (const path of paths) await this.removeReplaced(path);
  }

  /** A file that stays is removed at the next start. */
  private async removeReplaced(path: string): Promise<void> {
    try {
      await this.options.disk.removeLater(path);
    } catch (error) {
      this.options.report(`${path}: removing it failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The first segment of a new log is durable before it is used. Throws DiskError. */
function createFirst({ disk, random }: AppendOnlyFileOptions, directory: string): AofSegment {
  const header = {
    type: 'segment',
    number: 1,
    fileId: drawFileId(random),
    nextFileId: drawFileId(random),
    previousBytes: 0,
  } as const;
  const segment = AofSegment.create(disk, directory, header, 0);
  segment.file.syncNow();
  disk.syncDirectory(directory);
  return segment;
}
