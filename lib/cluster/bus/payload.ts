/** What is sent: bytes that say how many they are, and are written once, straight to where they are sent from. */

import { copyBytes } from '../../base/bytes.js';

export interface Payload {
  readonly byteLength: number;
  /** Writes exactly `byteLength` bytes at `target[at]`. */
  writeTo(target: Buffer, at: number): void;
}

/** The bytes [start, end) of a buffer. May be used again for other bytes. */
export class BytesPayload implements Payload {
  private bytes: Uint8Array;
  private start: number;
  private end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  get byteLength(): number {
    return this.end - this.start;
  }

  set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  writeTo(target: Buffer, at: number): void {
    copyBytes(this.bytes, this.start, this.end, target, at);
  }
}

export const EMPTY_PAYLOAD: Payload = new BytesPayload(new Uint8Array(0));
