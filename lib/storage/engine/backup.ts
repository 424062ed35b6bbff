/**
 * BACKUP: a copy of the data directory as it is at one moment, while it is in use.
 *
 *     <target>.partial/   tables of the version, segments of the log up to here, identity     another thread (jobs/backup.ts)
 *                         a manifest with that version as its snapshot, CURRENT
 *     <target>/           its name when all of that is durable
 *
 *  1. The moment is that of the call: one version, and the log behind it as far as it goes. Both are held until the copy is made: no file of them
 *     is removed.
 *  2. A directory of the name `target` is a whole backup. One that failed is removed; one that a crash has broken off keeps its other name,
 *     until the next of this name begins.
 *  3. A backup lacks nothing: with a table in quarantine none is made.
 */

import { dirname, isAbsolute, resolve } from 'node:path';

import type { Disk, Random } from '../../host/ports.js';
import type { BackgroundJobs } from '../jobs/job-runner.js';
import { JobControl } from '../jobs/job-control.js';
import type { BackupJob } from '../jobs/job.js';
import { identityPath } from '../identity.js';
import { Manifest } from '../levels/manifest.js';
import { currentPath, listManifests, manifestPath } from '../levels/manifest-directory.js';
import { tablesDirectory } from '../levels/table-files.js';
import type { VersionSet } from '../levels/version-set.js';
import type { Version } from '../levels/version.js';
import { aofDirectory, parseListing, segmentPath } from '../log/aof-directory.js';
import type { AppendOnlyFile } from '../log/append-only-file.js';
import { tableIdOf, tablePath } from '../sstable/table-format.js';

/** A backup cannot be made there, or not now. */
export class BackupRefusedError extends Error {
  override readonly name = 'BackupRefusedError';
  readonly code = 'REFUSED';
}

export interface BackupOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** The data directory. */
  readonly directory: string;
  readonly versions: VersionSet;
  readonly log: AppendOnlyFile;
  readonly jobs: BackgroundJobs;
  readonly report: (message: string) => void;
}

/** Throws BackupRefusedError if no backup can be made there. */
export function checkBackupTarget(disk: Disk, directory: string, target: string): void {
  if (!isAbsolute(target)) throw new BackupRefusedError(`${target} is not an absolute path`);
  if (`${resolve(target)}/`.startsWith(`${resolve(directory)}/`)) {
    throw new BackupRefusedError(`${target} is in the data directory`);
  }
  const parent = dirname(resolve(target));
  if (!disk.exists(parent)) throw new BackupRefusedError(`there is no directory ${parent}`);
  if (disk.exists(target) && disk.list(target).length > 0) throw new BackupRefusedError(`${target} is not empty`);
}

/**
 * Makes a backup of what there is now. Rejects with BackupRefusedError, DiskError, ManifestFailedError and JobAbortedError: then there
 * is none. REQUIRES: everything that it is to hold was appended to the log, or is in tables.
 */
export async function backUp(options: BackupOptions, target: string): Promise<void> {
  const { disk, directory, versions, log } = options;
  checkBackupTarget(disk, directory, target);
  refuseQuarantined(versions.current, directory);
  const held = versions.acquire();
  log.hold();
  const segments = segmentsOf(held.version, log);
  const path = resolve(target);
  let made = `${path}.partial`;
  try {
    await removeCopy(disk, made);
    await copyTo(options, held.version, segments, made);
    disk.rename(made, path);
    made = path;
    await disk.syncDirectoryLater(dirname(path));
  } catch (error) {
    await removeCopy(disk, made).catch((cause: unknown) => {
      options.report(`${made} is no backup, and could not be removed: ${String(cause)}`);
    });
    throw error;
  } finally {
    versions.release(held);
    log.unhold();
  }
}

function refuseQuarantined({ quarantined }: Version, directory: string): void {
  for (const [id, reason] of quarantined) {
    const path = tablePath(tablesDirectory(directory), id);
    throw new BackupRefusedError(`${path} is not to be read, and what it holds would be missing: ${reason}`);
  }
}

/** The segments behind what is in tables, up to now. */
function segmentsOf({ flushed, logging }: Version, log: AppendOnlyFile): BackupJob['segments'] {
  if (logging === false) return [];
  const current = { number: log.segmentNumber, sizeBytes: log.segmentBytes };
  return [...log.closedSegments, current]
    .filter(({ number }) => number > (flushed?.number ?? 0))
    .map(({ number, sizeBytes }) => ({ number, sizeBytes }));
}

async function copyTo(
  { disk, random, directory, jobs, report }: BackupOptions,
  version: Version,
  segments: BackupJob['segments'],
  target: string,
): Promise<void> {
  const tables = Array.from(version.tables(), ({ id, fileBytes }) => ({ id, fileBytes }));
  await jobs.backup({ kind: 'backup', directory, target, tables, segments }, new JobControl());
  const manifest = await Manifest.begin(
    { disk, random, directory: target, bytesMax: Infinity, report },
    version.toEdits(),
  );
  manifest.close();
}

/** Removes a copy that came to nothing, and nothing that is not of one: it rejects with DiskError if there is more. */
async function removeCopy(disk: Disk, directory: string): Promise<void> {
  if (!disk.exists(directory)) return;
  const aof = aofDirectory(directory);
  const tables = tablesDirectory(directory);
  const files = [
    ...parseListing(disk.list(aof)).segments.map((number) => segmentPath(aof, number)),
    ...disk.list(tables).flatMap((name) => (tableIdOf(name) === undefined ? [] : [`${tables}/${name}`])),
    ...listManifests(disk, directory).map((number) => manifestPath(directory, number)),
    ...[identityPath(directory), currentPath(directory), `${currentPath(directory)}.tmp`],
  ];
  for (const file of files) if (disk.exists(file)) await disk.removeLater(file);
  for (const folder of [aof, tables, directory]) if (disk.exists(folder)) disk.removeDirectory(folder);
}
