/**
 * Data that is there all the time, several times as much as memory holds: so that the server flushes, compacts and reads from its disk while
 * it is crashed. What a key holds follows from its name, so nothing has to be remembered.
 */
import { createHash } from 'node:crypto';
import type { RespClient } from '../tools/resp-client.js';

/** Keys of it begin so. */
export const BALLAST_PREFIX = 'ballast:';
const VALUE_BYTES = 12_000;
/** Commands without an answer, at most. */
const WINDOW = 64;

export class Ballast {
  readonly keyCount: number;

  /** About so many bytes of values. */
  constructor(bytes: number) {
    this.keyCount = Math.ceil(bytes / VALUE_BYTES);
  }

  /** Writes all of it. Rejects if the server does not take it. */
  async load(client: RespClient): Promise<void> {
    for (let first = 0; first < this.keyCount; first += WINDOW) {
      const last = Math.min(first + WINDOW, this.keyCount);
      const writes = Array.from({ length: last - first }, (_, i) =>
        client.call('SET', keyOf(first + i), valueOf(first + i)),
      );
      await Promise.all(writes);
    }
  }

  /** Reads `count` of its keys, chosen at random; returns in words which are not what they should be. */
  async check(client: RespClient, count: number): Promise<string[]> {
    const problems: string[] = [];
    for (let left = Math.min(count, this.keyCount); left > 0; left -= WINDOW) {
      const chosen = Array.from({ length: Math.min(left, WINDOW) }, () => Math.floor(Math.random() * this.keyCount));
      const values = (await client.call('MGET', ...chosen.map(keyOf))) as (string | null)[];
      chosen.forEach((index, i) => {
        if (values[i] !== valueOf(index)) problems.push(`${keyOf(index)} is not what was written`);
      });
    }
    return problems;
  }
}

function keyOf(index: number): string {
  return `${BALLAST_PREFIX}${index}`;
}

/** Text that cannot be compressed much. */
function valueOf(index: number): string {
  return createHash('shake256', { outputLength: (VALUE_BYTES * 3) / 4 })
    .update(keyOf(index))
    .digest('base64');
}
