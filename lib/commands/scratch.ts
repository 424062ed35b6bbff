/** Bytes to put a new value together in: `Keyspace.put` takes none that lie in a record. */

/** Larger ones are given back to the collector. */
const KEPT_BYTES = 64 * 1024;

const kept = Buffer.allocUnsafeSlow(KEPT_BYTES);

/** At least `length` bytes with any content. Valid until the next call, of whichever command. */
export function scratch(length: number): Buffer {
  return length <= KEPT_BYTES ? kept : Buffer.allocUnsafeSlow(length);
}
