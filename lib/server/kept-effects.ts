/** What is to be done when it is known that what has caused it has happened. */
export type Effect = () => void;

/**
 * Effects outside of the data (messages, lines of the log, what MONITOR shows, what is counted of calls) of what may not have happened after all: whoever has such effects asks here first whether they are
 * kept back.
 */
export class KeptEffects {
  /** Defined while effects are kept back. */
  private kept: Effect[] | undefined;
  /** How often effects were kept back: those of one time are had together, or not at all. */
  round = 0;

  /** Has something done that may not have happened after all: its effects are returned, and it has none. REQUIRES: it keeps nothing back itself. */
  keepBack(work: () => void): readonly Effect[] {
    const kept: Effect[] = [];
    this.round++;
    this.kept = kept;
    try {
      work();
    } finally {
      this.kept = undefined;
    }
    return kept;
  }

  get isKeeping(): boolean {
    return this.kept !== undefined;
  }

  /** REQUIRES: isKeeping. */
  add(effect: Effect): void {
    this.kept?.push(effect);
  }
}
