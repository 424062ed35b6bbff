/** Where cells expire by themselves. */
export interface CellDeadline {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** The id of the database. */
  readonly db: number;
  /** The position of the key. */
  readonly position: number;
}

/**
 * When to look at which key for cells that have expired: a binary heap, the earliest deadline at its root. A key may be in it several times, or be
 * gone by then.
 */
export class CellExpiries {
  private readonly heap: CellDeadline[] = [];

  get count(): number {
    return this.heap.length;
  }

  add(atMs: number, db: number, position: number): void {
    const { heap } = this;
    const added = { atMs, db, position };
    let i = heap.push(added) - 1;
    while (i > 0) {
      const parent = (i - 1) >>> 1;
      if (heap[parent].atMs <= atMs) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = added;
  }

  /** Takes the earliest that is at or before `nowMs`; `undefined` if there is none. */
  takeDue(nowMs: number): CellDeadline | undefined {
    const { heap } = this;
    if (heap.length === 0 || heap[0].atMs > nowMs) return undefined;
    const [root] = heap;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return root;
  }

  clear(): void {
    this.heap.length = 0;
  }

  /** Puts `sunk` in the place of the root, and then where it belongs. */
  private sink(sunk: CellDeadline): void {
    const { heap } = this;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].atMs < heap[child].atMs) child++;
      if (heap[child].atMs >= sunk.atMs) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = sunk;
  }
}
