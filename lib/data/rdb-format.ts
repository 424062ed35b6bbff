/**
 * The parts of Redis's RDB format that DUMP and RESTORE carry, RDB version 10 (Redis 7.0).
 *
 *   payload  = type-byte value version checksum
 *   version  = 2 bytes, low first
 *   checksum = CRC64 of all before it, 8 bytes, low first
 *
 *   length   = 00LLLLLL                              6 bits
 *            | 01LLLLLL LLLLLLLL                     14 bits, high first
 *            | 10000000 4 bytes                      32 bits, high first
 *            | 10000001 8 bytes                      64 bits, high first
 *   string   = length bytes
 *            | 11000000 int8 | 11000001 int16 | 11000010 int32      little endian: the text of that integer
 *            | 11000011 length length bytes          LZF: compressed and real length, compressed bytes
 *
 * See rdb-writer.ts and rdb-reader.ts.
 */

/** What is written; anything up to it is read. */
export const RDB_VERSION = 10;

/** Bytes of version and checksum at the end of a payload. */
export const DUMP_FOOTER_BYTES = 10;

export const LENGTH_14_BIT = 0x40;
export const LENGTH_32_BIT = 0x80;
export const LENGTH_64_BIT = 0x81;

export const STRING_INT8 = 0xc0;
export const STRING_INT16 = 0xc1;
export const STRING_INT32 = 0xc2;
export const STRING_LZF = 0xc3;

/** The type bytes of values, by the names that Redis gives them; list-dump.ts and its like say what follows. */
export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_ZSET_2 = 5;
export const TYPE_HASH_ZIPMAP = 9;
export const TYPE_LIST_ZIPLIST = 10;
export const TYPE_SET_INTSET = 11;
export const TYPE_ZSET_ZIPLIST = 12;
export const TYPE_HASH_ZIPLIST = 13;
export const TYPE_LIST_QUICKLIST = 14;
export const TYPE_HASH_LISTPACK = 16;
export const TYPE_ZSET_LISTPACK = 17;
export const TYPE_LIST_QUICKLIST_2 = 18;

/** The last type byte of RDB version 10: a stream with consumer groups' newest fields. 8 was never given. */
const TYPE_LAST = 19;

/** Whether Redis 7.0 knows `type` as the type byte of a value. */
export function isValueType(type: number): boolean {
  return type >= 0 && type <= TYPE_LAST && type !== 8;
}
