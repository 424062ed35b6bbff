/**
 * The nodes of a large list in order, and how many elements each has: a double-ended queue in the slab, with sums over blocks of it, so that an
 * element is found by its index without a look at every node.
 *
 *     refs   : 32 bits for each place        [ free | first node ... last node | free ]
 *     counts : 32 bits for each place        0 where there is no node
 *     sums   : 32 bits for each block of 64 places
 *
 * Nodes come and go at both ends in constant time, on average.
 */

import { assert } from '../../base/assert.js';
import type { Slab } from './slab.js';

const CAPACITY_MIN = 16;
const BLOCK_SHIFT = 6;
const BLOCK = 1 << BLOCK_SHIFT;
const WORD_BYTES = 4;

const NO_WORDS = new Int32Array(0);

export class ListDirectory {
  /** Nodes. */
  length = 0;
  /** Elements in all nodes. */
  total = 0;
  /** What `find` has found: the node, and which of its elements it is. */
  node = 0;
  at = 0;

  private readonly slab: Slab;
  private memory = 0;
  private capacity = 0;
  private first = 0;
  private refs: Int32Array = NO_WORDS;
  private counts: Int32Array = NO_WORDS;
  private sums: Int32Array = NO_WORDS;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  get usedBytes(): number {
    return this.memory === 0 ? 0 : this.slab.capacity(this.memory);
  }

  ref(node: number): number {
    return this.refs[this.first + node];
  }

  count(node: number): number {
    return this.counts[this.first + node];
  }

  /** A node has so many elements more, or fewer. */
  add(node: number, elements: number): void {
    const place = this.first + node;
    this.counts[place] += elements;
    this.sums[place >>> BLOCK_SHIFT] += elements;
    this.total += elements;
  }

  /** Puts a node without elements in front of the one that is at `node` now, or behind the last one. Throws RangeError if there is no memory. */
  insert(node: number, ref: number): void {
    const atFront = node === 0 && this.length > 0;
    if (atFront ? this.first === 0 : this.first + this.length === this.capacity) {
      this.relocate(this.length * 2 < this.capacity ? this.capacity : this.capacity * 2);
    }
    if (atFront) this.first--;
    else if (node < this.length) this.shift(node, 1);
    this.length++;
    this.refs[this.first + node] = ref;
    this.counts[this.first + node] = 0;
  }

  /** Takes `count` nodes out, and their elements out of the total. Their memory is the caller's. */
  remove(node: number, count: number): void {
    for (let i = node; i < node + count; i++) this.add(i, -this.count(i));
    if (node === 0) this.first += count;
    else this.shift(node + count, -count);
    this.length -= count;
    if (this.capacity > BLOCK && this.length * 8 < this.capacity) this.relocate(this.capacity >>> 1);
  }

  /** Finds the element at `index`: REQUIRES: there is one. */
  find(index: number): void {
    const fromStart = index * 2 < this.total;
    const place = fromStart ? this.findFromStart(index) : this.findFromEnd(this.total - 1 - index);
    this.node = place - this.first;
  }

  /** How many elements lie before a node. */
  elementsBefore(node: number): number {
    const { counts, sums } = this;
    const end = this.first + node;
    let before = 0;
    for (let place = this.first; place < end;) {
      if ((place & (BLOCK - 1)) === 0 && place + BLOCK <= end) {
        before += sums[place >>> BLOCK_SHIFT];
        place += BLOCK;
      } else before += counts[place++];
    }
    return before;
  }

  /** Gives the memory back. */
  release(): void {
    if (this.memory !== 0) this.slab.free(this.memory);
    this.memory = this.capacity = this.first = this.length = this.total = 0;
    this.refs = this.counts = this.sums = NO_WORDS;
  }

  private findFromStart(index: number): number {
    const { counts, sums } = this;
    let rest = index;
    let place = this.first;
    while (rest >= counts[place]) {
      if ((place & (BLOCK - 1)) === 0 && rest >= sums[place >>> BLOCK_SHIFT]) {
        rest -= sums[place >>> BLOCK_SHIFT];
        place += BLOCK;
      } else rest -= counts[place++];
    }
    this.at = rest;
    return place;
  }

  /** The same, counted from the last element. */
  private findFromEnd(index: number): number {
    const { counts, sums } = this;
    let rest = index;
    let place = this.first + this.length - 1;
    while (rest >= counts[place]) {
      if ((place & (BLOCK - 1)) === BLOCK - 1 && rest >= sums[place >>> BLOCK_SHIFT]) {
        rest -= sums[place >>> BLOCK_SHIFT];
        place -= BLOCK;
      } else rest -= counts[place--];
    }
    this.at = counts[place] - 1 - rest;
    return place;
  }

  /** Moves the nodes from `node` on by `by` places. REQUIRES: there is room for them. */
  private shift(node: number, by: number): void {
    const { refs, counts } = this;
    const start = this.first + node;
    const end = this.first + this.length;
    refs.copyWithin(start + by, start, end);
    counts.copyWithin(start + by, start, end);
    if (by < 0) counts.fill(0, end + by, end);
    else counts[start] = 0;
    this.sum(Math.min(start, start + by), Math.max(end, end + by));
  }

  /** Counts the blocks anew that the places [start, end) lie in. */
  private sum(start: number, end: number): void {
    const { counts, sums } = this;
    for (let block = start >>> BLOCK_SHIFT; block << BLOCK_SHIFT < end; block++) {
      const blockEnd = Math.min((block + 1) << BLOCK_SHIFT, this.capacity);
      let sum = 0;
      for (let place = block << BLOCK_SHIFT; place < blockEnd; place++) sum += counts[place];
      sums[block] = sum;
    }
  }

  /** Moves all nodes to the middle of new memory. */
  private relocate(atLeast: number): void {
    const { slab, memory, refs, counts, first, length } = this;
    const capacity = Math.max(CAPACITY_MIN, atLeast);
    assert(capacity > length, 'there is room for more');
    const blocks = Math.ceil(capacity / BLOCK);
    const words = 2 * capacity + blocks;
    this.memory = slab.allocate(words * WORD_BYTES);
    const all = slab.viewOfWords(this.memory, words).fill(0);
    this.capacity = capacity;
    this.refs = all.subarray(0, capacity);
    this.counts = all.subarray(capacity, 2 * capacity);
    this.sums = all.subarray(2 * capacity);
    this.first = (capacity - length) >>> 1;
    this.refs.set(refs.subarray(first, first + length), this.first);
    this.counts.set(counts.subarray(first, first + length), this.first);
    this.sum(0, capacity);
    if (memory !== 0) slab.free(memory);
  }
}
