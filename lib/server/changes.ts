import { BatchReader } from '../record/batch-reader.js';
import type { WriteBatch } from '../record/write-batch.js';

/** Tells what commands have changed since the last look, by reading what they have put into the batch: so nobody has to tell. */
export class Changes {
  private readonly batch: WriteBatch;
  private readonly reader = new BatchReader();
  /** How many records of the batch were read, and where they end, from its start. */
  private recordCount = 0;
  private length = 0;

  constructor(batch: WriteBatch) {
    this.batch = batch;
  }

  /** Shows every change since the last look. What it shows is valid until `visit` returns, which changes nothing. */
  read(visit: (change: BatchReader) => void): void {
    const { batch, reader } = this;
    if (batch.recordCount === this.recordCount) return;
    reader.open(batch.buffer, batch.start, batch.end, 'the batch of this turn');
    if (this.length > 0) reader.goTo(batch.start + this.length);
    while (reader.next()) visit(reader);
    batch.closeRecord();
    this.recordCount = batch.recordCount;
    this.length = batch.byteLength;
  }

  /** The batch was emptied. */
  restart(): void {
    this.recordCount = this.length = 0;
  }
}
