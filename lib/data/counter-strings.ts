import { COUNTER_BASE, counterCell, counterField, counterPart } from '../record/composed-string.js';
import { CellType } from '../record/entry.js';
import { pairBefore } from '../record/pair.js';
import { composedChange } from './composed-strings.js';
import type { Keyspace } from './keyspace.js';
import { KEEP_EXPIRY, NEVER } from './record-cursor.js';

/**
 * The counter under the keyspace's cursor (record/composed-string.ts): what is added on two sides of a cut adds up. A delete, or a SET, takes away what
 * it knows: what a node has counted comes back if that node goes on counting meanwhile, on the other side.
 */
export class CounterStrings {
  private readonly keyspace: Keyspace;
  private ownField: Buffer | undefined;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** Adds to the string at `ref`, under the cursor, which is a counter or becomes one. REQUIRES: it shows `before`; 0 if there is none. */
  add(ref: number, before: bigint, increment: bigint): void {
    const { keyspace } = this;
    const field = (this.ownField ??= counterField(keyspace.origin, keyspace.incarnation));
    const { heap } = keyspace;
    const cells = ref !== 0 && heap.type(ref) === CellType.COUNTER ? keyspace.entryOf(ref).cells : undefined;
    const expiry = keyspace.composedExpiry(KEEP_EXPIRY, cells !== undefined);
    const stamp = keyspace.beginComposing();
    const pair = { stamp, origin: keyspace.origin };
    const own = cells === undefined ? 0n : counterPart(cells, field);
    const change = [counterCell(field, own + increment, pair)];
    // A plain string was there: it is what the counter begins with.
    if (cells === undefined && ref !== 0) change.push(counterCell(COUNTER_BASE, before, pair));
    keyspace.compose(stamp, composedChange(change, pair, expiry));
  }

  /** Sets the key under the cursor to a counter that shows `value`, in place of whatever is there. `expiry`: as `Keyspace.put` takes it. */
  set(value: bigint, expiry: number): void {
    const { keyspace } = this;
    const stamp = keyspace.beginComposing();
    const pair = { stamp, origin: keyspace.origin };
    const change = composedChange(
      [counterCell(COUNTER_BASE, value, pair)],
      pair,
      expiry === NEVER ? undefined : expiry,
    );
    keyspace.compose(stamp, { ...change, deletedUpTo: pairBefore(pair) });
  }
}
