import type { Consistency } from '../cluster/coordination/consistency.js';
import { parseConsistency } from '../cluster/coordination/consistency.js';
import type { Args } from '../protocol/args.js';

/** A level that says something of reads or of writes alone: another one may follow. */
const HALF = /^[RW]=/i;
const LEVELS = 'ANY, ONE, QUORUM, ALL, LINEARIZABLE, or R=n and W=n';

/** What words say, of which each goes on from the one before; the error to answer with, if they say nothing. */
export function readLevels(words: readonly string[], before: Consistency): Consistency | string {
  let chosen = before;
  for (const word of words) {
    const next = parseConsistency(word, chosen);
    if (next === undefined) return `ERR '${word.slice(0, 64)}' is no consistency level: choose ${LEVELS}`;
    chosen = next;
  }
  return chosen;
}

/** The levels that stand behind WITH: one, or R=n and W=n. */
export function levelsOfWith(args: Args): string[] {
  const first = args.text(1);
  return HALF.test(first) && args.count > 2 && HALF.test(args.text(2)) ? [first, args.text(2)] : [first];
}
