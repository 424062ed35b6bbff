import type { CrashFate, UnsyncedFile } from '../../sim/crash-fate.js';

/** Everything that was not synced is on the disk but for one thing: the one of this number, in the order in which they are asked for. */
export class SingleLoss implements CrashFate {
  /** Things asked for so far. */
  count = 0;
  private readonly lost: number;
  /** Where the append begins that is lost of the file at hand. */
  private hole = { start: Infinity, end: Infinity };

  /** `lost` counts from 0; with Infinity nothing is lost, and `count` says how much could have been. */
  constructor(lost: number) {
    this.lost = lost;
  }

  keepsEntry(): boolean {
    return this.keepsNext();
  }

  keepsTruncation(): boolean {
    return this.keepsNext();
  }

  sizeOf({ syncedBytes, ends }: UnsyncedFile): number {
    this.hole = { start: Infinity, end: Infinity };
    let start = syncedBytes;
    for (const end of ends) {
      if (!this.keepsNext()) this.hole = { start, end };
      start = end;
    }
    // Nothing behind the last append tells that the file was longer.
    return this.hole.end === start ? this.hole.start : start;
  }

  momentOf(_file: UnsyncedFile, sectorStart: number, moments: readonly number[]): number {
    const last = moments[moments.length - 1];
    const { start, end } = this.hole;
    if (last <= start || sectorStart >= end) return last;
    return moments.findLast((moment) => moment <= start) ?? moments[0];
  }

  private keepsNext(): boolean {
    return this.count++ !== this.lost;
  }
}
