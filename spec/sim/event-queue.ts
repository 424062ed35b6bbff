/**
 * What is to happen in a World: a heap ordered by (virtual time, tie, sequence).
 *
 * The tie is drawn from the seed, so that what falls on one microsecond happens in an order that another seed may change;
 * `FIRST` stands before all draws.
 */

/** Before everything else of that microsecond. */
export const FIRST = -1;

/** Whose event it is: nothing happens to the dead, and the stopped wait. */
export interface EventOwner {
  readonly number: number;
  readonly name: string;
  readonly isDead: boolean;
  readonly isStopped: boolean;
  /** Takes an event that came while it is stopped. */
  keep(event: SimEvent): void;
}

export interface SimEvent {
  atUs: number;
  tie: number;
  sequence: number;
  readonly owner: EventOwner | undefined;
  /** For the trace. */
  readonly what: string;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

export class EventQueue {
  private readonly heap: SimEvent[] = [];

  get size(): number {
    return this.heap.length;
  }

  push(event: SimEvent): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  pop(): SimEvent | undefined {
    const { heap } = this;
    const first = heap.at(0);
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.atUs !== b.atUs) return a.atUs < b.atUs;
  return a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
}
