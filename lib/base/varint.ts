/**
 * Varints: whole numbers up to 2^53 - 1, seven bits a byte, low bits first; the high bit says that more follow
 * (LEB128, as Protocol Buffers have it).
 */

/** The longest a varint gets, in bytes. */
export const VARINT_BYTES_MAX = 8;

const TWO_28 = 2 ** 28;

/** Writes `value` (0 .. 2^53 - 1) at `at`; returns the offset behind it. REQUIRES: VARINT_BYTES_MAX of room. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  while (value >= TWO_28) {
    target[at++] = (value % 128) | 0x80;
    value = Math.floor(value / 128);
  }
  let rest = value | 0;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Bytes that `value` takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}

/**
 * Reads varints off a buffer. `offset` moves past what was read. Past `end`, and after one that is too long or above
 * 2^53 - 1, `failed` is set and 0 returned.
 */
export class VarintReader {
  buffer: Uint8Array = new Uint8Array(0);
  offset = 0;
  end = 0;
  failed = false;

  read(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES_MAX && this.offset < this.end; i++) {
      const byte = this.buffer[this.offset++];
      value += (byte & 0x7f) * scale;
      // Only the eighth byte can lead beyond what is safe, and there the loop ends too.
      if (byte < 0x80 && value <= Number.MAX_SAFE_INTEGER) return value;
      scale *= 128;
    }
    this.failed = true;
    return 0;
  }
}
