/**
 * Sorted sets in DUMP payloads (rdb-format.ts).
 *
 *   old    = length *(string text)          type 3: a member and its score in decimal digits
 *   text   = length:u8 bytes | 11111101 (NaN) | 11111110 (infinity) | 11111111 (-infinity)
 *   plain  = length *(string f64)           type 5: low byte of the score first; Redis writes the highest score first
 *   packed = string                         type 12: a ziplist; 17: a listpack, of member, score, member, score ..., the lowest score first
 */

import { formatDouble, parseDouble } from '../base/double.js';
import type { DumpVisitor } from './dump-visitor.js';
import { ListpackReader, ListpackWriter } from './listpack.js';
import type { PackedEntries } from './packed-entries.js';
import type { PackedLimits } from './packed-limits.js';
import { isPackedSortedSet } from './packed-limits.js';
import { TYPE_ZSET, TYPE_ZSET_2, TYPE_ZSET_LISTPACK, TYPE_ZSET_ZIPLIST } from './rdb-format.js';
import type { RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';
import { ZiplistReader } from './ziplist.js';

type Member = readonly [member: Buffer, score: number];

/** Whole scores up to this are packed as integers. */
const WHOLE_MAX = 2 ** 62;

const NAN_TEXT = 253;
const INFINITE_TEXT = 254;
const NEGATIVE_INFINITE_TEXT = 255;

/** What Redis 7.0 answers to DUMP of a sorted set, given from the lowest to the highest. */
export function encodeSortedSetDump(members: readonly Member[], limits: PackedLimits): Buffer {
  const writer = new RdbWriter();
  if (isPackedSortedSet(members, members.length, limits)) {
    const packed = new ListpackWriter();
    for (const [member, score] of members) {
      packed.append(member);
      packed.append(Buffer.from(packedScore(score), 'latin1'));
    }
    writer.byte(TYPE_ZSET_LISTPACK);
    writer.string(packed.finish());
    return writer.finishDump();
  }
  writer.byte(TYPE_ZSET_2);
  writer.length(members.length);
  for (let i = members.length - 1; i >= 0; i--) {
    const [member, score] = members[i];
    writer.string(member);
    writer.double(score);
  }
  return writer.finishDump();
}

/** The text that stands for a score in a listpack; -0 loses its sign, as in Redis. */
function packedScore(score: number): string {
  return Number.isInteger(score) && Math.abs(score) <= WHOLE_MAX ? String(BigInt(score)) : formatDouble(score);
}

/** Reads a sorted set of any type of RDB; false if it is malformed. */
export function readSortedSet(reader: RdbReader, type: number, visitor: DumpVisitor): boolean {
  if (type === TYPE_ZSET_LISTPACK) return readPacked(new ListpackReader(reader.string()), visitor) && !reader.failed;
  if (type === TYPE_ZSET_ZIPLIST) return readPacked(new ZiplistReader(reader.string()), visitor) && !reader.failed;
  const count = reader.length();
  for (let i = 0; i < count && !reader.failed; i++) {
    const member = reader.string();
    const score = type === TYPE_ZSET ? readScoreText(reader) : reader.double();
    if (Number.isNaN(score)) return false;
    if (!reader.failed) visitor.member(member, score);
  }
  return !reader.failed;
}

function readPacked(entries: PackedEntries, visitor: DumpVisitor): boolean {
  while (entries.next()) {
    const member = entries.entry;
    if (!entries.next()) return false;
    const score = parseDouble(entries.entry.toString('latin1'));
    if (Number.isNaN(score)) return false;
    visitor.member(member, score);
  }
  return !entries.failed;
}

function readScoreText(reader: RdbReader): number {
  const length = reader.byte();
  if (length === NAN_TEXT) return NaN;
  if (length === INFINITE_TEXT) return Infinity;
  if (length === NEGATIVE_INFINITE_TEXT) return -Infinity;
  return parseDouble(reader.bytesOf(length).toString('latin1'));
}
