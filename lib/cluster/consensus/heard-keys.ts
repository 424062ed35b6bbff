import { SLOT_COUNT } from '../../base/position.js';

/** Beyond so many no more is noted. */
const KEYS_MAX = 100_000;
/** A key is remembered for so long, and for twice as long at most. */
const AGE_MS = 5 * 60_000;

/**
 * Keys of which this node knows from others alone that consensus decides about them. Nobody tells who is no acceptor of a key when that is forgotten (forgetting.ts), so they are forgotten here after a while:
 * of a key that consensus still decides about this node hears again, as soon as it writes it plainly, or reads it.
 */
export class HeardKeys {
  private readonly slotOfName: (name: string) => number;
  private young = new Set<string>();
  private old = new Set<string>();
  /** Of each slot, how many keys there are. */
  private readonly counts = new Uint32Array(SLOT_COUNT);
  private agedMs: number;

  constructor(slotOfName: (name: string) => number, nowMs: number) {
    this.slotOfName = slotOfName;
    this.agedMs = nowMs;
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  hasSlot(slot: number): boolean {
    return this.counts[slot] > 0;
  }

  has(name: string): boolean {
    return this.young.has(name) || this.old.has(name);
  }

  /** Returns whether that is news. */
  add(name: string): boolean {
    if (this.old.delete(name)) {
      this.young.add(name);
      return false;
    }
    if (this.young.has(name) || this.size >= KEYS_MAX) return false;
    this.young.add(name);
    this.counts[this.slotOfName(name)]++;
    return true;
  }

  delete(name: string): void {
    if (this.young.delete(name) || this.old.delete(name)) this.counts[this.slotOfName(name)]--;
  }

  /** Forgets what it has heard long ago. Called some times a second. */
  tick(nowMs: number): void {
    if (nowMs - this.agedMs < AGE_MS) return;
    this.agedMs = nowMs;
    for (const name of this.old) this.counts[this.slotOfName(name)]--;
    this.old = this.young;
    this.young = new Set();
  }
}
