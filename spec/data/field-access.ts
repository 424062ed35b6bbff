/** How specs find and read the fields of a collection. */

import type { FieldReader } from '../../lib/data/field-reader.js';

/** The bytes of a field, in the middle of others. */
export function fieldBytes(text: string): Buffer {
  return Buffer.from(`<${text}>`, 'latin1');
}

export function findField(cells: FieldReader, text: string): boolean {
  const bytes = fieldBytes(text);
  return cells.find(bytes, 1, bytes.length - 1);
}

export function textAt(cells: FieldReader): [string, string, number] {
  const { bytes, fieldStart, fieldEnd, valueStart, valueEnd, expiresAtMs } = cells;
  return [bytes.toString('latin1', fieldStart, fieldEnd), bytes.toString('latin1', valueStart, valueEnd), expiresAtMs];
}
