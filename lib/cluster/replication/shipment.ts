/**
 * What one batch of this node says to its replicas.
 *
 *     REPLICATE   = sequence:f64  previous:f64  batch      of the batch (record/batch-format.ts), its header and the records that concern the receiver
 *     REPLICATED  = after:f64  sequence:f64  newer*        numbers little-endian
 *     MISSED      =                                        a batch was refused: everything that was not acknowledged is to be sent again
 *     newer       = sequence:f64  record:u32  stamp:f64
 *
 * `previous`: the batch that was sent to the same replica before, by the same connection; 0 if this is the first, or sent again. Who has not taken that one refuses this one,
 * and all that follow: so nothing is missing before what a replica acknowledges.
 *
 * A replica answers REPLICATED when it has logged every batch up to `sequence` that came by the same connection. `newer`: the record with that number in
 * that batch, from 0 on, put a whole string, and the replica holds something of the key with the higher `stamp`. All `newer` are named of the batches behind `after`, the one that it has
 * acknowledged last before (0: of all that came by that connection): what it has said of those before may have been lost, for its answers go by a connection of their own.
 */

import { slotOf } from '../../base/position.js';
import { BATCH_HEADER_BYTES, ChangeKind } from '../../record/batch-format.js';
import { BatchReader } from '../../record/batch-reader.js';
import type { Payload } from '../bus/payload.js';
import type { BatchParts } from './batch-parts.js';
import { EVERY_GROUP } from './batch-parts.js';
import type { ReplicaProgress } from './replica-progress.js';

export const REPLICATE_HEAD_BYTES = 16;

export class Shipment {
  readonly sequence: number;
  /** The batch. */
  readonly bytes: Buffer;
  readonly parts: BatchParts;
  readonly sinceMs: number;
  /** Who has not acknowledged it yet. */
  readonly pending = new Set<ReplicaProgress>();
  /** Where the keys are whose puts were put again, or are decided by consensus. */
  readonly renewed: Set<number>;

  /** The slots of the keys in the batch, once somebody has asked for them. */
  private slots: ReadonlySet<number> | undefined;

  constructor(
    sequence: number,
    bytes: Buffer,
    parts: BatchParts,
    sinceMs: number,
    renewed: Set<number> = new Set<number>(),
  ) {
    this.sequence = sequence;
    this.bytes = bytes;
    this.parts = parts;
    this.sinceMs = sinceMs;
    this.renewed = renewed;
  }

  /** Where the key of a record of the batch that a replica was sent is in the whole batch, and in which run; `undefined` if there is no such record. */
  locate(record: number, concerns: Concerns): { part: number; at: number } | undefined {
    const { parts } = this;
    const sentAt = this.keyAt(record, concerns);
    let sent = BATCH_HEADER_BYTES;
    let start = BATCH_HEADER_BYTES;
    for (let part = 0; part < parts.count; part++) {
      const end = parts.ends[part];
      if (concerns(parts.groups[part])) {
        if (sentAt >= sent && sentAt < sent + end - start) return { part, at: start + sentAt - sent };
        sent += end - start;
      }
      start = end;
    }
    return undefined;
  }

  /** Whether it changes keys of a slot. The batch is read when that is asked for the first time, and not again. */
  changes(slot: number): boolean {
    this.slots ??= slotsOf(this.bytes);
    return this.slots.has(slot);
  }

  /** Where the key of a record begins in the batch that a replica was sent; 0 if there is no such record. */
  private keyAt(record: number, concerns: Concerns): number {
    const sent = Buffer.allocUnsafeSlow(batchBytesFor(this, concerns));
    writeBatchFor(this, concerns, sent, 0);
    const reader = new BatchReader();
    reader.open(sent, 0, sent.length, 'a batch that was sent');
    for (let number = 0; reader.next();) {
      if (number === record) return reader.keyStart;
      if (reader.isRecordEnd) number++;
    }
    return 0;
  }
}

/** The slots of the keys that a batch changes. */
function slotsOf(bytes: Buffer): Set<number> {
  const slots = new Set<number>();
  const reader = new BatchReader();
  reader.open(bytes, 0, bytes.length, 'a batch that was sent');
  while (reader.next()) {
    const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
    if (isOfKey) slots.add(slotOf(reader.bytes, reader.keyStart, reader.keyEnd));
  }
  return slots;
}

/** The groups that concern one replica. */
export type Concerns = (group: number) => boolean;

/** REPLICATE to one replica. One object serves for all. */
export class ReplicatePayload implements Payload {
  byteLength = 0;
  private shipment: Shipment | undefined;
  private previous = 0;
  private concerns: Concerns = () => false;

  /** What `shipment` says to a replica that was sent `previous` before. False if that is nothing. */
  set(shipment: Shipment, concerns: Concerns, previous: number): boolean {
    this.shipment = shipment;
    this.concerns = concerns;
    this.previous = previous;
    const batchBytes = batchBytesFor(shipment, concerns);
    this.byteLength = REPLICATE_HEAD_BYTES + batchBytes;
    return batchBytes > BATCH_HEADER_BYTES;
  }

  writeTo(target: Buffer, at: number): void {
    const { shipment, concerns } = this;
    if (shipment === undefined) return;
    target.writeDoubleLE(shipment.sequence, at);
    target.writeDoubleLE(this.previous, at + 8);
    writeBatchFor(shipment, concerns, target, at + REPLICATE_HEAD_BYTES);
  }
}

/** How long the batch is that a replica gets; BATCH_HEADER_BYTES if nothing concerns it. */
export function batchBytesFor({ parts }: Shipment, concerns: Concerns): number {
  let length = BATCH_HEADER_BYTES;
  let start = BATCH_HEADER_BYTES;
  for (let i = 0; i < parts.count; i++) {
    const end = parts.ends[i];
    if (concerns(parts.groups[i])) length += end - start;
    start = end;
  }
  return length;
}

/** Writes the batch that a replica gets at `target[at]`. */
export function writeBatchFor({ parts, bytes }: Shipment, concerns: Concerns, target: Buffer, at: number): void {
  let to = at + bytes.copy(target, at, 0, BATCH_HEADER_BYTES);
  let start = BATCH_HEADER_BYTES;
  for (let i = 0; i < parts.count; i++) {
    const end = parts.ends[i];
    if (concerns(parts.groups[i])) to += bytes.copy(target, to, start, end);
    start = end;
  }
}

/** Whether records of a group, or of all, concern a replica of the groups in `groups`. */
export function concernsOf(groups: ReadonlySet<number>): Concerns {
  return (group) => group === EVERY_GROUP || groups.has(group);
}
