/** Calls once: `hasArrived`, or it was waited for too long. */
export type OnArrival = (hasArrived: boolean) => void;

/** Who waits until replicas have what this node has sent them, or it is known that they will not say so. */
export class Arrivals {
  private waiting: { readonly isAwaited: () => boolean; readonly sinceMs: number; readonly then: OnArrival }[] = [];

  /** Calls `then` when `isAwaited` is true no more at a call of `tell`, or it has waited for too long then. */
  add(isAwaited: () => boolean, sinceMs: number, then: OnArrival): void {
    this.waiting.push({ isAwaited, sinceMs, then });
  }

  /** Something may have arrived, or was given up; and nobody waits any more since before `beforeMs`. */
  tell(beforeMs = -Infinity): void {
    if (this.waiting.length === 0) return;
    const arrived = this.waiting.filter(({ isAwaited }) => !isAwaited());
    const late = this.waiting.filter((one) => one.sinceMs < beforeMs && !arrived.includes(one));
    if (arrived.length + late.length === 0) return;
    this.waiting = this.waiting.filter((one) => !arrived.includes(one) && !late.includes(one));
    for (const { then } of arrived) then(true);
    for (const { then } of late) then(false);
  }
}
