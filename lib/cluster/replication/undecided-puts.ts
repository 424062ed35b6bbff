interface UndecidedPut {
  readonly slot: number;
  readonly sinceMs: number;
}

/** Puts that replicas have refused, and that consensus has yet to put. There are few: a key is decided about for the first time once. */
export class UndecidedPuts {
  private readonly puts = new Set<UndecidedPut>();

  /** Returns what is to be called when it is decided. */
  add(slot: number, sinceMs: number): () => void {
    const put = { slot, sinceMs };
    this.puts.add(put);
    return () => {
      this.puts.delete(put);
    };
  }

  /** Whether there is one of a key of this slot. */
  has(slot: number): boolean {
    for (const put of this.puts) if (put.slot === slot) return true;
    return false;
  }

  /** Of those from before `beforeMs` nobody will say anything any more. */
  forget(beforeMs: number): void {
    for (const put of this.puts) if (put.sinceMs < beforeMs) this.puts.delete(put);
  }
}
