import { siblingsOf } from '../record/composed-string.js';
import type { Cell } from '../record/entry.js';
import { CellType } from '../record/entry.js';
import type { Dot } from '../record/seen.js';
import { VersionVector, dotOf, isSeenCell, seenCell, siblingCell } from '../record/seen.js';
import { composedChange } from './composed-strings.js';
import type { Keyspace } from './keyspace.js';
import { KEEP_EXPIRY, NEVER } from './record-cursor.js';

interface Sibling {
  readonly dot: Dot;
  readonly value: Buffer;
}

/** What is known of a key: the siblings that live, youngest first, and what they and those before them have superseded. */
interface Versions {
  readonly siblings: readonly Sibling[];
  readonly seen: VersionVector;
}

const EMPTY = Buffer.alloc(0);
/** In place of an incarnation: a string that is not versioned. */
const PLAIN = 0;
const NOTHING: Versions = { siblings: [], seen: new VersionVector() };

/**
 * The versioned string under the keyspace's cursor (record/seen.ts): a write supersedes what its context covers, and nothing else. A string of another kind is one
 * sibling, and becomes one with the first write that does not supersede it.
 */
export class SiblingStrings {
  /** More than so many are not made. */
  siblingsMax = 32;
  private readonly keyspace: Keyspace;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** The siblings of the string at `ref`, youngest first. Copies them. */
  values(ref: number): Buffer[] {
    return this.versions(ref).siblings.map(({ value }) => value);
  }

  /** All that is known of the string at `ref` (0: of the key under the cursor, where nothing is): what a write has to cover to supersede it. */
  context(ref: number): VersionVector {
    const { siblings, seen } = this.versions(ref);
    const context = new VersionVector();
    context.addAll(seen);
    for (const { dot } of siblings) context.add(dot);
    return context;
  }

  /**
   * Writes a sibling to the string at `ref` (0: there is none) in place of those that `context` covers. `expiry`: as `Keyspace.put` takes it, of all siblings. False if there
   * would be too many: then nothing was done. REQUIRES: `value` does not lie in a record.
   */
  put(ref: number, context: VersionVector, value: Buffer, expiry: number): boolean {
    const { keyspace } = this;
    const before = this.versions(ref);
    const kept = before.siblings.filter(({ dot }) => !context.covers(dot));
    if (kept.length + 1 > Math.max(this.siblingsMax, before.siblings.length)) return false;
    const register = keyspace.composedExpiry(expiry, this.isVersioned(ref));
    this.write(before, context, kept, value, register);
    return true;
  }

  /** Supersedes what `context` covers. Returns how many siblings that was. */
  remove(ref: number, context: VersionVector): number {
    const { keyspace } = this;
    const before = this.versions(ref);
    const kept = before.siblings.filter(({ dot }) => !context.covers(dot));
    const count = before.siblings.length - kept.length;
    // What it covers may yet come, where others have the data.
    const isNews = keyspace.isReplicated && (ref === 0 || this.isVersioned(ref)) && !before.seen.coversAll(context);
    if (count === 0 && !isNews) return 0;
    const expiry = keyspace.composedExpiry(kept.length === 0 ? NEVER : KEEP_EXPIRY, this.isVersioned(ref));
    this.write(before, context, kept, undefined, expiry);
    return count;
  }

  /** Copies the siblings of a versioned string: what is returned writes them to the key under the cursor, which is not there. */
  copier(ref: number): () => void {
    const { siblings } = this.versions(ref);
    return () => {
      const { keyspace } = this;
      const first = keyspace.beginComposing();
      let stamp = first;
      const cells = siblings.toReversed().map(({ value }, i) => {
        if (i > 0) stamp = keyspace.clock.next();
        return siblingCell(value, this.dotAt(stamp));
      });
      const expiry = keyspace.composedExpiry(NEVER, true);
      keyspace.compose(first, composedChange(cells, { stamp, origin: keyspace.origin }, expiry));
    };
  }

  private write(
    { seen }: Versions,
    context: VersionVector,
    kept: readonly Sibling[],
    value: Buffer | undefined,
    expiry: number | undefined,
  ): void {
    const { keyspace } = this;
    const { clock } = keyspace;
    for (const { stamp } of context.dots()) clock.observe(stamp);
    const vector = new VersionVector();
    vector.addAll(seen);
    vector.addAll(context);
    let stamp = keyspace.beginComposing();
    const first = stamp;
    const cells: Cell[] = [];
    for (const { dot, value: own } of kept) {
      // What was a plain string gets a dot of its own: what it had goes with its type.
      if (dot.incarnation !== PLAIN) cells.push(siblingCell(own, dot));
      else {
        cells.push(siblingCell(own, this.dotAt(stamp)));
        stamp = clock.next();
      }
    }
    const pair = { stamp, origin: keyspace.origin };
    if (value !== undefined) cells.push(siblingCell(value, this.dotAt(stamp)));
    if (value === undefined || !vector.isEmpty) cells.push(seenCell(vector, pair));
    keyspace.compose(first, composedChange(cells, pair, expiry));
  }

  private dotAt(stamp: number): Dot {
    const { origin, incarnation } = this.keyspace;
    return { stamp, origin, incarnation };
  }

  private isVersioned(ref: number): boolean {
    return ref !== 0 && this.keyspace.heap.type(ref) === CellType.VERSIONED;
  }

  private versions(ref: number): Versions {
    const { keyspace } = this;
    const { heap } = keyspace;
    const place = ref === 0 ? keyspace.cellsAt(CellType.VERSIONED) : ref;
    if (place === 0) return NOTHING;
    if (heap.type(place) !== CellType.VERSIONED) return { siblings: [this.plain(place)], seen: new VersionVector() };
    const { cells } = keyspace.entryOf(place);
    const seen = new VersionVector();
    for (const cell of cells.values()) {
      if (isSeenCell(cell) && cell.value !== undefined) seen.addEncoded(cell.value, 0, cell.value.length);
    }
    const siblings = siblingsOf(cells).map(({ field, value = EMPTY }) => ({
      dot: dotOf(field, 0, field.length),
      value,
    }));
    return { siblings, seen };
  }

  /** A string that is not versioned, as a sibling. */
  private plain(ref: number): Sibling {
    const { heap } = this.keyspace;
    const start = heap.valueStart(ref);
    const value = Buffer.from(heap.bytes(ref).subarray(start, start + heap.valueLength(ref)));
    return { dot: { stamp: heap.stamp(ref), origin: heap.origin(ref), incarnation: PLAIN }, value };
  }
}
