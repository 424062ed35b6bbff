/**
 * Reads the entries of a text into which a small collection is packed (listpack.ts, ziplist.ts, zipmap.ts, intset.ts), one after the other. The bytes
 * come from clients: nothing is read outside of them.
 */
export interface PackedEntries {
  /** The entry that `next` went to: a view of the text, or the digits of an integer. */
  readonly entry: Buffer;
  /** Set for good when the text turns out to be malformed. */
  readonly failed: boolean;
  /** Goes to the next entry; false at the end, or if there is no telling what follows. */
  next(): boolean;
}

/** The text of an integer, as Redis gives back what it has packed as one. */
export function integerEntry(value: number | bigint): Buffer {
  return Buffer.from(String(value), 'latin1');
}

export const NO_ENTRY: Buffer = Buffer.alloc(0);
