import { assert } from '../base/assert.js';
import type { EntryShape, StringHead } from './change-writer.js';
import { ChangeWriter, hasDelete, hasExpiry, shapeOf } from './change-writer.js';
import type { Cell, Entry } from './entry.js';

/**
 * Writes one record at a time as it stands in SSTables: by the grammar of batch-format.ts, without a batch's header, base
 * 0, database 0 (the table knows which it is). So its bytes mean the same in every table of that origin.
 *
 * The changes of a record come in one order only: DELETE, EXPIRY, then the cells by type and field. One entry in normal
 * form is written in one way, whichever method writes it.
 *
 * The record is `buffer[0, end)`, valid until the next one is written.
 */
export class RecordWriter extends ChangeWriter {
  /** `origin`: the one whose pairs are written short. */
  constructor(origin: number) {
    super(origin, 0);
  }

  /**
   * A whole string, from packed parts: its key is `bytes[keyStart, keyEnd)`, its value `bytes[valueStart, valueEnd)`.
   * REQUIRES: the deleted pair and the expiry are as in an entry in normal form; `replaces` if the deleted pair is the one
   * just below the value's.
   */
  string(
    head: StringHead,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const withDelete = hasDelete(head);
    const withExpiry = hasExpiry(head);
    this.rewind();
    this.entryHead(0, bytes, keyStart, keyEnd, 1 + Number(withDelete) + Number(withExpiry));
    if (withDelete) this.deletedUpTo(head.deletedStamp, head.deletedOrigin);
    if (withExpiry) this.expiryOf(head.expiryStamp, head.expiryOrigin, head.expiresAtMs);
    this.stringCell(head, bytes, valueStart, valueEnd);
  }

  /** A key of which nothing is left but that it was deleted, up to that pair. */
  deleted(stamp: number, origin: number, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    this.rewind();
    this.entryHead(0, bytes, keyStart, keyEnd, 1);
    this.deletedUpTo(stamp, origin);
  }

  /** Any entry in normal form that says something of the key `bytes[keyStart, keyEnd)`. */
  entry(entry: Entry, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    this.write(entry, shapeOf(entry), bytes, keyStart, keyEnd);
  }

  /** A part of such an entry, as storage/sstable/key-writer.ts writes it where there are several: a value is never one that replaces. */
  part(entry: Entry, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    const { replaces, hasDelete, hasExpiry, changeCount } = shapeOf(entry);
    const shape = {
      replaces: false,
      hasDelete: hasDelete || replaces,
      hasExpiry,
      changeCount: changeCount + Number(replaces),
    };
    this.write(entry, shape, bytes, keyStart, keyEnd);
  }

  private write(entry: Entry, shape: EntryShape, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    assert(shape.changeCount > 0, 'an entry that says something');
    this.rewind();
    this.entryHead(0, bytes, keyStart, keyEnd, shape.changeCount);
    if (shape.hasDelete) this.deletedUpTo(entry.deletedUpTo.stamp, entry.deletedUpTo.origin);
    if (shape.hasExpiry) this.expiryOf(entry.expiry.pair.stamp, entry.expiry.pair.origin, entry.expiry.atMs);
    const cells = [...entry.cells.values()];
    if (cells.length > 1) cells.sort(compareFields);
    for (const cell of cells) this.cell(cell, shape.replaces);
  }
}

function compareFields(a: Cell, b: Cell): number {
  return a.type - b.type || Buffer.compare(a.field, b.field);
}
