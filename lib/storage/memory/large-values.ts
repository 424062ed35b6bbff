import { assert } from '../../base/assert.js';

/** A collection that is too large for one record: its record holds where it stands among the heap's large values. */
export interface LargeValue {
  /** Bytes that all of it takes, more or less. */
  readonly usedBytes: number;
  /** Frees about `recordsMax` of its records and nodes, and returns how many it freed; fewer only when none are left. It is not used any more. */
  drain(recordsMax: number): number;
}

/**
 * The large values of a heap, by number. What is let go is taken apart in steps, because there may be millions of records in it.
 */
export class LargeValues {
  private readonly values: (LargeValue | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly released: LargeValue[] = [];

  add(value: LargeValue): number {
    const index = this.free.pop() ?? this.values.length;
    this.values[index] = value;
    return index;
  }

  /** REQUIRES: `index` came from `add` and was not released since. */
  get(index: number): LargeValue {
    const value = this.values[index];
    assert(value !== undefined, 'a large value that is held');
    return value;
  }

  release(index: number): void {
    this.released.push(this.get(index));
    this.values[index] = undefined;
    this.free.push(index);
  }

  /** Takes about `recordsMax` records apart of what was released; returns whether there are more. */
  drain(recordsMax: number): boolean {
    let left = recordsMax;
    while (left > 0 && this.released.length > 0) {
      const freed = this.released[0].drain(left);
      if (freed < left) this.released.shift();
      left -= freed;
    }
    return this.released.length > 0;
  }

  /** Forgets all of them at once. */
  clear(): void {
    this.values.length = this.free.length = this.released.length = 0;
  }
}
