/** Bugs for the simulator to find: each is put in the place of a port, so nothing of it is in lib/. */

import type { Disk, DiskFile } from '../../lib/host/ports.js';

/** A disk that says that the log is on it before it is: what is acknowledged then is lost when the power fails. */
export function acknowledgeBeforeSync(disk: Disk): Disk {
  const overrides: Pick<Disk, 'create' | 'open'> = {
    create: (path) => withoutSync(disk.create(path)),
    open: (path) => withoutSync(disk.open(path)),
  };
  return inheriting(disk, overrides);
}

function withoutSync(file: DiskFile): DiskFile {
  if (!file.path.endsWith('.aof')) return file;
  return inheriting(file, { sync: () => Promise.resolve() });
}

/** An object that is as `base` but for some methods. */
function inheriting<T extends object>(base: T, overrides: Partial<T>): T {
  return Object.assign(Object.create(base) as T, overrides);
}
