/**
 * Hashes in DUMP payloads (rdb-format.ts).
 *
 *   hash   = length *(string string)          type 4: field and value
 *   packed = string                           type 9: a zipmap; 13: a ziplist; 16: a listpack, of field, value, field, value ...
 */

import type { DumpVisitor } from './dump-visitor.js';
import { ListpackReader, ListpackWriter } from './listpack.js';
import type { PackedEntries } from './packed-entries.js';
import type { PackedLimits } from './packed-limits.js';
import { isPackedHash } from './packed-limits.js';
import { TYPE_HASH, TYPE_HASH_LISTPACK, TYPE_HASH_ZIPLIST, TYPE_HASH_ZIPMAP } from './rdb-format.js';
import type { RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';
import { ZiplistReader } from './ziplist.js';
import { ZipmapReader } from './zipmap.js';

type Field = readonly [field: Buffer, value: Buffer];

/** What Redis 7.0 answers to DUMP of a hash of `count` fields, which are gone through twice; their order is that in which they came, or chance. */
export function encodeHashDump(fields: Iterable<Field>, count: number, limits: PackedLimits): Buffer {
  const writer = new RdbWriter();
  if (isPackedHash(fields, count, limits)) {
    const packed = new ListpackWriter();
    for (const [field, value] of fields) {
      packed.append(field);
      packed.append(value);
    }
    writer.byte(TYPE_HASH_LISTPACK);
    writer.string(packed.finish());
    return writer.finishDump();
  }
  writer.byte(TYPE_HASH);
  writer.length(count);
  for (const [field, value] of fields) {
    writer.string(field);
    writer.string(value);
  }
  return writer.finishDump();
}

/** Reads a hash of any type of RDB; false if it is malformed. */
export function readHash(reader: RdbReader, type: number, visitor: DumpVisitor): boolean {
  const packed = packedEntries(reader, type);
  if (packed !== undefined) return readPacked(packed, visitor) && !reader.failed;
  const count = reader.length();
  for (let i = 0; i < count && !reader.failed; i++) {
    const field = reader.string();
    const value = reader.string();
    if (!reader.failed) visitor.field(field, value);
  }
  return !reader.failed;
}

function packedEntries(reader: RdbReader, type: number): PackedEntries | undefined {
  if (type === TYPE_HASH_LISTPACK) return new ListpackReader(reader.string());
  if (type === TYPE_HASH_ZIPLIST) return new ZiplistReader(reader.string());
  return type === TYPE_HASH_ZIPMAP ? new ZipmapReader(reader.string()) : undefined;
}

function readPacked(entries: PackedEntries, visitor: DumpVisitor): boolean {
  while (entries.next()) {
    const field = entries.entry;
    if (!entries.next()) return false;
    visitor.field(field, entries.entry);
  }
  return !entries.failed;
}
