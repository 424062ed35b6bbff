/**
 * The nodes of an order tree, as they lie in the slab. A node is a list of entries in columns.
 *
 *     leaf    count, next leaf, previous leaf, - : 32 bits each | scores : f64 | refs : 32 bits              512 bytes, 41 entries
 *     inner   count, -, -, -                     : 32 bits each | scores : f64 | refs | children | members   2048 bytes, 101 entries
 *
 * An entry of a leaf is a member of the sorted set; one of an inner node is a child, with the score and the ref of the first member under it and how
 * many there are.
 */

import type { Slab } from './slab.js';

const HEADER_WORDS = 4;
/** Where scores begin, in doubles. */
const SCORES = 2;

/** How many entries a kind of node has room for, and where its columns are, in words from its begin. */
export interface NodeLayout {
  readonly bytes: number;
  readonly capacity: number;
  readonly refs: number;
  /** One for each of the columns of 32 bits, refs first. */
  readonly columns: readonly number[];
}

function layoutOf(bytes: number, columnCount: number): NodeLayout {
  const capacity = Math.floor((bytes / 4 - HEADER_WORDS) / (2 + columnCount));
  const refs = HEADER_WORDS + 2 * capacity;
  return { bytes, capacity, refs, columns: Array.from({ length: columnCount }, (_, i) => refs + i * capacity) };
}

export const LEAF = layoutOf(512, 1);
export const INNER = layoutOf(2048, 3);

const NEXT = 1;
const PREVIOUS = 2;
const CHILDREN = INNER.columns[1];
const MEMBERS = INNER.columns[2];

export class OrderNodes {
  /** Bytes of all nodes. */
  usedBytes = 0;
  private readonly slab: Slab;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  /** A node without entries and neighbours. */
  allocate(layout: NodeLayout): number {
    const node = this.slab.allocate(layout.bytes);
    this.usedBytes += layout.bytes;
    const at = this.at(node);
    this.slab.words(node).fill(0, at, at + HEADER_WORDS);
    return node;
  }

  free(node: number, layout: NodeLayout): void {
    this.slab.free(node);
    this.usedBytes -= layout.bytes;
  }

  /** The words that all but scores lie in, at `at(node)`. */
  words(node: number): Int32Array {
    return this.slab.words(node);
  }

  at(node: number): number {
    return this.slab.offset(node) >>> 2;
  }

  /** The doubles that scores lie in, at `scoresAt(node)`. */
  doubles(node: number): Float64Array {
    return this.slab.doubles(node);
  }

  scoresAt(node: number): number {
    return (this.slab.offset(node) >>> 3) + SCORES;
  }

  count(node: number): number {
    return this.slab.words(node)[this.at(node)];
  }

  setCount(node: number, count: number): void {
    this.slab.words(node)[this.at(node)] = count;
  }

  score(node: number, index: number): number {
    return this.slab.doubles(node)[this.scoresAt(node) + index];
  }

  ref(node: number, index: number, layout: NodeLayout): number {
    return this.slab.words(node)[this.at(node) + layout.refs + index];
  }

  setEntry(node: number, index: number, layout: NodeLayout, score: number, ref: number): void {
    this.slab.doubles(node)[this.scoresAt(node) + index] = score;
    this.slab.words(node)[this.at(node) + layout.refs + index] = ref;
  }

  /** The leaf behind a leaf; 0 behind the last. */
  next(leaf: number): number {
    return this.slab.words(leaf)[this.at(leaf) + NEXT];
  }

  /** The leaf in front of a leaf; 0 in front of the first. */
  previous(leaf: number): number {
    return this.slab.words(leaf)[this.at(leaf) + PREVIOUS];
  }

  /** Makes two leaves neighbours; each may be 0. */
  link(left: number, right: number): void {
    if (left !== 0) this.slab.words(left)[this.at(left) + NEXT] = right;
    if (right !== 0) this.slab.words(right)[this.at(right) + PREVIOUS] = left;
  }

  child(inner: number, index: number): number {
    return this.slab.words(inner)[this.at(inner) + CHILDREN + index];
  }

  /** How many members lie under a child. */
  members(inner: number, index: number): number {
    return this.slab.words(inner)[this.at(inner) + MEMBERS + index];
  }

  addMembers(inner: number, index: number, by: number): void {
    this.slab.words(inner)[this.at(inner) + MEMBERS + index] += by;
  }

  setChild(inner: number, index: number, child: number, members: number): void {
    const words = this.slab.words(inner);
    const at = this.at(inner) + index;
    words[at + CHILDREN] = child;
    words[at + MEMBERS] = members;
  }

  /** Members under the first `count` children. */
  membersBefore(inner: number, count: number): number {
    const words = this.slab.words(inner);
    const first = this.at(inner) + MEMBERS;
    let members = 0;
    for (let i = first; i < first + count; i++) members += words[i];
    return members;
  }

  /** Moves the entries from `from` on by one, so that there is room for another one. REQUIRES: the node is not full. */
  open(node: number, from: number, layout: NodeLayout): void {
    const count = this.count(node);
    this.copy(node, from, node, from + 1, count - from, layout);
    this.setCount(node, count + 1);
  }

  /** Takes an entry out. */
  close(node: number, index: number, layout: NodeLayout): void {
    const count = this.count(node);
    this.copy(node, index + 1, node, index, count - index - 1, layout);
    this.setCount(node, count - 1);
  }

  /** Of two neighbours, moves entries across until the left one has `leftCount`. */
  balance(left: number, right: number, leftCount: number, layout: NodeLayout): void {
    const had = this.count(left);
    const rightCount = this.count(right);
    const moved = leftCount - had;
    if (moved > 0) {
      this.copy(right, 0, left, had, moved, layout);
      this.copy(right, moved, right, 0, rightCount - moved, layout);
    } else {
      this.copy(right, 0, right, -moved, rightCount, layout);
      this.copy(left, leftCount, right, 0, -moved, layout);
    }
    this.setCount(left, leftCount);
    this.setCount(right, rightCount - moved);
  }

  /** Copies entries, within a node or to another one of its kind. */
  private copy(from: number, fromIndex: number, to: number, toIndex: number, count: number, layout: NodeLayout): void {
    if (count <= 0) return;
    const isUp = from === to && toIndex > fromIndex;
    copyScores(
      this.slab.doubles(from),
      this.scoresAt(from) + fromIndex,
      this.slab.doubles(to),
      this.scoresAt(to) + toIndex,
      count,
      isUp,
    );
    const source = this.slab.words(from);
    const target = this.slab.words(to);
    const sourceAt = this.at(from) + fromIndex;
    const targetAt = this.at(to) + toIndex;
    for (const column of layout.columns) copyWords(source, sourceAt + column, target, targetAt + column, count, isUp);
  }
}

/** Copies `count` numbers, the last one first if `isUp`: then the runs may overlap. A call to the engine costs more than so few of them. */
function copyScores(
  source: Float64Array,
  from: number,
  target: Float64Array,
  to: number,
  count: number,
  isUp: boolean,
): void {
  if (isUp) for (let i = count - 1; i >= 0; i--) target[to + i] = source[from + i];
  else for (let i = 0; i < count; i++) target[to + i] = source[from + i];
}

/** The same for words. */
function copyWords(
  source: Int32Array,
  from: number,
  target: Int32Array,
  to: number,
  count: number,
  isUp: boolean,
): void {
  if (isUp) for (let i = count - 1; i >= 0; i--) target[to + i] = source[from + i];
  else for (let i = 0; i < count; i++) target[to + i] = source[from + i];
}
