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

/** How long before its bound a clock asks to have it moved, and where it stops to follow the wall clock: stamps. */
const APPROACH = 500 * STAMPS_PER_MS;
const RESERVE = 250 * STAMPS_PER_MS;

/** Keeps the bound of a clock (`HybridClock.bound`) where it is not forgotten. */
export interface StampGuard {
  /** The bound is near: it is to be moved soon. Called again and again until it is. */
  onApproach(): void;
  /** A stamp above the bound is to be given: returns a new bound, not below it, or throws. */
  raise(stamp: number): number;
}

/**
 * A hybrid logical clock. It follows the wall clock, never goes back, and runs ahead of it when it has to:
 * after a jump back, after a stamp from elsewhere, or past 4096 stamps in a millisecond.
 *
 * With a guard it gives no stamp above its bound. While that is not moved, the clock does not follow the wall clock to the end: it stands still a little
 * before the bound, and counts.
 */
export class HybridClock {
  private last = 0;
  private unixMs = STAMP_EPOCH_MS;
  /** The first stamp of `unixMs`, or where the clock stands still before that. */
  private wallStamp = 0;
  private guard: StampGuard | undefined;
  private boundStamp = STAMP_LIMIT;
  /** From here on the guard is told. */
  private nearStamp = STAMP_LIMIT;
  private readonly wallMs: () => number;

  /** `wallMs` reads the wall clock: Unix milliseconds. */
  constructor(wallMs: () => number) {
    this.wallMs = wallMs;
    this.tick();
  }

  /** Reads the wall clock. Called once a turn of the loop, and by whatever takes long. */
  tick(): void {
    const wall = this.wallMs();
    if (wall > this.unixMs) this.passTo(wall);
  }

  /** A new stamp, greater than every one before. Throws what the guard throws. */
  next(): number {
    const { wallStamp } = this;
    const stamp = wallStamp > this.last ? wallStamp : this.last + 1;
    if (stamp > this.nearStamp) this.approach(stamp);
    this.last = stamp;
    return stamp;
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
    if (ms > this.unixMs) this.passTo(ms);
    if (stamp > this.nearStamp) this.guard?.onApproach();
  }

  /** No stamp above this is given before `guard` has moved it. */
  get bound(): number {
    return this.boundStamp;
  }

  /** From now on the clock has a guard, and this bound. */
  keepWithin(bound: number, guard: StampGuard): void {
    this.guard = guard;
    this.boundStamp = bound;
    this.nearStamp = bound - APPROACH;
    this.passTo(this.unixMs);
  }

  private passTo(unixMs: number): void {
    this.unixMs = unixMs;
    this.wallStamp = Math.min(firstStampOf(unixMs), this.boundStamp - RESERVE);
  }

  private approach(stamp: number): void {
    const { guard } = this;
    if (guard === undefined) return;
    guard.onApproach();
    if (stamp > this.boundStamp) this.keepWithin(guard.raise(stamp), guard);
  }
}
