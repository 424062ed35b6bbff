/** Bugs for the simulator to find: each is put in the place of a port, so nothing of it is in lib/. */

import type { Disk, DiskFile } from '../../lib/host/ports.js';
import { inheriting } from './inheriting.js';

/** A disk that says that the log is on it before it is: what is acknowledged then is lost when the power fails. */
export function acknowledgeBeforeSync(disk: Disk): Disk {
  const overrides: Pick<Disk, 'create' | 'open'> = {
    create: (path) => withoutSync(disk.create(path)),
    open: (path) => withoutSync(disk.open(path)),
  };
  return inheriting(disk, overrides);
}

/** A disk that says that the log is on it while it is still being written out. */
export function acknowledgeDuringSync(disk: Disk): Disk {
  const overrides: Pick<Disk, 'create' | 'open'> = {
    create: (path) => withEarlySync(disk.create(path)),
    open: (path) => withEarlySync(disk.open(path)),
  };
  return inheriting(disk, overrides);
}

function withEarlySync(file: DiskFile): DiskFile {
  if (!file.path.endsWith('.aof')) return file;
  const ignore = (): void => undefined;
  const sync = (): Promise<void> => {
    file.sync().catch(ignore);
    return Promise.resolve();
  };
  return inheriting(file, { sync });
}

function withoutSync(file: DiskFile): DiskFile {
  if (!file.path.endsWith('.aof')) return file;
  return inheriting(file, { sync: () => Promise.resolve() });
}
