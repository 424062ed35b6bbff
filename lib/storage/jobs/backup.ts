/**
 * Copies the files of a data directory that is in use, all but the manifest (engine/backup.ts): tables, which never change, by giving them a
 * second name where the file system lets us, the log's segments as far as they go now.
 */

import { DiskError } from '../../base/errors.js';
import type { Disk } from '../../host/ports.js';
import { identityPath } from '../identity.js';
import { tablesDirectory } from '../levels/table-files.js';
import { aofDirectory, segmentPath } from '../log/aof-directory.js';
import { tablePath } from '../sstable/table-format.js';
import { copyFile } from './copy-file.js';
import type { BackupJob, BackupResult } from './job.js';
import type { Pace } from './pace.js';

/** A file cannot have a second name there: on another file system, on one without links, or because it has too many. */
const NO_LINKS: readonly string[] = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Runs a backup to its end. Throws DiskError and JobAbortedError: then the caller removes what there is of it. */
export function runBackup(disk: Disk, job: BackupJob, pace: Pace): BackupResult {
  const { directory, target } = job;
  let linkedTables = 0;
  let copiedBytes = 0;
  const copy = (from: string, to: string, bytes: number): void => {
    copyFile(disk, from, to, bytes, pace);
    copiedBytes += bytes;
  };
  for (const folder of [aofDirectory(target), tablesDirectory(target)]) disk.makeDirectory(folder);
  for (const { id, fileBytes } of job.tables) {
    const from = tablePath(tablesDirectory(directory), id);
    const to = tablePath(tablesDirectory(target), id);
    pace.spend(0);
    if (linked(disk, from, to)) linkedTables++;
    else copy(from, to, fileBytes);
  }
  for (const { number, sizeBytes } of job.segments) {
    copy(segmentPath(aofDirectory(directory), number), segmentPath(aofDirectory(target), number), sizeBytes);
  }
  copy(identityPath(directory), identityPath(target), disk.sizeOf(identityPath(directory)));
  for (const folder of [aofDirectory(target), tablesDirectory(target), target]) disk.syncDirectory(folder);
  return { linkedTables, copiedBytes };
}

function linked(disk: Disk, from: string, to: string): boolean {
  try {
    disk.link(from, to);
    return true;
  } catch (error) {
    if (error instanceof DiskError && NO_LINKS.includes(error.code)) return false;
    throw error;
  }
}
