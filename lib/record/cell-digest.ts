/**
 * The digest of an entry: two sums of 32 bits over hashes of its parts, in no order. Copies of a key whose digests are equal are equal; to find out costs no more than
 * two numbers, and changing a cell changes the digest by what the cell was and what it is.
 *
 *     digest  = sum of part hashes, in two lanes
 *     part    = cell      type, tombstone or not, field, pair, the cell's own expiry      (its value goes with the pair)
 *             | removals  the same, and which elements of a list they are                 (unions have the pair of the youngest)
 *             | deletedUpTo | expiry                                                       (none where there is none, or where the only value of a string says it)
 *
 * Fields are hashed under the position key, as positions are: who does not know that cannot choose what collides.
 */

import type { PositionHasher } from '../base/position.js';
import type { Expiry } from './entry.js';
import type { Pair } from './pair.js';

const HIGH_SEED = 0x3c6ef372;
const LOW_SEED = 0x1b873593;
/** In place of a type. */
const DELETED = 0;
const EXPIRY = 15;
const TOMBSTONE = 16;
const TYPE_BITS = 8;

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

export class CellDigest {
  /** The two sums: signed words. */
  high = 0;
  low = 0;
  private readonly hasher: PositionHasher;
  // Of the part that is being hashed.
  private partHigh = 0;
  private partLow = 0;

  /** `hasher` is one of fields, that nobody else needs to keep what it has computed. */
  constructor(hasher: PositionHasher) {
    this.hasher = hasher;
  }

  clear(): void {
    this.high = this.low = 0;
  }

  /** Adds a cell, with `sign` 1, or takes it away, with -1. `expiresAtMs` of a tombstone is 0. */
  cell(
    sign: 1 | -1,
    type: number,
    field: Uint8Array,
    start: number,
    end: number,
    isTombstone: boolean,
    stamp: number,
    origin: number,
    expiresAtMs: number,
  ): void {
    this.begin(isTombstone ? type | TOMBSTONE : type, stamp, origin);
    this.bytes(field, start, end);
    if (expiresAtMs !== 0) this.double(expiresAtMs);
    this.add(sign);
  }

  /** Adds a cell of removals. */
  removals(type: number, field: Uint8Array, value: Uint8Array, { stamp, origin }: Pair): void {
    this.begin(type, stamp, origin);
    this.bytes(field, 0, field.length);
    this.bytes(value, 0, value.length);
    this.add(1);
  }

  /** Adds what an entry says besides its cells. */
  registers(deletedUpTo: Pair, expiry: Expiry): void {
    if (deletedUpTo.stamp !== 0 || deletedUpTo.origin !== 0) {
      this.begin(DELETED, deletedUpTo.stamp, deletedUpTo.origin);
      this.add(1);
    }
    if (expiry.pair.stamp === 0 && expiry.pair.origin === 0) return;
    this.begin(EXPIRY, expiry.pair.stamp, expiry.pair.origin);
    this.double(expiry.atMs);
    this.add(1);
  }

  /** Adds parts of another digest. */
  addAll({ high, low }: Pick<CellDigest, 'high' | 'low'>): void {
    this.high = (this.high + high) | 0;
    this.low = (this.low + low) | 0;
  }

  /** Takes them away. */
  takeAll({ high, low }: Pick<CellDigest, 'high' | 'low'>): void {
    this.high = (this.high - high) | 0;
    this.low = (this.low - low) | 0;
  }

  private begin(kind: number, stamp: number, origin: number): void {
    this.partHigh = HIGH_SEED;
    this.partLow = LOW_SEED;
    this.word(kind | (origin << TYPE_BITS));
    this.double(stamp);
  }

  private bytes(bytes: Uint8Array, start: number, end: number): void {
    const { hasher } = this;
    hasher.hash(bytes, start, end);
    this.word(hasher.low);
    this.word(hasher.high);
  }

  private double(value: number): void {
    double[0] = value;
    this.word(words[0]);
    this.word(words[1]);
  }

  private word(word: number): void {
    this.partHigh = mix(this.partHigh, word);
    this.partLow = mix(this.partLow, word);
  }

  private add(sign: 1 | -1): void {
    this.high = (this.high + sign * this.partHigh) | 0;
    this.low = (this.low + sign * this.partLow) | 0;
  }
}

/** The rounds of MurmurHash3's finaliser, over a hash and one word more. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed + 0x9e3779b9, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
