import type { Cell, CellType, Entry } from '../record/entry.js';
import { NO_EXPIRY, cellKey, holdsValue } from '../record/entry.js';
import { textOf } from '../record/composed-string.js';
import type { Pair } from '../record/pair.js';
import { PAIR_ZERO, maxPair } from '../record/pair.js';
import { RecordHead } from '../storage/memory/record-head.js';
import type { Keyspace } from './keyspace.js';

const TOMBSTONE = 1;
const SHOWN = 2;
/** flags, length of the field, pair, length of the value */
const CELL_BYTES = 1 + 1 + 8 + 2 + 4;

/**
 * Composed strings (record/composed-string.ts) in memory: the value of the record is what GET shows, so that whoever reads strings needs to know nothing of them. The
 * cells stand behind it, as the record's tail (RecordHeap.tail):
 *
 *     tail = cell*
 *     cell = flags:u8 fieldLength:u8 stamp:f64 origin:u16 valueLength:u32 field value        numbers little-endian
 *
 *     flags  1 tombstone, 2 SHOWN: its value is that of the record, and not repeated
 */
export class ComposedStrings {
  private readonly keyspace: Keyspace;
  private readonly head = new RecordHead();

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** The cells of a record, in plain form. Copies everything. */
  cells(ref: number): Map<string, Cell> {
    const { heap } = this.keyspace;
    const type = heap.type(ref);
    const bytes = heap.bytes(ref);
    const shownStart = heap.valueStart(ref);
    const shownEnd = shownStart + heap.valueLength(ref);
    const { start, end } = heap.tail(ref);
    const cells = new Map<string, Cell>();
    for (let at = start; at < end;) {
      const flags = bytes[at];
      const fieldLength = bytes[at + 1];
      const pair = { stamp: bytes.readDoubleLE(at + 2), origin: bytes.readUInt16LE(at + 10) };
      const valueLength = bytes.readUInt32LE(at + 12);
      at += CELL_BYTES;
      const field = Buffer.from(bytes.subarray(at, at + fieldLength));
      at += fieldLength;
      const stored = flags & SHOWN ? bytes.subarray(shownStart, shownEnd) : bytes.subarray(at, at + valueLength);
      at += valueLength;
      const value = flags & TOMBSTONE ? undefined : Buffer.from(stored);
      cells.set(cellKey(type, field), { type, field, value, pair, expiresAtMs: 0 });
    }
    return cells;
  }

  /** Writes the record of an entry that is a composed string (RecordHeap.write), over the one at `old`. */
  write(old: number, key: Uint8Array, type: CellType, entry: Entry, access: number, isPartial: boolean): number {
    const { heap } = this.keyspace;
    const { head } = this;
    const { deletedUpTo, expiry, cells } = entry;
    const text = textOf(type, cells);
    let top: Pair = PAIR_ZERO;
    let isEmpty = true;
    for (const cell of cells.values()) {
      top = maxPair(top, cell.pair);
      isEmpty &&= !holdsValue(cell);
    }
    head.delete(top.stamp, top.origin);
    head.form = type;
    head.deletedStamp = deletedUpTo.stamp;
    head.deletedOrigin = deletedUpTo.origin;
    head.access = access;
    head.isPartial = isPartial;
    head.isEmpty = isEmpty;
    head.expire(expiry.atMs, expiry.pair.stamp, expiry.pair.origin);
    return heap.writeWithTail(old, head, key, text, tailOf(cells, text));
  }
}

/** A change of a composed string by the write with that pair: cells, and an expiry if it says something of that. */
export function composedChange(cells: readonly Cell[], pair: Pair, expiresAtMs: number | undefined): Entry {
  return {
    deletedUpTo: PAIR_ZERO,
    expiry: expiresAtMs === undefined ? NO_EXPIRY : { atMs: expiresAtMs, pair },
    cells: new Map(cells.map((cell) => [cellKey(cell.type, cell.field), cell])),
  };
}

function tailOf(cells: ReadonlyMap<string, Cell>, text: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (const { field, value, pair } of cells.values()) {
    const isShown = value !== undefined && value === text;
    const stored = value === undefined || isShown ? undefined : value;
    const part = Buffer.allocUnsafe(CELL_BYTES + field.length);
    part[0] = (value === undefined ? TOMBSTONE : 0) | (isShown ? SHOWN : 0);
    part[1] = field.length;
    part.writeDoubleLE(pair.stamp, 2);
    part.writeUInt16LE(pair.origin, 10);
    part.writeUInt32LE(stored?.length ?? 0, 12);
    field.copy(part, CELL_BYTES);
    parts.push(part);
    if (stored !== undefined) parts.push(stored);
  }
  return Buffer.concat(parts);
}
