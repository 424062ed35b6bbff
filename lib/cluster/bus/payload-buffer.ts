import { copyBytes } from '../../base/bytes.js';
import type { Payload } from './payload.js';

const INITIAL_BYTES = 1024;
/** A buffer that was larger is not kept. */
const KEPT_BYTES_MAX = 256 * 1024;

/** A payload that is put together piece by piece. Numbers are little-endian. Reused from message to message. */
export class PayloadBuffer implements Payload {
  byteLength = 0;
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);

  get isEmpty(): boolean {
    return this.byteLength === 0;
  }

  clear(): void {
    this.byteLength = 0;
    if (this.buffer.length > KEPT_BYTES_MAX) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.byteLength++] = value;
  }

  /** An integer of 32 bits, signed or not. */
  word(value: number): void {
    this.reserve(4);
    const { buffer, byteLength: at } = this;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.byteLength = at + 4;
  }

  double(value: number): void {
    this.reserve(8);
    this.byteLength = this.buffer.writeDoubleLE(value, this.byteLength);
  }

  /** Bytes [start, end), behind a word with their length. */
  bytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.word(end - start);
    this.reserve(end - start);
    this.byteLength = copyBytes(bytes, start, end, this.buffer, this.byteLength);
  }

  /** Bytes, each one a character, behind a word with their length. */
  latin1(text: string): void {
    this.word(text.length);
    this.reserve(text.length);
    this.byteLength += this.buffer.write(text, this.byteLength, 'latin1');
  }

  /** What another one holds, as it is. */
  append(other: PayloadBuffer): void {
    this.reserve(other.byteLength);
    other.writeTo(this.buffer, this.byteLength);
    this.byteLength += other.byteLength;
  }

  /** The bytes alone. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.byteLength = copyBytes(bytes, 0, bytes.length, this.buffer, this.byteLength);
  }

  writeTo(target: Buffer, at: number): void {
    copyBytes(this.buffer, 0, this.byteLength, target, at);
  }

  private reserve(bytes: number): void {
    const needed = this.byteLength + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.byteLength);
    this.buffer = grown;
  }
}
