/** A disk that tells when the log is durable. */

import type { Disk, DiskFile } from '../../lib/host/ports.js';
import { inheriting } from './inheriting.js';

/** `onSync` is called each time that a sync of a file of the log has ended well. */
export function tellingSyncs(disk: Disk, onSync: () => void): Disk {
  const telling = (file: DiskFile): DiskFile => {
    if (!file.path.endsWith('.aof')) return file;
    return inheriting(file, { sync: () => file.sync().then(onSync) });
  };
  const overrides: Pick<Disk, 'create' | 'open'> = {
    create: (path) => telling(disk.create(path)),
    open: (path) => telling(disk.open(path)),
  };
  return inheriting(disk, overrides);
}
