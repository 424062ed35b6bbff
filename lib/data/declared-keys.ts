import { globMatches } from '../base/glob.js';
import type { ConflictRule } from '../config/key-patterns-option.js';

/** Which keys the configuration says something of (`conflicts`, `counters`), by patterns in byte text. */
export class DeclaredKeys {
  /** No key is declared to be anything. */
  isEmpty = true;
  private counters: readonly Buffer[] = [];
  private conflicts: readonly { readonly keepsSiblings: boolean; readonly pattern: Buffer }[] = [];

  /** Keys are declared like this from now on. */
  declare(counters: readonly string[], conflicts: readonly ConflictRule[]): void {
    this.counters = counters.map(bytesOf);
    this.conflicts = conflicts.map(({ keepsSiblings, pattern }) => ({ keepsSiblings, pattern: bytesOf(pattern) }));
    this.isEmpty = counters.length === 0 && !conflicts.some(({ keepsSiblings }) => keepsSiblings);
  }

  /** Whether whole numbers at a key are counted by each node on its own. */
  isCounter(key: Uint8Array, start: number, end: number): boolean {
    if (this.isEmpty) return false;
    return this.counters.some((pattern) => globMatches(pattern, 0, pattern.length, key, start, end));
  }

  /** Whether strings at a key are versioned: the first rule that fits the key says. */
  keepsSiblings(key: Uint8Array, start: number, end: number): boolean {
    if (this.isEmpty) return false;
    for (const { keepsSiblings, pattern } of this.conflicts) {
      if (globMatches(pattern, 0, pattern.length, key, start, end)) return keepsSiblings;
    }
    return false;
  }
}

/** Of byte text. */
function bytesOf(pattern: string): Buffer {
  return Buffer.from(pattern, 'latin1');
}
