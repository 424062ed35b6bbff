const NO_BYTES = new Uint8Array(0);

/** A record on its way to a table, and what the table knows of it without decoding it. Whoever writes many fills in the same one again. */
export class StoredRecord {
  position = 0;
  /** RecordFlags. */
  flags = 0;
  /** The record is `bytes[start, end)`, as RecordWriter or KeyWriter has made it. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** Unix milliseconds from which on nothing in it is live, 0 for never; not looked at with EMPTY. */
  expiresByMs = 0;
  /** How much of it is marks (record/marks.ts). */
  markBytes = 0;

  get byteLength(): number {
    return this.end - this.start;
  }

  setBytes(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

/** Takes records in the order of tables: (position, key) rises, but for the parts of one key. */
export interface RecordSink {
  /** `record` and its bytes are valid until this returns. */
  add(record: StoredRecord): void;
}
