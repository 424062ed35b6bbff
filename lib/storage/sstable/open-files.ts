import { assert } from '../../base/assert.js';
import type { Disk, ReadableFile } from '../../host/ports.js';

/** Files that are read from, kept open: at most `filesMax` of them, the ones used last. Others are opened again when needed. */
export class OpenFiles {
  private readonly disk: Disk;
  private readonly filesMax: number;
  /** By path, the one used last at the end. */
  private readonly files = new Map<string, ReadableFile>();

  constructor(disk: Disk, filesMax: number) {
    assert(filesMax > 0, 'room for a file');
    this.disk = disk;
    this.filesMax = filesMax;
  }

  get count(): number {
    return this.files.size;
  }

  /** The file, to begin a read on now: it may be closed later, which waits for reads under way. Throws DiskError. */
  get(path: string): ReadableFile {
    const open = this.files.get(path);
    if (open !== undefined) {
      this.files.delete(path);
      this.files.set(path, open);
      return open;
    }
    const file = this.disk.openForReading(path);
    this.files.set(path, file);
    if (this.files.size > this.filesMax) {
      for (const oldest of this.files.keys()) {
        this.close(oldest);
        break;
      }
    }
    return file;
  }

  /** Closes the file, if it is open. */
  close(path: string): void {
    this.files.get(path)?.close();
    this.files.delete(path);
  }

  closeAll(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }
}
