/**
 * How the main thread steers a job while it runs in another: it may break it off, and say how fast it may go. It is a few words of
 * shared memory:
 *
 *     words[0]   counts the changes of the others; whoever waits for one waits on it
 *     words[1]   1: aborted
 *     words[2]   the rate, KiB a second; 0: no limit
 */

/** The job was broken off by its control. It has removed what it had made. */
export class JobAbortedError extends Error {
  override readonly name = 'JobAbortedError';
  readonly code = 'ABORTED';
}

const CHANGES = 0;
const ABORTED = 1;
const RATE = 2;
const WORD_COUNT = 3;

const RATE_UNIT_BYTES = 1024;
const RATE_MAX = 2 ** 31 - 1;

export class JobControl {
  /** What another thread makes its JobControl from. */
  readonly shared: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(shared = new SharedArrayBuffer(WORD_COUNT * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.words = new Int32Array(shared);
  }

  /** The job is to end as soon as it can, with a JobAbortedError. It may be too late: then it ends as if nothing had been said. */
  abort(): void {
    this.set(ABORTED, 1);
  }

  get isAborted(): boolean {
    return Atomics.load(this.words, ABORTED) !== 0;
  }

  /** What the job may read and write in a second; 0: as much as it can. */
  get bytesPerSecond(): number {
    return Atomics.load(this.words, RATE) * RATE_UNIT_BYTES;
  }

  /** Kept in KiB; above 0 it is at least one. */
  set bytesPerSecond(rate: number) {
    this.set(RATE, rate === 0 ? 0 : Math.min(Math.max(Math.round(rate / RATE_UNIT_BYTES), 1), RATE_MAX));
  }

  /** How often something was changed: what `waitForChange` begins from. */
  get changes(): number {
    return Atomics.load(this.words, CHANGES);
  }

  /** Waits by `wait` (ThreadHost) until something is changed that `changes` did not count, at most `timeoutMs`. */
  waitForChange(wait: WordWait, changes: number, timeoutMs: number): void {
    wait(this.words, CHANGES, changes, timeoutMs);
  }

  private set(word: number, value: number): void {
    Atomics.store(this.words, word, value);
    Atomics.add(this.words, CHANGES, 1);
    Atomics.notify(this.words, CHANGES);
  }
}

/** ThreadHost.wait. */
export type WordWait = (words: Int32Array, index: number, value: number, timeoutMs: number) => void;
