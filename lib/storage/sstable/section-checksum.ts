import { crc32 } from 'node:zlib';

import { CorruptionError } from '../../base/errors.js';
import { crc32Word } from '../log/aof-checksum.js';

/**
 * The checksum of a part of a table file: crc32 of the file's seed (`frameSeed` of its id), the part's offset in the file
 * as a u64, and the bytes. So it fits one place of one file only: a block that was misdirected, or is left from a removed
 * file, shows.
 */
export function sectionChecksum(seed: number, offset: number, bytes: Uint8Array, start: number, end: number): number {
  const place = crc32Word(crc32Word(seed, offset | 0), Math.floor(offset / 2 ** 32));
  return crc32(bytes.subarray(start, end), place >>> 0);
}

/**
 * Checks the section in bytes[base, base + length), which was read from `offset` of the file `path`: it has its `headerBytes`, and the checksum in front fits
 * everything behind it. Throws CorruptionError; `name` says there what the section is.
 */
export function checkSection(
  name: string,
  bytes: Buffer,
  base: number,
  length: number,
  headerBytes: number,
  seed: number,
  path: string,
  offset: number,
): void {
  if (length < headerBytes) throw new CorruptionError(path, offset, `${name} is shorter than its header`);
  if (sectionChecksum(seed, offset, bytes, base + 4, base + length) !== bytes.readUInt32LE(base)) {
    throw new CorruptionError(path, offset, `${name} does not fit its checksum`);
  }
}
