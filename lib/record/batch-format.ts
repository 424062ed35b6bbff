/**
 * The write batch: the one record of a write. These bytes go into the log, to the replicas, into a hint,
 * through transfer and repair.
 *
 *     batch      = format:u8 (1)  origin:u16  base:f64  record*            numbers little-endian
 *     record     = entry | flush | databases
 *     entry      = head:u8 [db:varint] keyLength:varint key [count:varint] change{count, or 1}
 *     flush      = head:u8 [db:varint] partition:varint pair               0: all partitions; p+1: partition p
 *     databases  = head:u8 pair count:varint physical:varint{count}        SELECT's number -> physical database
 *     change     = head:u8 pair body
 *     pair       = delta:varint                  stamp = base + delta, origin the batch's
 *                | stamp:f64 origin:u16          with FOREIGN
 *     body       = type:u8 [fieldLength:varint field] [attributes] valueLength:varint value      VALUE
 *                | type:u8 [fieldLength:varint field]                                            TOMBSTONE
 *                |                                                          DELETE: deletedUpTo is the pair
 *                | atMs:f64                                                 EXPIRY: 0 is never
 *     attributes = mask:varint, then for each bit from the lowest:  1: expiresAtMs:f64 (the cell's own expiry)
 *
 *     head of a record:  bits 0-3 kind, 0x10 DB (db is not 0), 0x20 MANY (count is not 1)
 *     head of a change:  bits 0-3 kind, 0x10 REPLACES, 0x20 FOREIGN, 0x40 ATTRIBUTES, 0x80 FIELD
 *
 * REPLACES, on a value: the write deleted what the key held, so deletedUpTo is the pair just below (plain SET).
 *
 * Reserved, and refused by this version by name instead of being skipped: record kinds 3 (clock bound) and
 * 4 (partition watermark); record bits 0x40 (an operation id follows the key) and 0x80 (ballot and era);
 * change kinds 5 (tombstone run of a list: origin, first and last position), 6 (counter part), 7 (version
 * vector with dots); attribute bits 2 (dots), 4 (ballot), 8 (operation id). What fields mean: string-chunks.ts, list-id.ts, removals.ts.
 */

export const BATCH_FORMAT = 1;
export const BATCH_HEADER_BYTES = 11;

/** What a BatchReader stands on. The first four are the change kinds of the grammar. */
export const ChangeKind = { VALUE: 1, TOMBSTONE: 2, DELETE: 3, EXPIRY: 4, FLUSH: 16, DATABASES: 17 } as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

export const RecordHead = {
  ENTRY: 0,
  FLUSH: 1,
  DATABASES: 2,
  KIND_MASK: 0x0f,
  DB: 0x10,
  MANY: 0x20,
  RESERVED_MASK: 0xc0,
} as const;

export const ChangeHead = {
  KIND_MASK: 0x0f,
  REPLACES: 0x10,
  FOREIGN: 0x20,
  ATTRIBUTES: 0x40,
  FIELD: 0x80,
} as const;

/** Bits of the attribute mask. */
export const Attribute = { EXPIRY: 1 } as const;
