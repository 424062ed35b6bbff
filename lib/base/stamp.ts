/**
 * Stamps: hybrid logical clock readings, as one safe integer (Kulkarni et al., "Logical Physical Clocks", 2014).
 *
 *     stamp = milliseconds since 2020-01-01 UTC * 4096 + counter
 *
 * Good until 2089. Two stamps of one clock are never equal, and a later one is always greater.
 */

/** 2020-01-01T00:00:00Z in Unix milliseconds. */
export const STAMP_EPOCH_MS = 1577836800000;
/** Stamps in a millisecond. */
export const STAMPS_PER_MS = 4096;
/** Above every stamp. */
export const STAMP_LIMIT = 2 ** 53;

/** The Unix millisecond that a stamp falls in. */
export function stampMs(stamp: number): number {
  return Math.floor(stamp / STAMPS_PER_MS) + STAMP_EPOCH_MS;
}

/** The first stamp of a Unix millisecond; 0 for times before the epoch. */
export function firstStampOf(unixMs: number): number {
  return unixMs <= STAMP_EPOCH_MS ? 0 : (unixMs - STAMP_EPOCH_MS) * STAMPS_PER_MS;
}

/**
 * A hybrid logical clock. It follows the wall clock, never goes back, and runs ahead of it when it has to:
 * after a jump back, after a stamp from elsewhere, or past 4096 stamps in a millisecond.
 */
export class HybridClock {
  private last = 0;
  private unixMs = STAMP_EPOCH_MS;
  private readonly wallMs: () => number;

  /** `wallMs` reads the wall clock: Unix milliseconds. */
  constructor(wallMs: () => number) {
    this.wallMs = wallMs;
    this.tick();
  }

  /** Reads the wall clock. Called once a turn of the loop, and by whatever takes long. */
  tick(): void {
    const wall = this.wallMs();
    if (wall > this.unixMs) this.unixMs = wall;
  }

  /** A new stamp, greater than every one before. */
  next(): number {
    const wall = (this.unixMs - STAMP_EPOCH_MS) * STAMPS_PER_MS;
    this.last = wall > this.last ? wall : this.last + 1;
    return this.last;
  }

  /** The last stamp given or observed. */
  get latest(): number {
    return this.last;
  }

  /** "Now" in Unix milliseconds, as of the last tick: what expiry is set and judged by. Never goes back. */
  get nowMs(): number {
    return this.unixMs;
  }

  /** Learns of a stamp from elsewhere (the log, a peer): later ones of this clock are greater. */
  observe(stamp: number): void {
    if (stamp <= this.last) return;
    this.last = stamp;
    const ms = stampMs(stamp);
    if (ms > this.unixMs) this.unixMs = ms;
  }
}
