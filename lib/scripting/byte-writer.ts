const BYTES_MIN = 4096;
/** More room than this is given back after use. */
const BYTES_KEPT_MAX = 256 * 1024;

/** Bytes that are being put together: the first `length` of `buffer`. */
export class ByteWriter {
  buffer = Buffer.allocUnsafeSlow(BYTES_MIN);
  length = 0;

  clear(): void {
    this.length = 0;
    if (this.buffer.length > BYTES_KEPT_MAX) this.buffer = Buffer.allocUnsafeSlow(BYTES_MIN);
  }

  /** Room for `count` bytes more. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** Text in Latin-1. */
  text(text: string): void {
    this.reserve(text.length);
    this.length += this.buffer.write(text, this.length, 'latin1');
  }

  bytes(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    this.length += source.copy(this.buffer, this.length, start, end);
  }

  /** The low `count` bytes of a whole number, the highest first. `count` is at most 6. */
  bigEndian(value: number, count: number): void {
    this.reserve(count);
    this.length = this.buffer.writeUIntBE(value, this.length, count);
  }
}
