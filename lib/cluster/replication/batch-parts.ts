import { assert } from '../../base/assert.js';

/** Records that every member is concerned with: a database that was emptied. */
export const EVERY_GROUP = -1;

const ROOM_MIN = 256;

/**
 * Which records of a batch concern which group of slots (ring/ring.ts): runs of records one behind the other. Offsets count from the start of the
 * batch. Reused for batch after batch; allocates nothing once it has room.
 */
export class BatchParts {
  count = 0;
  /** Of run i: the group, where it ends, and whether its writer has not looked at what was there. */
  groups: Int32Array = new Int32Array(ROOM_MIN);
  ends: Int32Array = new Int32Array(ROOM_MIN);
  blind: Uint8Array = new Uint8Array(ROOM_MIN);

  clear(): void {
    this.count = 0;
  }

  /** Whether records of that kind would join the last run. */
  continues(group: number, isBlind: boolean): boolean {
    const last = this.count - 1;
    return last >= 0 && this.groups[last] === group && (this.blind[last] !== 0) === isBlind;
  }

  /** What follows the last run, up to `end`, concerns `group`. */
  add(group: number, isBlind: boolean, end: number): void {
    let i = this.count - 1;
    assert(i < 0 || end >= this.ends[i], 'a batch grows');
    if (!this.continues(group, isBlind)) {
      i = this.count++;
      if (i === this.groups.length) this.grow();
      this.groups[i] = group;
      this.blind[i] = isBlind ? 1 : 0;
    }
    this.ends[i] = end;
  }

  /** A copy with just the room that it needs. */
  clone(): BatchParts {
    const copy = new BatchParts();
    copy.count = this.count;
    copy.groups = this.groups.slice(0, this.count);
    copy.ends = this.ends.slice(0, this.count);
    copy.blind = this.blind.slice(0, this.count);
    return copy;
  }

  private grow(): void {
    const size = this.groups.length * 2;
    this.groups = grown(this.groups, new Int32Array(size));
    this.ends = grown(this.ends, new Int32Array(size));
    this.blind = grown(this.blind, new Uint8Array(size));
  }
}

function grown<T extends Int32Array | Uint8Array>(old: T, target: T): T {
  target.set(old);
  return target;
}
