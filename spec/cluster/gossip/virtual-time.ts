/** Time that goes on by events alone: a heap of what is to be done, by time and then in the order in which it was asked for. */

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTime {
  nowMs = 0;
  private readonly heap: Event[] = [];
  private order = 0;

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + delayMs, order: this.order++, run };
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = event;
  }

  /** Does all that is due within `spanMs` from now. */
  run(spanMs: number): void {
    const endMs = this.nowMs + spanMs;
    while (this.heap.length > 0 && this.heap[0].atMs <= endMs) {
      const event = this.take();
      this.nowMs = event.atMs;
      event.run();
    }
    this.nowMs = endMs;
  }

  private take(): Event {
    const { heap } = this;
    const first = heap[0];
    const last = heap[heap.length - 1];
    heap.length--;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  private sink(event: Event): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], event)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}
