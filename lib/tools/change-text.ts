/** What dumps show of keys, values, stamps and changes. */

import { quoted } from '../base/quoted.js';
import { STAMPS_PER_MS, stampMs } from '../base/stamp.js';
import type { BatchReader } from '../record/batch-reader.js';
import { ChangeKind } from '../record/batch-format.js';
import { CellType } from '../record/entry.js';

/** Of longer keys and values only the beginning is shown. */
const SHOWN_BYTES_MAX = 100;

const TYPE_NAMES = new Map<number, string>(Object.entries(CellType).map(([name, type]) => [type, name.toLowerCase()]));

/** A Unix time in milliseconds as text. */
export type FormatTime = (unixMs: number) => string;

/** `bytes[start, end)` in quotes; a long one is cut, and its length behind it. */
export function shown(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length <= SHOWN_BYTES_MAX) return quoted(bytes, start, end);
  return `${quoted(bytes, start, start + SHOWN_BYTES_MAX)}... (${length} bytes)`;
}

/** `2026-11-22T19:41:16.123Z/7`: its millisecond, and which it is of the stamps in that. */
export function stampText(stamp: number, formatTime: FormatTime): string {
  return `${formatTime(stampMs(stamp))}/${stamp % STAMPS_PER_MS}`;
}

/** The same, and the node. */
export function pairText(stamp: number, origin: number, formatTime: FormatTime): string {
  return `${stampText(stamp, formatTime)}@${origin}`;
}

/** The change that the reader stands on, without its key. */
export function changeText(reader: BatchReader, formatTime: FormatTime): string {
  return `${what(reader, formatTime)} at ${pairText(reader.stamp, reader.origin, formatTime)}`;
}

function what(reader: BatchReader, formatTime: FormatTime): string {
  switch (reader.kind) {
    case ChangeKind.VALUE: {
      const value = shown(reader.bytes, reader.valueStart, reader.valueEnd);
      const ends = reader.atMs === 0 ? '' : `, expires ${formatTime(reader.atMs)}`;
      return `${cellText(reader)} ${value}${ends}${reader.replaces ? ', replaces all before' : ''}`;
    }
    case ChangeKind.TOMBSTONE:
      return `${cellText(reader)} deleted`;
    case ChangeKind.DELETE:
      return 'deleted';
    case ChangeKind.EXPIRY:
      return reader.atMs === 0 ? 'never expires' : `expires ${formatTime(reader.atMs)}`;
    case ChangeKind.FLUSH:
      return `database ${reader.db} emptied${reader.partition === 0 ? '' : `, partition ${reader.partition - 1}`}`;
    case ChangeKind.DATABASES:
      return `databases are now ${reader.physical.join(' ')}`;
  }
}

function cellText({ type, bytes, fieldStart, fieldEnd }: BatchReader): string {
  const name = TYPE_NAMES.get(type) ?? `type ${type}`;
  return fieldStart === fieldEnd ? name : `${name} ${shown(bytes, fieldStart, fieldEnd)}`;
}
