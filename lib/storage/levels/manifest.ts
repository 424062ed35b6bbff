/**
 * The manifest: the log of version edits. It begins with a snapshot, and is replaced by a new one at every start and when
 * it has grown long.
 *
 *   manifest   = file-header data* seal (data seal?)*        as in log/aof-frame.ts; previousBytes and nextFileId are 0
 *   data       = a version edit as JSON
 *
 *   [header][edit][edit]...[seal] [edit][seal] [edit][seal] [ed
 *   `----- the snapshot --------'                            ^ not synced yet
 *
 * 1. A manifest counts when CURRENT names it (manifest-directory.ts). Before, its snapshot and its name are durable.
 * 2. An edit is durable before it is acknowledged. Then a seal follows, which makes damage to the edit show, and is durable
 *    too before the next edit. Only one frame is ever in the air.
 * 3. When the disk is full, what was appended is cut off again, and the next edit may succeed. A new manifest that finds no
 *    room is removed, and the old one goes on.
 * 4. After any other failure nothing is appended any more. The edit that failed may be durable or not: what it removed must
 *    not be removed from the disk, and what it added neither.
 */

import type { Disk, DiskFile, Random } from '../../host/ports.js';
import type { FileId } from '../log/aof-frame.js';
import {
  FRAME_HEADER_BYTES,
  FrameKind,
  drawFileId,
  encodeFileHeader,
  encodeFrameHeader,
  frameSeed,
} from '../log/aof-frame.js';
import { hasNoRoomForFile, isDiskFull } from '../log/disk-full-error.js';
import { currentPath, encodeCurrent, listManifests, manifestPath } from './manifest-directory.js';
import { ManifestFailedError } from './manifest-failed-error.js';
import type { VersionEdit } from './version-edit.js';
import { assertEdit, encodeEdit } from './version-edit.js';

export interface ManifestOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The data directory. */
  readonly directory: string;
  /** A manifest is replaced when it is larger than this, and than 4 times its snapshot. */
  readonly bytesMax: number;
  readonly report: (message: string) => void;
}

/** How much larger than its snapshot a manifest may be. */
const GROWTH_MAX = 4;
const NO_FILE_ID: FileId = { high: 0, low: 0 };
const NOTHING = new Uint8Array(0);

/** The file that is appended to. */
interface OpenManifest {
  readonly number: number;
  readonly file: DiskFile;
  readonly seed: number;
  /** So much of it is durable. */
  syncedBytes: number;
  snapshotBytes: number;
}

export class Manifest {
  /** Why no more edits are taken. */
  failed: ManifestFailedError | undefined;

  private readonly options: ManifestOptions;
  private open: OpenManifest;
  /** The highest number that was ever tried. */
  private lastNumber: number;

  private constructor(options: ManifestOptions, open: OpenManifest) {
    this.options = options;
    this.open = open;
    this.lastNumber = open.number;
  }

  /**
   * Begins a new manifest with these edits as its snapshot: of the version that was read from the manifest before, if there
   * is one. Removes all older ones when it is durable. Rejects with DiskError.
   */
  static async begin(options: ManifestOptions, snapshot: readonly VersionEdit[]): Promise<Manifest> {
    const { disk, directory } = options;
    const old = listManifests(disk, directory);
    // Manifest 1 without CURRENT is left from a first start that did not get far; it must not look as if there had been more.
    const isNew = !disk.exists(currentPath(directory));
    if (isNew) for (const number of old) disk.remove(manifestPath(directory, number));
    const open = await replaceManifest(options, isNew ? 1 : (old.at(-1) ?? 0) + 1, snapshot);
    for (const number of isNew ? [] : old) await removeOld(options, number);
    return new Manifest(options, open);
  }

  get number(): number {
    return this.open.number;
  }

  get sizeBytes(): number {
    return this.open.file.sizeBytes;
  }

  /**
   * Appends an edit; resolves when it is durable. Rejects with DiskError if the disk is full and nothing has changed, and
   * with ManifestFailedError. REQUIRES: nothing else of this manifest is under way.
   */
  async append(edit: VersionEdit): Promise<void> {
    if (this.failed !== undefined) throw this.failed;
    assertEdit(edit);
    this.write(FrameKind.data, encodeEdit(edit));
    await this.sync();
  }

  /**
   * To be called after `append` and before the next one: seals the edit, or begins a new manifest with `snapshot()` if this
   * one has grown long. The edit is durable whatever comes: that the disk is full is nothing here, and any other failure is the
   * next edit's. REQUIRES: as `append`.
   */
  async settle(snapshot: () => readonly VersionEdit[]): Promise<void> {
    if (this.failed !== undefined || (this.isLong() && (await this.replace(snapshot())))) return;
    try {
      this.write(FrameKind.seal, NOTHING);
      await this.sync();
    } catch (error) {
      if (this.failed === undefined && !isDiskFull(error)) throw error;
    }
  }

  close(): void {
    this.open.file.close();
  }

  private isLong(): boolean {
    const { file, snapshotBytes } = this.open;
    return file.sizeBytes > Math.max(this.options.bytesMax, GROWTH_MAX * snapshotBytes);
  }

  /** Throws DiskError if nothing has changed, else ManifestFailedError. */
  private write(kind: FrameKind, payload: Uint8Array): void {
    const { file, seed, syncedBytes } = this.open;
    try {
      appendFrame(file, seed, syncedBytes, kind, payload);
    } catch (error) {
      if (!isDiskFull(error)) throw this.fail(error);
      this.undo(syncedBytes);
      throw error;
    }
  }

  private undo(sizeBytes: number): void {
    try {
      if (this.open.file.sizeBytes > sizeBytes) this.open.file.truncate(sizeBytes);
    } catch (error) {
      throw this.fail(error);
    }
  }

  private async sync(): Promise<void> {
    const { open } = this;
    try {
      await open.file.sync();
    } catch (error) {
      throw this.fail(error);
    }
    open.syncedBytes = open.file.sizeBytes;
  }

  /** False if there is no room for a new manifest: the old one goes on. */
  private async replace(snapshot: readonly VersionEdit[]): Promise<boolean> {
    const old = this.open;
    try {
      this.open = await replaceManifest(this.options, ++this.lastNumber, snapshot);
    } catch (error) {
      if (!hasNoRoomForFile(error)) {
        this.fail(error);
        return true;
      }
      this.options.report(`there is no room for a new manifest, the old one goes on: ${error.message}`);
      return false;
    }
    old.file.close();
    await removeOld(this.options, old.number);
    return true;
  }

  private fail(cause: unknown): ManifestFailedError {
    this.failed ??= failure(this.options.directory, cause);
    return this.failed;
  }
}

/**
 * Makes a manifest and lets CURRENT name it. Rejects with DiskError if nothing has changed, and with ManifestFailedError if
 * nobody knows: a sync has failed.
 */
async function replaceManifest(
  options: ManifestOptions,
  number: number,
  snapshot: readonly VersionEdit[],
): Promise<OpenManifest> {
  const { disk, directory } = options;
  const path = manifestPath(directory, number);
  const current = currentPath(directory);
  const temporary = `${current}.tmp`;
  const made: string[] = [];
  const opened: DiskFile[] = [];
  const create = (name: string): DiskFile => {
    const file = disk.create(name);
    made.push(name);
    opened.push(file);
    return file;
  };
  try {
    const file = create(path);
    const seed = writeSnapshot(file, options.random, number, snapshot);
    if (disk.exists(temporary)) disk.remove(temporary);
    const pointer = create(temporary);
    const bytes = encodeCurrent(number);
    pointer.append(bytes, 0, bytes.length);
    await synced(directory, file.sync(), pointer.sync(), disk.syncDirectoryLater(directory));
    disk.rename(temporary, current);
    made.length = 0;
    await synced(directory, disk.syncDirectoryLater(directory));
    pointer.close();
    return { number, file, seed, syncedBytes: file.sizeBytes, snapshotBytes: file.sizeBytes };
  } catch (error) {
    for (const file of opened) file.close();
    for (const name of made) await disk.removeLater(name).catch(() => undefined);
    throw error;
  }
}

async function synced(directory: string, ...syncs: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(syncs);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failure(directory, failed.reason);
}

function failure(directory: string, cause: unknown): ManifestFailedError {
  return cause instanceof ManifestFailedError ? cause : new ManifestFailedError(directory, cause);
}

/** Returns what the checksums of frames of the file begin with. Throws DiskError. */
function writeSnapshot(file: DiskFile, random: Random, number: number, snapshot: readonly VersionEdit[]): number {
  const fileId = drawFileId(random);
  const seed = frameSeed(fileId);
  const header = encodeFileHeader({ type: 'manifest', number, fileId, nextFileId: NO_FILE_ID, previousBytes: 0 });
  file.append(header, 0, header.length);
  for (const edit of snapshot) appendFrame(file, seed, 0, FrameKind.data, encodeEdit(edit));
  appendFrame(file, seed, 0, FrameKind.seal, NOTHING);
  return seed;
}

function appendFrame(file: DiskFile, seed: number, synced: number, kind: FrameKind, payload: Uint8Array): void {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  encodeFrameHeader(frame, 0, kind, seed, file.sizeBytes, synced, payload);
  file.append(frame, 0, frame.length);
}

/** A manifest that does not count any more. If it cannot be removed, the next start tries again. */
async function removeOld({ disk, directory, report }: ManifestOptions, number: number): Promise<void> {
  const path = manifestPath(directory, number);
  try {
    await disk.removeLater(path);
  } catch (error) {
    report(`${path} is not needed any more, and cannot be removed: ${String(error)}`);
  }
}
