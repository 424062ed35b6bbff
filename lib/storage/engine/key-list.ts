import type { TableMeta } from '../sstable/table-meta.js';
import type { TableCursorOptions } from './table-cursor.js';
import { TableCursor } from './table-cursor.js';

/** The keys of which `runs` say anything, live or dead, from position `start` on and before `end`: each once, as byte text. Rejects as TableCursor does. */
export async function keysBetween(
  runs: readonly (readonly TableMeta[])[],
  start: number,
  end: number,
  options: Omit<TableCursorOptions, 'run'>,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const all of runs) {
    const run = all.filter(({ smallest, largest }) => largest >= start && smallest < end);
    if (run.length === 0) continue;
    const cursor = new TableCursor({ ...options, run });
    await cursor.seek(start);
    while (!cursor.isAtEnd && cursor.position < end) {
      const { block, index } = cursor;
      const key = block.keyOf(index);
      keys.add(block.bytes.toString('latin1', key.start, key.end));
      while (cursor.hasMore) await cursor.advance();
      await cursor.advance();
    }
  }
  return keys;
}
