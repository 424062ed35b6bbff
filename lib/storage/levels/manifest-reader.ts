/**
 * Reads a manifest: the edits that make the version. See manifest.ts for the format. Nothing is changed on the disk.
 *
 * 1. The snapshot at the beginning is complete: it was durable before CURRENT named the file.
 * 2. Of what follows, each frame was durable before the next was written. So a crash leaves nothing behind the first frame
 *    that is not whole; whatever is found behind it says that the file was damaged.
 */

import { AssertionError } from '../../base/assert.js';
import { CorruptionError } from '../../base/errors.js';
import type { Disk, ReadableFile } from '../../host/ports.js';
import type { FileHeader } from '../log/aof-frame.js';
import { ADVICE, FILE_HEADER_BYTES, FrameKind, decodeFileHeader, frameSeed } from '../log/aof-frame.js';
import { FrameReader, readAll } from '../log/aof-reader.js';
import { FrameScanner } from '../log/aof-scanner.js';
import { manifestPath, readCurrent } from './manifest-directory.js';
import type { VersionEdit } from './version-edit.js';
import { decodeEdit } from './version-edit.js';
import { Version } from './version.js';

export interface FoundManifest {
  readonly number: number;
  readonly version: Version;
}

/** One frame of a manifest. */
export interface ManifestFrame {
  readonly offset: number;
  /** Undefined: a seal, which says that everything before it is durable; the first one ends the snapshot. */
  readonly edit: VersionEdit | undefined;
}

/**
 * The version that a data directory is at; undefined if nothing has ever been stored in it. Throws CorruptionError and
 * DiskError.
 */
export function readManifest(disk: Disk, directory: string): FoundManifest | undefined {
  const number = readCurrent(disk, directory);
  if (number === undefined) return undefined;
  const path = manifestPath(directory, number);
  if (!disk.exists(path)) {
    throw new CorruptionError(path, 0, `the file is missing, and CURRENT names it. ${ADVICE}`);
  }
  return { number, version: versionOf(disk, path, number) };
}

function versionOf(disk: Disk, path: string, number: number): Version {
  let offset = 0;
  function* edits(): Iterable<VersionEdit> {
    for (const frame of manifestFrames(disk, path, number)) {
      ({ offset } = frame);
      if (frame.edit !== undefined) yield frame.edit;
    }
  }
  try {
    return Version.empty.applyAll(edits());
  } catch (cause) {
    if (!(cause instanceof AssertionError)) throw cause;
    const why = `up to here the edits do not fit together: ${cause.message}`;
    throw new CorruptionError(path, offset, `${why}. ${ADVICE}`, { cause });
  }
}

/** The frames of a manifest in order. Throws CorruptionError where it is damaged (not: cut short by a crash), and DiskError. */
export function* manifestFrames(disk: Disk, path: string, number: number): Generator<ManifestFrame, void> {
  const file = disk.openForReading(path);
  try {
    const { fileId } = readHeader(file, number);
    const frames = new FrameReader(file, frameSeed(fileId));
    let hasSnapshot = false;
    for (let offset = frames.end; frames.next(); offset = frames.end) {
      const isSeal = frames.kind === FrameKind.seal;
      hasSnapshot ||= isSeal;
      yield { offset, edit: isSeal ? undefined : decodeEdit(frames.payload, path, offset) };
    }
    if (!hasSnapshot) throw damaged(path, frames.end, 'the snapshot at the beginning was durable');
    refuseMore(file, fileId, frames.end);
  } finally {
    file.close();
  }
}

function readHeader(file: ReadableFile, number: number): FileHeader {
  const bytes = Buffer.alloc(Math.min(FILE_HEADER_BYTES, file.sizeBytes));
  readAll(file, bytes, 0);
  const header = decodeFileHeader(file.path, 'manifest', bytes);
  if (header === undefined) throw damaged(file.path, 0, 'the header was durable');
  if (header.number === number) return header;
  throw new CorruptionError(file.path, 12, `the file was written as number ${header.number}. ${ADVICE}`);
}

function refuseMore(file: ReadableFile, fileId: FileHeader['fileId'], end: number): void {
  const behind = new FrameScanner(file, frameSeed(fileId), end);
  if (!behind.next()) return;
  throw damaged(file.path, end, `the frame at offset ${behind.start} was written when this was durable`);
}

function damaged(path: string, offset: number, why: string): CorruptionError {
  return new CorruptionError(path, offset, `the manifest is damaged here, and no crash does that: ${why}. ${ADVICE}`);
}
