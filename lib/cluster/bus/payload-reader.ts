/** Reads what a PayloadBuffer has put together. A payload that ends too soon reads as zeros, and has `failed`. */
export class PayloadReader {
  failed = false;
  private readonly source: Buffer;
  private at: number;
  private readonly end: number;

  constructor(source: Buffer, start: number, end: number) {
    this.source = source;
    this.at = start;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end || this.failed;
  }

  /** What is left to be read. */
  get byteLength(): number {
    return this.end - this.at;
  }

  /** A reader of what is left, which outlives the payload. */
  copyOfRest(): PayloadReader {
    const rest = Buffer.from(this.source.subarray(this.at, this.end));
    return new PayloadReader(rest, 0, rest.length);
  }

  byte(): number {
    return this.has(1) ? this.source[this.at++] : 0;
  }

  /** An unsigned integer of 32 bits. */
  word(): number {
    if (!this.has(4)) return 0;
    this.at += 4;
    return this.source.readUInt32LE(this.at - 4);
  }

  double(): number {
    if (!this.has(8)) return 0;
    this.at += 8;
    return this.source.readDoubleLE(this.at - 8);
  }

  /** A view of the bytes: valid as long as the payload is. */
  bytes(): Buffer {
    const length = this.word();
    if (!this.has(length)) return this.source.subarray(0, 0);
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  private has(bytes: number): boolean {
    if (bytes > this.end - this.at) this.failed = true;
    return !this.failed;
  }
}
