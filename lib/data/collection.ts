import type { BatchReader } from '../record/batch-reader.js';
import type { Cell, CellType } from '../record/entry.js';
import type { LargeValue } from '../storage/memory/large-values.js';

/** The value of a record in memory: its form (storage/memory/record-heap.ts) and its bytes. */
export interface BuiltValue {
  readonly form: number;
  readonly value: Buffer;
}

/** A collection in large form that is being built. */
export interface LargeAdder {
  readonly value: LargeValue;
  /** Adds the cell that `reader` stands on. REQUIRES: in the order of fields, none twice. */
  add(reader: BatchReader): void;
  /** All cells have come. */
  finish(): BuiltValue;
}

/** How the cells of one type lie in memory: what the keyspace must know of each type of collection. */
export interface Collection {
  readonly type: CellType;
  /** Elements of a record that holds cells of this type. */
  liveCount(ref: number): number;
  /** Whether a record may have marks (record/marks.ts). */
  mayHaveMarks(ref: number): boolean;
  /** Calls `visit` with every cell of a record, tombstones and removals too. */
  collect(ref: number, visit: (cell: Cell) => void): void;
  /** Makes a value that holds `cells`, all of this type. */
  build(cells: Iterable<Cell>): BuiltValue;
  /** Begins a value in large form, to which cells are added as they come: for what is too long to have all of its cells at once. */
  beginLarge(): LargeAdder;
  /** Copies the elements of a record: what is returned adds them to the key under the keyspace's cursor, which has none, and to the batch. */
  copier(ref: number): () => void;
  /**
   * Merges the change that `reader` stands on, a value or a tombstone of this type, into the record under the keyspace's cursor, which holds cells of this
   * type and is moved if need be (Keyspace.resize, Keyspace.rewrite). Adds nothing to the batch. False if it was dead, or known: nothing has changed.
   */
  apply(reader: BatchReader): boolean;
}
