/** The real disk, through node:fs. What blocks long (syncs, freeing large files) has a form that runs off the thread. */

import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  unlink,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { NodeDiskFile } from './node-disk-file.js';
import { diskError } from './node-disk-error.js';
import { lockHolder, takeLock } from './node-disk-lock.js';
import { LaterReads } from './node-later-reads.js';
import { SyncThread } from './node-sync-thread.js';
import type { Disk, DiskFile, ReadableFile } from './ports.js';

const OPEN_FLAGS = constants.O_RDWR | constants.O_APPEND;
const CREATE_FLAGS = OPEN_FLAGS | constants.O_CREAT | constants.O_EXCL;

/** See Disk. All files of one disk share one sync thread and one read thread. */
export class NodeDisk implements Disk {
  private readonly syncThread = new SyncThread();
  private readonly reads = new LaterReads();

  create(path: string): DiskFile {
    return attempt(
      path,
      'create',
      () => new NodeDiskFile(path, openSync(path, CREATE_FLAGS), this.syncThread, this.reads),
    );
  }

  open(path: string): DiskFile {
    return attempt(path, 'open', () => new NodeDiskFile(path, openSync(path, OPEN_FLAGS), this.syncThread, this.reads));
  }

  openForReading(path: string): ReadableFile {
    return attempt(
      path,
      'open',
      () => new NodeDiskFile(path, openSync(path, constants.O_RDONLY), this.syncThread, this.reads),
    );
  }

  sizeOf(path: string): number {
    return attempt(path, 'stat', () => statSync(path).size);
  }

  exists(path: string): boolean {
    return existsSync(path);
  }

  list(directory: string): string[] {
    try {
      return readdirSync(directory).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw diskError(directory, 'list', error);
    }
  }

  makeDirectory(path: string): void {
    attempt(path, 'make directory', () => makeDirectory(path));
  }

  rename(from: string, to: string): void {
    attempt(from, `rename to ${to}`, () => renameSync(from, to));
  }

  renameLater(from: string, to: string): Promise<void> {
    return this.syncThread.rename(from, to);
  }

  link(from: string, to: string): void {
    attempt(from, `link to ${to}`, () => linkSync(from, to));
  }

  remove(path: string): void {
    attempt(path, 'remove', () => unlinkSync(path));
  }

  removeDirectory(path: string): void {
    attempt(path, 'remove directory', () => rmdirSync(path));
  }

  /** By Node's thread pool, not by the sync thread: freeing gigabytes must not hold up an acknowledgement. */
  removeLater(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      unlink(path, (error) => (error ? reject(diskError(path, 'remove', error)) : resolve()));
    });
  }

  syncDirectory(path: string): void {
    attempt(path, 'sync directory', () => {
      const descriptor = openSync(path, 'r');
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  syncDirectoryLater(path: string): Promise<void> {
    return this.syncThread.syncDirectory(path);
  }

  lock(path: string): void {
    takeLock(path);
  }

  lockHolder(path: string): string | undefined {
    return attempt(path, 'read', () => lockHolder(path));
  }
}

/** Not by `recursive` of node:fs, which never ends where the system says that nothing can be made (/proc). */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path);
}

function attempt<T>(path: string, doing: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw diskError(path, doing, error);
  }
}
