import { DiskError } from '../../lib/base/errors.js';
import type { Disk } from '../../lib/host/ports.js';
import { inheriting } from './inheriting.js';

/**
 * A disk that cannot read a file of hints the first time that the process that has written it wants to: so they stay for some seconds when the member is back whom they are for. `isLate`:
 * whether it is so of another file.
 */
export function readingHintsLate(disk: Disk, isLate: () => boolean): Disk {
  const unread = new Set<string>();
  const overrides: Pick<Disk, 'create' | 'openForReading'> = {
    create: (path) => {
      if (path.endsWith('.hints') && isLate()) unread.add(path);
      return disk.create(path);
    },
    openForReading: (path) => {
      if (unread.delete(path)) throw new DiskError('EIO', path, 'cannot be read yet');
      return disk.openForReading(path);
    },
  };
  return inheriting(disk, overrides);
}
