/** Randomness of the operating system, by way of OpenSSL: fit for keys, identities and secrets. */

import { randomFillSync } from 'node:crypto';

import type { Random } from './ports.js';

/** A call into OpenSSL costs about a microsecond; one fills this many numbers. */
const POOL_WORDS = 1024;

export class NodeRandom implements Random {
  private readonly pool = new Uint32Array(POOL_WORDS);
  private next = POOL_WORDS;

  uint32(): number {
    if (this.next === POOL_WORDS) {
      randomFillSync(this.pool);
      this.next = 0;
    }
    return this.pool[this.next++];
  }

  fill(target: Uint8Array): void {
    randomFillSync(target);
  }
}
