import type { Payload } from '../bus/payload.js';

/** What REPLICATED (shipment.ts) says. */
const HEAD_BYTES = 16;
const NEWER_BYTES = 20;

/** In place of a stamp: the replica has not taken the record, its key is in era 1 (consensus/consensus.ts). */
export const ERA_STAMP = -1;

/** A record that was put blindly, of which a replica holds something newer; or one of any kind that it has not taken. */
export interface Newer {
  readonly sequence: number;
  /** Its number in the batch that the replica was sent, from 0 on. */
  readonly record: number;
  readonly stamp: number;
}

/** REPLICATED, as it is sent. */
export class Acknowledgement implements Payload {
  readonly after: number;
  readonly sequence: number;
  readonly newer: readonly Newer[];

  constructor(after: number, sequence: number, newer: readonly Newer[]) {
    this.after = after;
    this.sequence = sequence;
    this.newer = newer;
  }

  get byteLength(): number {
    return HEAD_BYTES + this.newer.length * NEWER_BYTES;
  }

  writeTo(target: Buffer, at: number): void {
    let to = target.writeDoubleLE(this.after, at);
    to = target.writeDoubleLE(this.sequence, to);
    for (const { sequence, record, stamp } of this.newer) {
      to = target.writeDoubleLE(sequence, to);
      to = target.writeUInt32LE(record, to);
      to = target.writeDoubleLE(stamp, to);
    }
  }
}

/** Reads REPLICATED; undefined if the bytes are none. */
export function readAcknowledgement(bytes: Buffer, start: number, end: number): Acknowledgement | undefined {
  const newerBytes = end - start - HEAD_BYTES;
  if (newerBytes < 0 || newerBytes % NEWER_BYTES !== 0) return undefined;
  const newer: Newer[] = [];
  for (let at = start + HEAD_BYTES; at < end; at += NEWER_BYTES) {
    newer.push({
      sequence: bytes.readDoubleLE(at),
      record: bytes.readUInt32LE(at + 8),
      stamp: bytes.readDoubleLE(at + 12),
    });
  }
  return new Acknowledgement(bytes.readDoubleLE(start), bytes.readDoubleLE(start + 8), newer);
}
