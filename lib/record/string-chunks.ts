import { assert } from '../base/assert.js';
import type { Cell, Entry } from './entry.js';
import { CellType, WHOLE, cellKey } from './entry.js';
import type { Pair } from './pair.js';
import { comparePairs } from './pair.js';

/**
 * Large strings in parts, so that SETBIT on a bitmap of megabytes writes 16 KiB. The cells of a string are, by field:
 *
 *     (empty)        the whole value
 *     C index:u32    bytes index * 16384 and following, up to 16384 of them; the index is big-endian
 *
 * A chunk counts if its pair is above that of the whole. The value is the whole with the chunks laid over it, and zeros where there is neither.
 * Whoever makes a string longer writes the chunk that it ends in: so the length needs no cell.
 */

export const CHUNK_BYTES = 16384;
/** Strings that get longer than this by being changed in part are written in chunks. */
export const CHUNKED_ABOVE_BYTES = 65536;
export const CHUNK_FIELD_BYTES = 5;

const CHUNK = 0x43;

/** Writes the field of a chunk: CHUNK_FIELD_BYTES. */
export function writeChunkField(target: Buffer, at: number, index: number): void {
  target[at] = CHUNK;
  target.writeUInt32BE(index, at + 1);
}

/** Which chunk the field of a cell names. REQUIRES: it is not empty. */
export function chunkIndexOf(bytes: Buffer, start: number, end: number): number {
  assert(end - start === CHUNK_FIELD_BYTES && bytes[start] === CHUNK, 'the field of a chunk is C and four bytes');
  return bytes.readUInt32BE(start + 1);
}

/** Whether an entry in normal form holds a string in parts. */
export function isChunked(entry: Entry): boolean {
  for (const cell of entry.cells.values()) if (cell.type === CellType.STRING && cell.field.length > 0) return true;
  return false;
}

/** The value of a string in parts. REQUIRES: the entry is in normal form. */
export function stringOfChunks(entry: Entry): Buffer {
  const whole = entry.cells.get(WHOLE_KEY)?.value ?? WHOLE;
  let length = whole.length;
  for (const { index, value } of chunksOf(entry)) length = Math.max(length, index * CHUNK_BYTES + value.length);
  const bytes = Buffer.alloc(length);
  whole.copy(bytes);
  for (const { index, value } of chunksOf(entry)) value.copy(bytes, index * CHUNK_BYTES);
  return bytes;
}

/** Takes out the chunks that are not above the whole. `cells` are all of one string. */
export function dropOldChunks(cells: Map<string, Cell>): void {
  const whole = cells.get(WHOLE_KEY);
  if (whole === undefined) return;
  for (const [key, cell] of cells) if (cell !== whole && comparePairs(cell.pair, whole.pair) <= 0) cells.delete(key);
}

const WHOLE_KEY = cellKey(CellType.STRING, WHOLE);

/** The chunks of an entry. */
export function* chunksOf(entry: Entry): Generator<{ index: number; value: Buffer; pair: Pair }> {
  for (const { field, value, pair } of entry.cells.values()) {
    if (field.length > 0 && value !== undefined) yield { index: chunkIndexOf(field, 0, field.length), value, pair };
  }
}
