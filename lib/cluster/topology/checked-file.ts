/**
 * A small file that is replaced as a whole, and says whether it is what was written:
 *
 *     ringkv <title> 1
 *     <a line>
 *     crc32 of the lines above, 8 hexadecimal digits
 */

import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

import { CorruptionError } from '../../base/errors.js';
import type { Disk, DiskFile } from '../../host/ports.js';

/** Replaces the file; durable when it returns. Throws DiskError: then the file is the old one or the new one. */
export function writeCheckedFile(disk: Disk, path: string, title: string, line: string): void {
  const file = begin(disk, path, title, line);
  try {
    file.syncNow();
  } finally {
    file.close();
  }
  disk.rename(temporaryOf(path), path);
  disk.syncDirectory(dirname(path));
}

/** The same, waited for off the main thread. One at a time. Rejects with DiskError. */
export async function writeCheckedFileLater(disk: Disk, path: string, title: string, line: string): Promise<void> {
  const file = begin(disk, path, title, line);
  try {
    await file.sync();
  } finally {
    file.close();
  }
  await disk.renameLater(temporaryOf(path), path);
}

/** The new file, written, and in its place when it has its name. */
function begin(disk: Disk, path: string, title: string, line: string): DiskFile {
  const body = `ringkv ${title} 1\n${line}\n`;
  const bytes = Buffer.from(body + checksumLine(body), 'utf8');
  const temporary = temporaryOf(path);
  if (disk.exists(temporary)) disk.remove(temporary);
  const file = disk.create(temporary);
  try {
    file.append(bytes, 0, bytes.length);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

/** The line; undefined if there is no such file. Throws DiskError, and CorruptionError with what is to be done. */
export function readCheckedFile(disk: Disk, path: string, title: string, advice: string): string | undefined {
  if (!disk.exists(path)) return undefined;
  const file = disk.openForReading(path);
  const bytes = Buffer.alloc(file.sizeBytes);
  file.readAt(bytes, 0, bytes.length);
  file.close();
  const text = bytes.toString('utf8');
  const [first, line] = text.split('\n', 2);
  const body = `${first}\n${line}\n`;
  if (first !== `ringkv ${title} 1` || text !== body + checksumLine(body)) {
    throw new CorruptionError(path, 0, `this is not what was written; ${advice}`);
  }
  return line;
}

function checksumLine(body: string): string {
  return `${crc32(body).toString(16).padStart(8, '0')}\n`;
}
