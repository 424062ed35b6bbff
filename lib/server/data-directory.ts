import { dirname } from 'node:path';

import type { Disk } from '../host/ports.js';
import { lockPath } from '../storage/lock-path.js';

/** Makes the data directory, if it is missing, and takes it for this process. Throws DiskError. */
export function takeDirectory(disk: Disk, path: string): void {
  makeDurableDirectory(disk, path);
  disk.lock(lockPath(path));
}

/** A directory whose own name could be lost in a power failure would take everything in it along. */
function makeDurableDirectory(disk: Disk, path: string): void {
  if (disk.exists(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDurableDirectory(disk, parent);
  disk.makeDirectory(path);
  disk.syncDirectory(parent);
}
