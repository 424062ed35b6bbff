/** What was measured against what was to be reached. */
import { left, right, textTable } from './text-table.js';

/** A figure and its bound, both worded for people. */
export interface Finding {
  readonly what: string;
  readonly measured: string;
  /** Empty if there is none. */
  readonly bound: string;
  /** Whether it is met; true if there is none. */
  readonly isMet: boolean;
}

/** A figure that must be at most `max`. */
export function atMost(what: string, value: number, max: number, word: (value: number) => string): Finding {
  return { what, measured: word(value), bound: `<= ${word(max)}`, isMet: value <= max };
}

/** A figure that must be at least `min`. */
export function atLeast(what: string, value: number, min: number, word: (value: number) => string): Finding {
  return { what, measured: word(value), bound: `>= ${word(min)}`, isMet: value >= min };
}

/** A figure that nothing is asked of. */
export function noted(what: string, measured: string): Finding {
  return { what, measured, bound: '', isMet: true };
}

export function findingsTable(findings: readonly Finding[]): string {
  return textTable(
    [left('figure'), right('measured'), right('bound'), left('')],
    findings.map(({ what, measured, bound, isMet }) => [what, measured, bound, verdict(bound, isMet)]),
  );
}

function verdict(bound: string, isMet: boolean): string {
  if (bound === '') return '';
  return isMet ? 'PASS' : 'FAIL';
}
