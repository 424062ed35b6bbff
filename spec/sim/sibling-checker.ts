/** Were versions of a key lost before somebody who had seen them wrote, or did some come back? */

/** One VSET or VDEL of a key. */
export interface VersionWrite {
  /** What was written, each value once; `undefined`: VDEL. */
  readonly value: string | undefined;
  /** The siblings that were shown with its context. */
  readonly seen: readonly string[];
  readonly outcome: 'ok' | 'failed' | 'unknown';
}

/**
 * What is wrong with the siblings of a key that are left at the end, a line each.
 *
 *  1. What was acknowledged is there, unless a write has seen it that was done, or may have been.
 *  2. What an acknowledged write has seen is not there any more.
 *  3. What is there was written, and once.
 */
export function checkSiblings(key: string, writes: readonly VersionWrite[], left: readonly string[]): string[] {
  const problems: string[] = [];
  const begun = writes.filter(({ outcome }) => outcome !== 'failed');
  const done = writes.filter(({ outcome }) => outcome === 'ok');
  const written = new Set(begun.map(({ value }) => value));
  const maybeSeen = new Set(begun.flatMap(({ seen }) => seen));
  const surelySeen = new Set(done.flatMap(({ seen }) => seen));
  const there = new Set(left);
  if (there.size < left.length) problems.push(`${key} has a sibling twice: ${left.join(' ')}`);
  for (const value of there) {
    if (!written.has(value)) problems.push(`${key} has ${value}, which nobody has written`);
    if (surelySeen.has(value)) problems.push(`${key} has ${value}, which was superseded`);
  }
  for (const { value } of done) {
    if (value === undefined || there.has(value) || maybeSeen.has(value)) continue;
    problems.push(`${key} has lost ${value}: it was acknowledged, and nobody who has written since had seen it`);
  }
  return problems;
}
