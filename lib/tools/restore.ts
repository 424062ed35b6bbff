/**
 * `ringkv restore <backup> <dir>`: makes a data directory of a backup, or of any other data directory that no server has.
 *
 *  1. The backup is checked first, and read only: nothing in the new directory is one file with it.
 *  2. Until everything else is durable, CURRENT says that the directory is incomplete, and no server starts on it.
 *  3. The copy is another node: its id is new. Its position key is the backup's, by which the data lie.
 */

import { dirname } from 'node:path';

import { DiskError } from '../base/errors.js';
import type { Disk, Random } from '../host/ports.js';
import { createIdentity, identityPath, readIdentity } from '../storage/identity.js';
import { copyFile } from '../storage/jobs/copy-file.js';
import { currentPath, manifestPath } from '../storage/levels/manifest-directory.js';
import type { FoundManifest } from '../storage/levels/manifest-reader.js';
import { tablesDirectory } from '../storage/levels/table-files.js';
import type { Version } from '../storage/levels/version.js';
import { lockPath } from '../storage/lock-path.js';
import { aofDirectory, parseListing, segmentPath } from '../storage/log/aof-directory.js';
import { tablePath } from '../storage/sstable/table-format.js';

const INCOMPLETE = Buffer.from('ringkv restore: not complete\n', 'latin1');
const AT_ONCE = { spend: (): void => undefined };

export interface RestoredData {
  readonly nodeId: string;
  readonly tableCount: number;
  readonly segmentCount: number;
  readonly bytes: number;
}

/**
 * Copies the data directory `from`, whose manifest is `found`, to `to`, which is missing or empty. Throws DiskError: then nothing is left of
 * what it made, unless the disk refuses that too. REQUIRES: `from` is whole.
 */
export function restoreTo(disk: Disk, random: Random, from: string, found: FoundManifest, to: string): RestoredData {
  const restore = new Restore(disk, from, to);
  try {
    return restore.run(random, found);
  } catch (error) {
    restore.undo();
    throw error;
  }
}

class Restore {
  private readonly disk: Disk;
  private readonly from: string;
  private readonly to: string;
  /** Files and directories, in the order in which they were made. */
  private readonly files: string[] = [];
  private readonly directories: string[] = [];
  private bytes = 0;

  constructor(disk: Disk, from: string, to: string) {
    this.disk = disk;
    this.from = from;
    this.to = to;
  }

  run(random: Random, { number, version }: FoundManifest): RestoredData {
    const { disk, from, to } = this;
    if (!disk.exists(to)) this.makeDirectory(to);
    this.files.push(lockPath(to));
    disk.lock(lockPath(to));
    this.write(currentPath(to), INCOMPLETE);
    disk.syncDirectory(to);

    for (const folder of [aofDirectory(to), tablesDirectory(to)]) this.makeDirectory(folder);
    for (const { id } of version.tables()) this.copy((directory) => tablePath(tablesDirectory(directory), id));
    const segments = this.segmentsOf(version);
    for (const each of segments) this.copy((directory) => segmentPath(aofDirectory(directory), each));
    this.copy((directory) => manifestPath(directory, number));
    this.files.push(identityPath(to), `${identityPath(to)}.tmp`);
    const { nodeId } = createIdentity(disk, random, to, readIdentity(disk, from).positionKey);
    for (const folder of [aofDirectory(to), tablesDirectory(to), to]) disk.syncDirectory(folder);

    const pointer = `${currentPath(to)}.tmp`;
    this.files.push(pointer);
    copyFile(disk, currentPath(from), pointer, disk.sizeOf(currentPath(from)), AT_ONCE);
    disk.rename(pointer, currentPath(to));
    disk.syncDirectory(to);
    return { nodeId, tableCount: version.tableCount, segmentCount: segments.length, bytes: this.bytes };
  }

  /** Removes what was made, as far as the disk lets it. CURRENT goes last, so that no server takes the rest for data. */
  undo(): void {
    const { disk } = this;
    try {
      for (const path of this.files.toReversed()) if (disk.exists(path)) disk.remove(path);
      for (const path of this.directories.toReversed()) disk.removeDirectory(path);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }

  /** The numbers of the segments that count. */
  private segmentsOf({ logging, flushed }: Version): number[] {
    if (logging === false) return [];
    const { segments } = parseListing(this.disk.list(aofDirectory(this.from)));
    return segments.filter((number) => number > (flushed?.number ?? 0));
  }

  private copy(pathIn: (directory: string) => string): void {
    const { disk } = this;
    const source = pathIn(this.from);
    const target = pathIn(this.to);
    const bytes = disk.sizeOf(source);
    this.files.push(target);
    copyFile(disk, source, target, bytes, AT_ONCE);
    this.bytes += bytes;
  }

  private write(path: string, content: Buffer): void {
    const file = this.disk.create(path);
    this.files.push(path);
    try {
      file.append(content, 0, content.length);
      file.syncNow();
    } finally {
      file.close();
    }
  }

  private makeDirectory(path: string): void {
    this.disk.makeDirectory(path);
    this.directories.push(path);
    this.disk.syncDirectory(dirname(path));
  }
}
