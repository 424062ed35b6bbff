/**
 * The order of a large sorted set: a B+-tree of (score, ref of the member's record) that counts, so that ranks take O(log n) both ways.
 *
 * Ordered by score, then by the member's bytes, which are the key of its record; they are looked at only where scores are equal. Nodes lie in the
 * slab (order-nodes.ts): there is no object for a node or a member.
 *
 *                      inner   [first member, child, members under it] ...
 *                   ┌────────────┘            └──────────┐
 *     leaf  (score, ref) ...  ◀──────▶  leaf  (score, ref) ...          all leaves are equally deep, and linked
 *
 * Invariants:
 *  1. an entry of an inner node has the score and the ref of the first member under it: refs of removed records are nowhere;
 *  2. a leaf has a member at least; an inner node that is not the root, a third of what it has room for; the root, two children;
 *  3. leaves that are neither first nor last have a third of what they have room for.
 *
 * A change touches a path from the root to a leaf and its neighbours, never more. What is appended fills leaves to the last place.
 */

import { assert } from '../../base/assert.js';
import type { NodeLayout } from './order-nodes.js';
import { INNER, LEAF, OrderNodes } from './order-nodes.js';
import type { RecordHeap } from './record-heap.js';

/** More than any tree has: inner nodes but the root have at least 33 children. */
const LEVELS_MAX = 12;
const NO_WORDS = new Int32Array(0);
/** From this length on, a call to the engine compares faster than a loop. */
const LOOP_BYTES_MAX = 64;

/** A node with fewer entries takes some of a neighbour, or goes into it. */
const fewest = (layout: NodeLayout): number => Math.floor(layout.capacity / 3);
/** Two nodes with no more than so many entries become one: it has room for more, and is not soon too empty. */
const mergedMost = (layout: NodeLayout): number => Math.floor(layout.capacity * 0.75);

// Where the last descent went: nodes from the root on, and the index in each. One for all trees: it is used within one call.
const path = new Int32Array(LEVELS_MAX);
const indexes = new Int32Array(LEVELS_MAX);
/** Nodes taken beforehand for the splits of one insert, by level. */
const spares = new Int32Array(LEVELS_MAX);

/** What is looked for, while it is looked for: also one for all trees. */
const probe = {
  byScore: true,
  byMember: true,
  score: 0,
  /** The record whose key is the member; 0 if the member is in the fields below already. */
  ref: 0,
  bytes: new Uint8Array(0) as Uint8Array,
  start: 0,
  end: 0,
};

export class OrderTree {
  count = 0;
  private readonly heap: RecordHeap;
  private readonly nodes: OrderNodes;
  /** 0 if there are no members. */
  private root = 0;
  /** Levels of nodes. */
  private height = 0;

  constructor(heap: RecordHeap) {
    this.heap = heap;
    this.nodes = new OrderNodes(heap.slab);
  }

  /** Bytes of all nodes. */
  get usedBytes(): number {
    return this.nodes.usedBytes;
  }

  /** Adds a member. REQUIRES: it is not there. Throws RangeError if there is no memory; nothing has changed then. */
  insert(score: number, ref: number): void {
    if (this.root === 0) {
      this.root = this.nodes.allocate(LEAF);
      this.height = 1;
    }
    this.findPair(score, ref);
    this.takeSpares();
    const leafLevel = this.height - 1;
    for (let level = 0; level < leafLevel; level++) this.nodes.addMembers(path[level], indexes[level], 1);
    // In front of everything: on the way down it was then the first child each time.
    if (indexes[leafLevel] === 0) {
      for (let level = 0; level < leafLevel; level++) this.nodes.setEntry(path[level], 0, INNER, score, ref);
    }
    this.put(leafLevel, indexes[leafLevel], score, ref, 0, 0);
    this.count++;
  }

  /** Takes a member out. REQUIRES: it is there with this score, and its record too. */
  remove(score: number, ref: number): void {
    const { nodes } = this;
    this.findThere(score, ref);
    const leafLevel = this.height - 1;
    for (let level = 0; level < leafLevel; level++) nodes.addMembers(path[level], indexes[level], -1);
    const leaf = path[leafLevel];
    nodes.close(leaf, indexes[leafLevel], LEAF);
    this.count--;
    if (this.count === 0) {
      nodes.free(leaf, LEAF);
      this.root = this.height = 0;
      return;
    }
    if (leafLevel === 0) return;
    if (indexes[leafLevel] === 0 && nodes.count(leaf) > 0) this.refreshFirst(leafLevel - 1, indexes[leafLevel - 1]);
    if (nodes.count(leaf) < fewest(LEAF)) this.mend(leafLevel);
  }

  /** The record of a member is elsewhere now. REQUIRES: it is at the old place still, with the same key. */
  changeRef(score: number, old: number, ref: number): void {
    this.findThere(score, old);
    const leafLevel = this.height - 1;
    this.nodes.setEntry(path[leafLevel], indexes[leafLevel], LEAF, this.scoreFound, ref);
    if (leafLevel > 0 && indexes[leafLevel] === 0) this.refreshFirst(leafLevel - 1, indexes[leafLevel - 1]);
  }

  /** How many members lie before this one. REQUIRES: it is there. */
  rank(score: number, ref: number): number {
    this.findThere(score, ref);
    return this.rankFound();
  }

  /** How many members have a score below `score`; with `inclusive`, the same or below. */
  rankOfScore(score: number, inclusive: boolean): number {
    probe.byScore = true;
    probe.byMember = false;
    probe.score = score;
    return this.rankOfProbe(inclusive);
  }

  /** How many members are below `bytes[start, end)`; with `inclusive`, the same or below. REQUIRES: all scores are equal, else the answer is any number. */
  rankOfMember(bytes: Uint8Array, start: number, end: number, inclusive: boolean): number {
    probe.byScore = false;
    probe.byMember = true;
    probe.ref = 0;
    probe.bytes = bytes;
    probe.start = start;
    probe.end = end;
    return this.rankOfProbe(inclusive);
  }

  /** The record of the member of a rank. REQUIRES: 0 <= rank < count. */
  refAt(rank: number): number {
    const index = this.findRank(rank);
    return this.nodes.ref(path[this.height - 1], index, LEAF);
  }

  /** Puts a cursor on the member of a rank; on none if there is no such rank. */
  seek(rank: number, cursor: OrderCursor): boolean {
    if (rank < 0 || rank >= this.count) return cursor.leave();
    const index = this.findRank(rank);
    return cursor.enter(this.nodes, path[this.height - 1], index);
  }

  /** Takes apart a tree that is no longer used: frees nodes of `membersMax` members or a few more, and returns how many; fewer only when none are left. */
  drain(membersMax: number): number {
    const before = this.count;
    while (this.count > 0 && before - this.count < membersMax) this.count -= this.freeLast();
    return before - this.count;
  }

  private get scoreFound(): number {
    return this.nodes.score(path[this.height - 1], indexes[this.height - 1]);
  }

  /** Leads the path to where a member is, or would be. */
  private findPair(score: number, ref: number): void {
    probe.byScore = probe.byMember = true;
    probe.score = score;
    probe.ref = ref;
    probe.end = -1;
    this.descend(true, false);
  }

  private findThere(score: number, ref: number): void {
    this.findPair(score, ref);
    const leaf = path[this.height - 1];
    const index = indexes[this.height - 1];
    const isThere = index < this.nodes.count(leaf) && this.nodes.ref(leaf, index, LEAF) === ref;
    assert(isThere, 'a member is in the tree under its score');
  }

  private rankOfProbe(inclusive: boolean): number {
    if (this.root === 0) return 0;
    this.descend(inclusive, inclusive);
    return this.rankFound();
  }

  /** Members before the place that the path leads to. */
  private rankFound(): number {
    const leafLevel = this.height - 1;
    let rank = indexes[leafLevel];
    for (let level = 0; level < leafLevel; level++) rank += this.nodes.membersBefore(path[level], indexes[level]);
    return rank;
  }

  /** Leads the path to the first member that does not lie before the probe, by way of the last child whose first member does. */
  private descend(innerInclusive: boolean, leafInclusive: boolean): void {
    const { nodes } = this;
    const leafLevel = this.height - 1;
    let node = this.root;
    for (let level = 0; level < leafLevel; level++) {
      const index = Math.max(0, this.countBefore(node, INNER, innerInclusive) - 1);
      path[level] = node;
      indexes[level] = index;
      node = nodes.child(node, index);
    }
    path[leafLevel] = node;
    indexes[leafLevel] = this.countBefore(node, LEAF, leafInclusive);
  }

  /** How many of a node's entries are below the probe; with `inclusive`, the same or below. */
  private countBefore(node: number, layout: NodeLayout, inclusive: boolean): number {
    const { nodes } = this;
    const words = nodes.words(node);
    const at = nodes.at(node);
    const doubles = nodes.doubles(node);
    const scores = nodes.scoresAt(node);
    const count = words[at];
    const { score, byScore, byMember } = probe;
    let low = 0;
    let high = count;
    if (byScore) {
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (doubles[scores + middle] < score || (!byMember && inclusive && doubles[scores + middle] === score)) {
          low = middle + 1;
        } else high = middle;
      }
      if (!byMember || low === count || doubles[scores + low] !== score) return low;
      high = count;
    }
    const refs = at + layout.refs;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = byScore && doubles[scores + middle] > score ? 1 : this.compareMember(words[refs + middle]);
      if (order < 0 || (inclusive && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Negative, zero or positive as the member at `ref` is below, equal to or above the probe's. */
  private compareMember(ref: number): number {
    if (ref === probe.ref) return 0;
    const { heap } = this;
    if (probe.end === -1) {
      probe.bytes = heap.bytes(probe.ref);
      probe.start = heap.keyStart(probe.ref);
      probe.end = probe.start + heap.keyLength(probe.ref);
    }
    const mine = heap.bytes(ref);
    const myStart = heap.keyStart(ref);
    const myLength = heap.keyLength(ref);
    const { bytes, start, end } = probe;
    const common = Math.min(myLength, end - start);
    if (common > LOOP_BYTES_MAX) return mine.compare(bytes, start, end, myStart, myStart + myLength);
    for (let i = 0; i < common; i++) {
      const difference = mine[myStart + i] - bytes[start + i];
      if (difference !== 0) return difference;
    }
    return myLength - (end - start);
  }

  /** Leads the path to the member of a rank; returns its index in the leaf. REQUIRES: 0 <= rank < count. */
  private findRank(rank: number): number {
    assert(rank >= 0 && rank < this.count, 'a rank lies in the tree');
    const { nodes } = this;
    const leafLevel = this.height - 1;
    let node = this.root;
    let rest = rank;
    for (let level = 0; level < leafLevel; level++) {
      let index = 0;
      for (let members = nodes.members(node, 0); rest >= members; members = nodes.members(node, index)) {
        rest -= members;
        index++;
      }
      path[level] = node;
      node = nodes.child(node, index);
    }
    path[leafLevel] = node;
    return rest;
  }

  /** Takes the nodes that the splits of an insert on the path will need, so that it does not fail half way. */
  private takeSpares(): void {
    const { nodes } = this;
    let level = this.height - 1;
    try {
      for (; level >= 0; level--) {
        const layout = this.layout(level);
        if (nodes.count(path[level]) < layout.capacity) return;
        spares[level + 1] = nodes.allocate(layout);
      }
      spares[0] = nodes.allocate(INNER);
    } catch (error) {
      for (let taken = level + 1; taken < this.height; taken++) nodes.free(spares[taken + 1], this.layout(taken));
      throw error;
    }
  }

  private layout(level: number): NodeLayout {
    return level === this.height - 1 ? LEAF : INNER;
  }

  /** Adds an entry to the path's node of a level, at `index`; `child` and `members` only in inner nodes. Splits it if it is full. */
  private put(level: number, index: number, score: number, ref: number, child: number, members: number): void {
    const layout = this.layout(level);
    const node = path[level];
    if (this.nodes.count(node) < layout.capacity) {
      this.putInto(node, layout, index, score, ref, child, members);
      return;
    }
    const right = spares[level + 1];
    const kept = this.splitPoint(node, layout, index);
    this.split(node, right, kept, layout);
    const goesRight = index > kept || kept === layout.capacity;
    if (goesRight) this.putInto(right, layout, index - kept, score, ref, child, members);
    else this.putInto(node, layout, index, score, ref, child, members);
    this.hang(level, node, right, layout);
  }

  private putInto(
    node: number,
    layout: NodeLayout,
    index: number,
    score: number,
    ref: number,
    child: number,
    members: number,
  ): void {
    const { nodes } = this;
    nodes.open(node, index, layout);
    nodes.setEntry(node, index, layout, score, ref);
    if (layout === INNER) nodes.setChild(node, index, child, members);
  }

  /** How many entries a full node keeps that is to get one more at `index`. At either end of the tree, runs are expected to go on. */
  private splitPoint(node: number, layout: NodeLayout, index: number): number {
    const { capacity } = layout;
    if (layout === INNER) return index === capacity ? capacity - fewest(INNER) : capacity >>> 1;
    if (index === capacity && this.nodes.next(node) === 0) return capacity;
    if (index === 0 && this.nodes.previous(node) === 0) return 0;
    return capacity >>> 1;
  }

  private split(node: number, right: number, kept: number, layout: NodeLayout): void {
    const { nodes } = this;
    nodes.balance(node, right, kept, layout);
    if (layout === INNER) return;
    nodes.link(right, nodes.next(node));
    nodes.link(node, right);
  }

  /** Gives the node that was split off a place above; above the root, that is a new root. */
  private hang(level: number, node: number, right: number, layout: NodeLayout): void {
    const { nodes } = this;
    const score = nodes.score(right, 0);
    const ref = nodes.ref(right, 0, layout);
    const members = this.membersOf(right, layout);
    if (level > 0) {
      nodes.setChild(path[level - 1], indexes[level - 1], node, this.membersOf(node, layout));
      this.put(level - 1, indexes[level - 1] + 1, score, ref, right, members);
      return;
    }
    this.root = spares[0];
    this.height++;
    this.putInto(
      this.root,
      INNER,
      0,
      nodes.score(node, 0),
      nodes.ref(node, 0, layout),
      node,
      this.membersOf(node, layout),
    );
    this.putInto(this.root, INNER, 1, score, ref, right, members);
  }

  private membersOf(node: number, layout: NodeLayout): number {
    const count = this.nodes.count(node);
    return layout === LEAF ? count : this.nodes.membersBefore(node, count);
  }

  /** Makes an entry of the path's node of a level say again what the first member under it is; and those above, as far as it is their first one too. */
  private refreshFirst(level: number, index: number): void {
    const { nodes } = this;
    const inner = path[level];
    const child = nodes.child(inner, index);
    nodes.setEntry(inner, index, INNER, nodes.score(child, 0), nodes.ref(child, 0, this.layout(level + 1)));
    if (index === 0 && level > 0) this.refreshFirst(level - 1, indexes[level - 1]);
  }

  /** The path's node of a level has too few entries: puts it and a neighbour together, or parts their entries evenly. */
  private mend(level: number): void {
    const { nodes } = this;
    const layout = this.layout(level);
    const parent = path[level - 1];
    const leftIndex = Math.max(0, indexes[level - 1] - 1);
    const left = nodes.child(parent, leftIndex);
    const right = nodes.child(parent, leftIndex + 1);
    const total = nodes.count(left) + nodes.count(right);
    const isMerge = total <= mergedMost(layout);
    nodes.balance(left, right, isMerge ? total : total >>> 1, layout);
    nodes.setChild(parent, leftIndex, left, this.membersOf(left, layout));
    this.refreshFirst(level - 1, leftIndex);
    if (!isMerge) {
      nodes.setChild(parent, leftIndex + 1, right, this.membersOf(right, layout));
      this.refreshFirst(level - 1, leftIndex + 1);
      return;
    }
    if (layout === LEAF) nodes.link(left, nodes.next(right));
    nodes.free(right, layout);
    nodes.close(parent, leftIndex + 1, INNER);
    if (level > 1) {
      if (nodes.count(parent) < fewest(INNER)) this.mend(level - 1);
    } else if (nodes.count(parent) === 1) {
      nodes.free(parent, INNER);
      this.root = left;
      this.height--;
    }
  }

  /** Frees the last leaf, and what is empty above it; returns how many members were in it. */
  private freeLast(): number {
    const { nodes } = this;
    const leafLevel = this.height - 1;
    let node = this.root;
    for (let level = 0; level < leafLevel; level++) {
      path[level] = node;
      node = nodes.child(node, nodes.count(node) - 1);
    }
    const members = nodes.count(node);
    nodes.free(node, LEAF);
    for (let level = leafLevel - 1; level >= 0; level--) {
      const count = nodes.count(path[level]) - 1;
      nodes.setCount(path[level], count);
      if (count > 0) return members;
      nodes.free(path[level], INNER);
    }
    this.root = this.height = 0;
    return members;
  }
}

/** A place in an order tree, to go on from in both directions. Valid until the tree changes. */
export class OrderCursor {
  /** The record of the member that it is on; 0 on none. */
  ref = 0;
  private nodes: OrderNodes | undefined;
  private leaf = 0;
  private index = 0;
  private count = 0;
  // Where the leaf's refs lie: what a step looks at.
  private words: Int32Array = NO_WORDS;
  private refsAt = 0;

  /** The score of the member that it is on. */
  get score(): number {
    return this.nodes === undefined ? 0 : this.nodes.score(this.leaf, this.index);
  }

  /** Puts it on an entry of a leaf. */
  enter(nodes: OrderNodes, leaf: number, index: number): boolean {
    this.nodes = nodes;
    this.leaf = leaf;
    this.count = nodes.count(leaf);
    this.words = nodes.words(leaf);
    this.refsAt = nodes.at(leaf) + LEAF.refs;
    this.index = index;
    this.ref = this.words[this.refsAt + index];
    return true;
  }

  /** Puts it on nothing. */
  leave(): boolean {
    this.ref = this.count = this.index = 0;
    this.nodes = undefined;
    return false;
  }

  /** To the next member; false, and on none, behind the last. */
  next(): boolean {
    const index = this.index + 1;
    if (index >= this.count) return this.nextLeaf();
    this.index = index;
    this.ref = this.words[this.refsAt + index];
    return true;
  }

  /** To the previous member; false, and on none, in front of the first. */
  previous(): boolean {
    const index = this.index - 1;
    if (index < 0) return this.previousLeaf();
    this.index = index;
    this.ref = this.words[this.refsAt + index];
    return true;
  }

  private nextLeaf(): boolean {
    const { nodes } = this;
    if (nodes === undefined) return false;
    const leaf = nodes.next(this.leaf);
    return leaf === 0 ? this.leave() : this.enter(nodes, leaf, 0);
  }

  private previousLeaf(): boolean {
    const { nodes } = this;
    if (nodes === undefined) return false;
    const leaf = nodes.previous(this.leaf);
    return leaf === 0 ? this.leave() : this.enter(nodes, leaf, nodes.count(leaf) - 1);
  }
}
