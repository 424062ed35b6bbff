import { SLOT_COUNT, SLOT_SPAN } from '../base/position.js';

/** Numbers of one run in the compact form: first slot, the slot behind the last one, stamp. */
const RUN_LENGTH = 3;

/** A stamp for each slot; 0: there is none. In compact form, runs of slots with the same one. */
export class SlotStamps {
  private readonly stamps = new Float64Array(SLOT_COUNT);
  private highestStamp = 0;
  private rises = 0;

  static ofRuns(runs: Float64Array): SlotStamps {
    const stamps = new SlotStamps();
    for (let at = 0; at < runs.length; at += RUN_LENGTH) {
      stamps.stamps.fill(runs[at + 2], runs[at], runs[at + 1]);
      stamps.highestStamp = Math.max(stamps.highestStamp, runs[at + 2]);
    }
    return stamps;
  }

  /** Whether these may be the runs of something: they come from elsewhere. */
  static areRuns(runs: Float64Array): boolean {
    let end = 0;
    for (let at = 0; at < runs.length; at += RUN_LENGTH) {
      const isRun = runs[at] >= end && runs[at + 1] > runs[at] && runs[at + 1] <= SLOT_COUNT && runs[at + 2] > 0;
      if (!isRun || !Number.isSafeInteger(runs[at]) || !Number.isSafeInteger(runs[at + 1])) return false;
      end = runs[at + 1];
    }
    return runs.length % RUN_LENGTH === 0;
  }

  /** Above no stamp of it: what is higher needs no look at the slots. */
  get highest(): number {
    return this.highestStamp;
  }

  /** How often `raiseAll` was called. */
  get riseCount(): number {
    return this.rises;
  }

  of(slot: number): number {
    return this.stamps[slot];
  }

  /** That of the slot which a position is in. */
  at(position: number): number {
    return this.highestStamp === 0 ? 0 : this.stamps[Math.floor(position / SLOT_SPAN)];
  }

  /** Whether it was lower. */
  raise(slot: number, stamp: number): boolean {
    if (stamp <= this.stamps[slot]) return false;
    this.stamps[slot] = stamp;
    this.highestStamp = Math.max(this.highestStamp, stamp);
    return true;
  }

  raiseAll(stamps: Iterable<readonly [slot: number, stamp: number]>): void {
    for (const [slot, stamp] of stamps) this.raise(slot, stamp);
    this.rises++;
  }

  raiseRuns(runs: Float64Array): void {
    for (let at = 0; at < runs.length; at += RUN_LENGTH) {
      for (let slot = runs[at]; slot < runs[at + 1]; slot++) this.raise(slot, runs[at + 2]);
    }
  }

  /** Sets those to 0 that are not wanted; whether there were any. */
  retain(isWanted: (slot: number) => boolean): boolean {
    if (this.highestStamp === 0) return false;
    let hasChanged = false;
    let highest = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (this.stamps[slot] > 0 && !isWanted(slot)) {
        this.stamps[slot] = 0;
        hasChanged = true;
      }
      highest = Math.max(highest, this.stamps[slot]);
    }
    this.highestStamp = highest;
    return hasChanged;
  }

  /** The runs, none higher than `limit`. */
  runs(limit = Infinity): Float64Array {
    const runs: number[] = [];
    if (this.highestStamp === 0 || limit <= 0) return new Float64Array(0);
    for (let slot = 0; slot < SLOT_COUNT;) {
      const first = slot;
      const stamp = this.stamps[slot];
      while (slot < SLOT_COUNT && this.stamps[slot] === stamp) slot++;
      if (stamp > 0) runs.push(first, slot, Math.min(stamp, limit));
    }
    return Float64Array.from(runs);
  }
}
