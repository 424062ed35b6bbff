import type { Disk } from '../../host/ports.js';

/** Takes off a file what stands behind `sizeBytes`. It is not durable. Throws DiskError. */
export function cutFile(disk: Disk, path: string, sizeBytes: number): void {
  const file = disk.open(path);
  try {
    file.truncate(sizeBytes);
  } finally {
    file.close();
  }
}
