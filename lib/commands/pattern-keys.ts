/** Keys that SORT finds by patterns: `weight_*`, `object_*->name`, and `#` for the element itself. */

import { COLD_KEY } from '../data/cold-data.js';
import { CellType, isStringType } from '../record/entry.js';
import type { Call } from './call.js';
import { stringView } from './lookup.js';

const STAR = 0x2a;
const ARROW = '->';
const ITSELF = '#';

/** Where the value that belongs to an element is: a string, or a field of a hash. */
export class KeyPattern {
  private readonly before: Buffer;
  private readonly after: Buffer;
  private readonly field: Buffer | undefined;
  /** It stands for the element. */
  private readonly isItself: boolean;
  /** Whether the key depends on the element at all. */
  readonly isVariable: boolean;

  constructor(pattern: Buffer) {
    const star = pattern.indexOf(STAR);
    const rest = pattern.subarray(star + 1);
    const arrow = rest.indexOf(ARROW);
    const hasField = arrow !== -1 && arrow + ARROW.length < rest.length;
    this.isItself = pattern.equals(Buffer.from(ITSELF));
    this.isVariable = star !== -1;
    this.before = pattern.subarray(0, Math.max(star, 0));
    this.after = hasField ? rest.subarray(0, arrow) : rest;
    this.field = hasField ? rest.subarray(arrow + ARROW.length) : undefined;
  }

  /**
   * The value for an element, undefined if there is none. A key that is on disk is read at once, for the sort could not go on without it: throws
   * CorruptionError and DiskError.
   */
  valueFor(call: Call, element: Buffer): Buffer | undefined {
    if (this.isItself) return element;
    if (!this.isVariable) return undefined;
    const { keyspace } = call;
    const ref = readNow(call, Buffer.concat([this.before, element, this.after]));
    if (ref === 0) return undefined;
    const type = keyspace.heap.type(ref);
    if (this.field === undefined) return isStringType(type) ? Buffer.from(stringView(call, ref)) : undefined;
    if (type !== CellType.HASH) return undefined;
    const { hashes } = keyspace;
    hashes.use();
    if (!hashes.find(this.field, 0, this.field.length)) return undefined;
    return Buffer.from(hashes.bytes.subarray(hashes.valueStart, hashes.valueEnd));
  }
}

/** Puts the keyspace's cursor on a key, for a read; waits for the disk if need be. Returns its record; 0 if there is none. */
function readNow(call: Call, key: Buffer): number {
  const { keyspace, db, client } = call;
  try {
    return keyspace.read(db, key, 0, key.length, client.noTouch);
  } catch (error) {
    if (error !== COLD_KEY) throw error;
  }
  const { cold, hasher } = keyspace;
  hasher.hash(key, 0, key.length);
  cold.loadNow(db.id, key, hasher.high, hasher.low, (entry) => {
    keyspace.absorb(db, key, entry);
  });
  return keyspace.read(db, key, 0, key.length, client.noTouch);
}
