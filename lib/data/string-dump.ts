/**
 * DUMP and RESTORE of a string, in the payload that Redis exchanges (grammar in rdb-format.ts).
 */
import { DUMP_FOOTER_BYTES, isValueType, TYPE_STRING } from './rdb-format.js';
import { isDumpIntact, RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';

/**
 * Why a payload cannot be restored: its version is too new or its checksum wrong; it is malformed; or it
 * holds a value of a type that is not read yet.
 */
export type DumpFault = 'checksum' | 'format' | 'unsupported';

/** Room for a type byte, two lengths and the footer, beside the string itself. */
const OVERHEAD_BYTES = 32;

/** What Redis 7.0 answers to DUMP of a key that holds `value`. */
export function encodeStringDump(value: Uint8Array): Buffer {
  const writer = new RdbWriter(value.length + OVERHEAD_BYTES);
  writer.byte(TYPE_STRING);
  writer.string(value);
  return writer.finishDump();
}

/**
 * The string in `payload`, a copy or a view of it, or why there is none. Bytes between the value and the
 * footer are overlooked, as Redis does.
 */
export function decodeStringDump(payload: Buffer): Buffer | DumpFault {
  if (!isDumpIntact(payload)) return 'checksum';
  const reader = new RdbReader(payload, payload.length - DUMP_FOOTER_BYTES);
  const type = reader.byte();
  if (reader.failed || !isValueType(type)) return 'format';
  if (type !== TYPE_STRING) return 'unsupported';
  const value = reader.string();
  return reader.failed ? 'format' : value;
}
