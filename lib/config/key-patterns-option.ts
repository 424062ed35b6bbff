/** Kinds of option whose values name keys by patterns (base/glob.ts). */

import type { Kind } from './option.js';

/** What becomes of writes to one key on two sides of a cut: the later one counts, or both are kept. */
export interface ConflictRule {
  readonly keepsSiblings: boolean;
  readonly pattern: string;
}

/** Patterns, a line each. */
export function keyPatterns(): Kind<readonly string[]> {
  return {
    expects: 'patterns of keys',
    manyWords: true,
    accumulates: true,
    parse: (words) => ({ value: words, text: words.join(' ') }),
    lines: ({ value }) => linesOf(value.map((pattern) => [pattern])),
  };
}

/** `siblings` or `lww` with a pattern, a line each; the first rule that fits a key counts. */
export function conflictRules(): Kind<readonly ConflictRule[]> {
  return {
    expects: "'siblings' or 'lww', with a pattern of keys",
    manyWords: true,
    accumulates: true,
    parse(words) {
      const value: ConflictRule[] = [];
      for (let i = 0; i < words.length; i += 2) {
        const mode = words[i].toLowerCase();
        if ((mode !== 'siblings' && mode !== 'lww') || i + 1 === words.length) {
          return "argument(s) must be 'siblings' or 'lww', each with a pattern";
        }
        value.push({ keepsSiblings: mode === 'siblings', pattern: words[i + 1] });
      }
      return { value, text: value.map((rule) => wordsOf(rule).join(' ')).join(' ') };
    },
    lines: ({ value }) => linesOf(value.map(wordsOf)),
  };
}

/** An empty list has a line, too: it takes back what an included file says. */
function linesOf(lines: string[][]): string[][] {
  return lines.length === 0 ? [['']] : lines;
}

function wordsOf({ keepsSiblings, pattern }: ConflictRule): string[] {
  return [keepsSiblings ? 'siblings' : 'lww', pattern];
}
