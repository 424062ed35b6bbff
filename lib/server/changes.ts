import { BatchReader } from '../record/batch-reader.js';
import type { WriteBatch } from '../record/write-batch.js';

/** Is shown a change: a view that ends with the call. It changes nothing. */
export type ChangeListener = (change: BatchReader) => void;

/** Tells which keys were changed, by reading what was put into the batch: so that nobody has to tell, and nothing is missed. */
export class Changes {
  private readonly batch: WriteBatch;
  private readonly reader = new BatchReader();
  private readonly listeners: ChangeListener[] = [];
  /** How many records of the batch were read, and where they end, from its start. */
  private recordCount = 0;
  private length = 0;

  constructor(batch: WriteBatch) {
    this.batch = batch;
  }

  listen(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** Shows every change since the last look, in order. */
  read(): void {
    const { batch, reader, listeners } = this;
    if (batch.recordCount === this.recordCount) return;
    reader.open(batch.buffer, batch.start, batch.end, 'the batch of this turn');
    if (this.length > 0) reader.goTo(batch.start + this.length);
    while (reader.next()) for (const listener of listeners) listener(reader);
    batch.closeRecord();
    this.recordCount = batch.recordCount;
    this.length = batch.byteLength;
  }

  /** Shows a change that came in another way: another node has made it. */
  show(change: BatchReader): void {
    for (const listener of this.listeners) listener(change);
  }

  /** The batch is about to be emptied. What was not read will not be. */
  restart(): void {
    this.recordCount = this.length = 0;
  }
}
