/** What node-read-thread.ts and node-read-worker.ts agree on. */

export const SLOTS = 256;
/** Longer reads are not for this thread. */
export const SLOT_BYTES = 8192;
/** Numbers of a read in a request: descriptor, offset, length. */
export const NUMBERS = 3;
/** In place of a result: the read failed. */
export const FAILED = -1;
/** What the thread is started with. */
export interface ReadMemory {
  /** SLOTS of SLOT_BYTES: what was read. */
  readonly staging: SharedArrayBuffer;
  /** A 32-bit integer a slot: how many bytes were there, or FAILED. */
  readonly results: SharedArrayBuffer;
}

/** So many more reads are done, and so many of them have waited for the disk. */
export interface ReadAnswer {
  readonly count: number;
  readonly slowCount: number;
}
