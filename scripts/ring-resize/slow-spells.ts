/** When requests were slow. */
import type { Sample } from '../ring-faults/open-load.js';

/** Slow requests, each of them due soon after the one before. Milliseconds since the same start as those of samples. */
export interface SlowSpell {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
  readonly slowestMs: number;
}

/** What is due so long after a slow request belongs to another spell. */
const APART_MS = 100;

/** Where requests took longer than `boundMs`, or failed: from the first to the last. */
export function slowSpells(samples: readonly Sample[], boundMs: number): SlowSpell[] {
  const slow = samples.filter(({ tookMs, error }) => tookMs > boundMs || error !== undefined);
  const spells: SlowSpell[] = [];
  for (const { dueMs, tookMs } of slow.sort((a, b) => a.dueMs - b.dueMs)) {
    const last = spells.at(-1);
    if (last === undefined || dueMs - last.toMs >= APART_MS)
      spells.push({ fromMs: dueMs, toMs: dueMs, count: 1, slowestMs: tookMs });
    else
      spells[spells.length - 1] = {
        fromMs: last.fromMs,
        toMs: dueMs,
        count: last.count + 1,
        slowestMs: Math.max(last.slowestMs, tookMs),
      };
  }
  return spells;
}

/** In a line: when they began, counted from `sinceMs`, how many requests were slow, and how slow. */
export function spellsText(spells: readonly SlowSpell[], sinceMs: number): string {
  const words = spells.map(({ fromMs, count, slowestMs }) => {
    const seconds = ((fromMs - sinceMs) / 1000).toFixed(2);
    return `${count} at ${seconds} s (up to ${slowestMs.toFixed(0)} ms)`;
  });
  return words.length === 0 ? 'none' : words.join(', ');
}
