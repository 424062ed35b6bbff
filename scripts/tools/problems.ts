/** What a soak has found wrong. */

const SHOWN_MAX = 20;

/** How much it is, and the first of it: lines, each ended by a line feed. */
export function problemsText(problems: readonly string[]): string {
  const lines = [`${problems.length} problems`, ...problems.slice(0, SHOWN_MAX)];
  return lines.map((line) => `${line}\n`).join('');
}
