/**
 * The names of the manifests in the data directory, and the file that says which one counts:
 *
 *   manifest-<number>   10 decimal digits, 1 to 9999999999, rising; no number is used twice
 *   CURRENT             name checksum "\n"      checksum = " " and the crc32 of the name, 8 hexadecimal digits
 *   CURRENT.tmp         the next CURRENT, not complete
 *
 * CURRENT is replaced by renaming a file over it that is durable, and names a manifest whose name and snapshot are durable.
 */

import { crc32 } from 'node:zlib';

import { CorruptionError } from '../../base/errors.js';
import type { Disk } from '../../host/ports.js';
import { ADVICE } from '../log/aof-frame.js';
import { readAll } from '../log/aof-reader.js';
import { tableIdOf } from '../sstable/table-format.js';
import { tablesDirectory } from './table-files.js';

const MANIFEST_NAME = /^manifest-(\d{10})$/;
const CURRENT_BYTES_MAX = 64;

export function currentPath(directory: string): string {
  return `${directory}/CURRENT`;
}

export function manifestPath(directory: string, number: number): string {
  return `${directory}/${manifestName(number)}`;
}

/** The numbers of the manifests in the directory, rising. */
export function listManifests(disk: Disk, directory: string): number[] {
  return disk.list(directory).flatMap((name) => {
    const match = MANIFEST_NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

export function encodeCurrent(number: number): Buffer {
  const name = manifestName(number);
  return Buffer.from(`${name} ${crc32(name).toString(16).padStart(8, '0')}\n`, 'latin1');
}

/**
 * The number of the manifest that counts; undefined in a directory in which nothing has been stored. Throws CorruptionError
 * if CURRENT is damaged, or missing where something has been stored, and DiskError.
 */
export function readCurrent(disk: Disk, directory: string): number | undefined {
  const path = currentPath(directory);
  if (!disk.exists(path)) {
    refuseWithoutCurrent(disk, directory);
    return undefined;
  }
  const file = disk.openForReading(path);
  try {
    const bytes = Buffer.alloc(Math.min(file.sizeBytes, CURRENT_BYTES_MAX));
    readAll(file, bytes, 0);
    const number = Number(bytes.subarray('manifest-'.length, 'manifest-'.length + 10).toString('latin1'));
    if (number >= 1 && file.sizeBytes === bytes.length && encodeCurrent(number).equals(bytes)) return number;
    throw new CorruptionError(path, 0, `this does not name a manifest, with its checksum. ${ADVICE}`);
  } finally {
    file.close();
  }
}

/** A crash at the very first start leaves manifest 1 without CURRENT. Nothing else does, and then there are no tables. */
function refuseWithoutCurrent(disk: Disk, directory: string): void {
  const tables = tablesDirectory(directory);
  const table = disk.list(tables).find((name) => tableIdOf(name) !== undefined);
  const manifest = listManifests(disk, directory).find((number) => number > 1);
  const evidence = table === undefined ? manifest && manifestPath(directory, manifest) : `${tables}/${table}`;
  if (evidence === undefined) return;
  throw new CorruptionError(currentPath(directory), 0, `the file is missing, and ${evidence} is there. ${ADVICE}`);
}

function manifestName(number: number): string {
  return `manifest-${String(number).padStart(10, '0')}`;
}
