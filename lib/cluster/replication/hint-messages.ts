/**
 * How hints are handed over.
 *
 *     HINT    = id:u32 batch        a batch (record/batch-format.ts) that the receiver has missed; it is merged, however often it comes
 *     HINTED  = id:u32*             those are in the receiver's log; numbers little-endian
 */

import { copyBytes } from '../../base/bytes.js';
import type { Payload } from '../bus/payload.js';

export const HINT_HEAD_BYTES = 4;

/** HINT. One object serves for all. */
export class HintPayload implements Payload {
  private id = 0;
  private batch: Buffer = Buffer.alloc(0);

  set(id: number, batch: Buffer): void {
    this.id = id;
    this.batch = batch;
  }

  get byteLength(): number {
    return HINT_HEAD_BYTES + this.batch.length;
  }

  writeTo(target: Buffer, at: number): void {
    const { batch } = this;
    copyBytes(batch, 0, batch.length, target, target.writeUInt32LE(this.id, at));
  }
}
