/** What is to be done when it is known that what has caused it has happened. */
export type Effect = () => void;

/** Effects of one kind on one thing, which add up. */
interface Sum {
  times: number;
  amount: number;
}

/**
 * Effects outside of the data (messages, lines of the log, what MONITOR shows, what is counted of calls) of what may not have happened after all: whoever has such effects asks here first whether they are
 * kept back.
 */
export class KeptEffects {
  /** Defined while effects are kept back. */
  private kept: Effect[] | undefined;
  /** Of these, those that add up: by what they are had on, and their kind. */
  private sums = new Map<object, Map<string, Sum>>();

  /** Has something done that may not have happened after all: its effects are returned, and it has none. REQUIRES: it keeps nothing back itself. */
  keepBack(work: () => void): readonly Effect[] {
    const kept: Effect[] = [];
    this.sums = new Map();
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

  /** The same for an effect that may come again and again, as calls of a script do by the million: it is had once, with how often it came and the sum of `amount`. REQUIRES: isKeeping. */
  addUp(on: object, kind: string, amount: number, effect: (times: number, amount: number) => void): void {
    const kinds = this.sums.get(on) ?? new Map<string, Sum>();
    this.sums.set(on, kinds);
    const sum = kinds.get(kind);
    if (sum !== undefined) {
      sum.times++;
      sum.amount += amount;
      return;
    }
    const begun = { times: 1, amount };
    kinds.set(kind, begun);
    this.add(() => {
      effect(begun.times, begun.amount);
    });
  }
}
