import { TYPE_STRING } from './rdb-format.js';
import { RdbWriter } from './rdb-writer.js';

/** Room for a type byte, two lengths and the footer, beside the string itself. */
const OVERHEAD_BYTES = 32;

/** What Redis 7.0 answers to DUMP of a key that holds the string `value` (rdb-format.ts). */
export function encodeStringDump(value: Uint8Array): Buffer {
  const writer = new RdbWriter(value.length + OVERHEAD_BYTES);
  writer.byte(TYPE_STRING);
  writer.string(value);
  return writer.finishDump();
}
