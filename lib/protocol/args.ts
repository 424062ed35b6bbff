import { copyBytes } from '../base/bytes.js';
import { EMPTY } from './empty-buffer.js';

/** Offsets that are kept room for between requests. */
const ROOM_MIN = 64;
/** More room than this is given back after the request that needed it. */
const ROOM_KEPT_MAX = 1024;

/**
 * The arguments of one request: offsets into a buffer, no copies.
 *
 * A view: `buffer`, `start` and `end` are valid until the executor returns from the command; the parser
 * reuses them for the next request, and the read buffer is overwritten by the next read. What must
 * live longer is copied (`copy`, `clone`).
 */
export class Args {
  /** The bytes that the offsets point into. */
  buffer: Buffer = EMPTY;
  /** Number of arguments, the command's name included. */
  count = 0;
  /** `start[i]` and `end[i]` bound argument i in `buffer`: [start, end). May be longer than `count`. */
  start: Int32Array;
  end: Int32Array;

  /** With room for so many arguments; there is more when it is needed. */
  constructor(room = ROOM_MIN) {
    this.start = new Int32Array(room);
    this.end = new Int32Array(room);
  }

  /** Length of argument i in bytes. */
  lengthOf(i: number): number {
    return this.end[i] - this.start[i];
  }

  /** A view of argument i; valid as long as these args are. Allocates a Buffer object: not for the hot path. */
  view(i: number): Buffer {
    return this.buffer.subarray(this.start[i], this.end[i]);
  }

  /** A copy of argument i. */
  copy(i: number): Buffer {
    return Buffer.from(this.view(i));
  }

  /** Argument i as a string, each byte one character (latin1): for names and error texts. */
  text(i: number): string {
    return this.buffer.toString('latin1', this.start[i], this.end[i]);
  }

  /** Whether argument i is `word`, letter case apart. `word` is ASCII in lower case. */
  is(i: number, word: string): boolean {
    const start = this.start[i];
    if (this.end[i] - start !== word.length) return false;
    for (let j = 0; j < word.length; j++) {
      let byte = this.buffer[start + j];
      if (byte >= 65 && byte <= 90) byte += 32;
      if (byte !== word.charCodeAt(j)) return false;
    }
    return true;
  }

  /** Adds an argument, [start, end) of `buffer`. */
  push(start: number, end: number): void {
    const i = this.count;
    if (i === this.start.length) this.reserve(i + 1);
    this.start[i] = start;
    this.end[i] = end;
    this.count = i + 1;
  }

  /** Room for at least `count` offsets, keeping those that are there. */
  reserve(count: number): void {
    if (count <= this.start.length) return;
    const size = Math.max(count, this.start.length * 2);
    const start = new Int32Array(size);
    const end = new Int32Array(size);
    start.set(this.start);
    end.set(this.end);
    this.start = start;
    this.end = end;
  }

  /** Forgets the first `count` arguments. */
  drop(count: number): void {
    this.start.copyWithin(0, count, this.count);
    this.end.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /** The bytes lie `distance` further to the front than before. */
  shift(distance: number): void {
    for (let i = 0; i < this.count; i++) {
      this.start[i] -= distance;
      this.end[i] -= distance;
    }
  }

  /** Forgets all arguments, lets go of their bytes and of the room that a long request took. */
  clear(): void {
    this.buffer = EMPTY;
    this.count = 0;
    if (this.start.length > ROOM_KEPT_MAX) {
      this.start = new Int32Array(ROOM_MIN);
      this.end = new Int32Array(ROOM_MIN);
    }
  }

  /** An independent copy of everything, one argument behind the other: for what waits (a blocked command, a queued transaction). */
  clone(): Args {
    // Short arrays lie on the heap, which is much cheaper.
    const copy = new Args(this.count);
    let bytes = 0;
    for (let i = 0; i < this.count; i++) bytes += this.lengthOf(i);
    copy.buffer = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const end = copyBytes(this.buffer, this.start[i], this.end[i], copy.buffer, at);
      copy.push(at, end);
      at = end;
    }
    return copy;
  }
}
