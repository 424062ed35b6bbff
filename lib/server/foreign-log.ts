import { FRAME_HEADER_BYTES } from '../storage/log/aof-frame.js';

const INITIAL_BYTES = 64 * 1024;
/** Frames are written together up to this: where there is little room, so much of them may fit. */
const WRITE_BYTES_MAX = 256 * 1024;
const SHRINK_ABOVE_BYTES = 4 * 1024 * 1024;

/** A batch in the buffer: its frame, with room for the header in front. */
interface Pending {
  readonly start: number;
  readonly end: number;
  readonly lowestStamp: number;
}

type AppendFrames = (
  buffer: Buffer,
  start: number,
  ends: readonly number[],
  lowestStamp: number,
  isLast: boolean,
) => void;

/** Batches of other nodes that were merged into memory, and are yet to be logged: as frames, in the order in which they came. */
export class ForeignLog {
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private end = 0;
  private readonly pending: Pending[] = [];
  private next = 0;

  get isEmpty(): boolean {
    return this.next === this.pending.length;
  }

  /** Of what is yet to be logged, with the headers of its frames. */
  get byteLength(): number {
    return this.isEmpty ? 0 : this.end - this.pending[this.next].start;
  }

  /** Adds a copy of the batch `bytes[start, end)`, in which `lowestStamp` is the lowest. */
  add(bytes: Buffer, start: number, end: number, lowestStamp: number): void {
    const frame = this.end;
    const needed = frame + FRAME_HEADER_BYTES + end - start;
    if (needed > this.buffer.length) this.grow(needed);
    bytes.copy(this.buffer, frame + FRAME_HEADER_BYTES, start, end);
    this.end = needed;
    this.pending.push({ start: frame, end: needed, lowestStamp });
  }

  /** Calls `append` with the frames in order, several at a time: the first begins at `start`, and each ends where the next one begins. Those for which it throws, and those behind them, stay. */
  drain(append: AppendFrames): void {
    const { pending } = this;
    while (this.next < pending.length) {
      const { start } = pending[this.next];
      const ends: number[] = [];
      let lowestStamp = Infinity;
      let next = this.next;
      do {
        ends.push(pending[next].end);
        lowestStamp = Math.min(lowestStamp, pending[next].lowestStamp);
        next++;
      } while (next < pending.length && pending[next].end - start <= WRITE_BYTES_MAX);
      append(this.buffer, start, ends, lowestStamp, next === pending.length);
      this.next = next;
    }
    this.clear();
  }

  /** They will not be logged. */
  clear(): void {
    this.pending.length = this.next = this.end = 0;
    if (this.buffer.length > SHRINK_ABOVE_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  private grow(needed: number): void {
    const old = this.buffer;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(needed, old.length * 2));
    old.copy(this.buffer, 0, 0, this.end);
  }
}
