/** Who waits until replicas have what this node has sent them, or it is known that they will not say so. */
export class Arrivals {
  private waiting: { readonly isAwaited: () => boolean; readonly then: () => void }[] = [];

  /** Calls `then` once, when `isAwaited` is true no more at a call of `tell`. */
  add(isAwaited: () => boolean, then: () => void): void {
    this.waiting.push({ isAwaited, then });
  }

  /** Something may have arrived, or was given up. */
  tell(): void {
    if (this.waiting.length === 0) return;
    const over = this.waiting.filter(({ isAwaited }) => !isAwaited());
    if (over.length === 0) return;
    this.waiting = this.waiting.filter((one) => !over.includes(one));
    for (const { then } of over) then();
  }
}
