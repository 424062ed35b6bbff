import { DiskError } from '../../base/errors.js';
import type { Disk, DiskFile, ReadableFile } from '../../host/ports.js';
import type { Pace } from './pace.js';

const PART_BYTES = 2 ** 20;
/** So much may wait in the page cache for the disk: nobody else should have to wait for more. */
const UNSYNCED_BYTES_MAX = 32 * PART_BYTES;

/**
 * Copies the first `bytes` bytes of a file to a new one, and makes these durable; the name of the file is the caller's. What there is of the copy
 * when it fails stays. Throws DiskError, and what `pace` does.
 */
export function copyFile(disk: Disk, from: string, to: string, bytes: number, pace: Pace): void {
  const source = disk.openForReading(from);
  try {
    const target = disk.create(to);
    try {
      copyBytes(source, target, bytes, pace);
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

function copyBytes(source: ReadableFile, target: DiskFile, bytes: number, pace: Pace): void {
  const part = Buffer.allocUnsafeSlow(Math.min(PART_BYTES, bytes));
  let unsynced = 0;
  for (let at = 0; at < bytes;) {
    const got = source.readAt(part, at, Math.min(part.length, bytes - at));
    if (got === 0) throw new DiskError('EIO', source.path, `the file ends at ${at}, before ${bytes}`);
    target.append(part, 0, got);
    at += got;
    unsynced += got;
    if (unsynced >= UNSYNCED_BYTES_MAX) {
      target.syncNow();
      unsynced = 0;
    }
    pace.spend(got);
  }
  target.syncNow();
}
