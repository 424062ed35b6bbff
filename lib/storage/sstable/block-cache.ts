/**
 * The block cache of the main thread: data blocks that were read and checked, as many as a number of bytes allows; those
 * not asked for longest go first.
 *
 *     chunk    1 MiB of shared memory, cut into frames; taken as they are needed, given back when long blocks need the room
 *     frame    BLOCK_BYTES: a plain block of an ordinary table fits into one. A read goes to its frame directly
 *     long     a block that is longer: memory of its own
 *     entry    a frame, or a long block: known by (table, block), in order of use
 *
 * Invariants:
 *  1. chunks and long blocks together take at most `bytesMax`.
 *  2. A frame is free, being read, or an entry. Free ones are on the list FREE, entries on the list USED, last used first.
 *  3. A block that was handed out stays as it is to the end of the turn: no entry of this turn is dropped. When there is
 *     nothing else to drop, a block is read to memory of its own and not kept.
 *  4. Nobody sees a block before its checksum and its directory were checked.
 */

import { assert } from '../../base/assert.js';
import { BLOCK_BYTES, Block, checkBlock, expandBlock } from './block.js';
import { BlockMemory } from './block-memory.js';
import { checkFirst } from './block-scanner.js';
import type { TableIndex } from './table-index.js';
import { checkLength } from './table-reader.js';

const FRAMES_PER_CHUNK_SHIFT = 7;
const FRAMES_PER_CHUNK = 1 << FRAMES_PER_CHUNK_SHIFT;
const CHUNK_BYTES = FRAMES_PER_CHUNK * BLOCK_BYTES;
/** A long block beyond this part of the cache would drive out too much. */
const LONG_PART_MAX = 1 / 4;
/** Ids and block numbers below these make up one safe integer. */
const TABLE_ID_LIMIT = 2 ** 31;
const BLOCK_NUMBER_LIMIT = 2 ** 22;
const NONE = -1;

const State = { MISSING: 0, FREE: 1, READING: 2, USED: 3 } as const;

/** A table to read blocks from. */
export interface BlockSource {
  /** No two tables have the same, ever. */
  readonly id: number;
  readonly path: string;
  /** What checksums of the file begin with. */
  readonly seed: number;
  readonly index: TableIndex;
  /** As ReadableFile.readLater; may throw DiskError, too. */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  /** As ReadableFile.readAt. */
  readNow(target: Uint8Array, offset: number, length: number): number;
}

export class BlockCache {
  /** Blocks found in memory; blocks read, and their bytes. */
  hitCount = 0;
  readCount = 0;
  readBytes = 0;
  /** Bytes of memory taken. */
  heldBytes = 0;
  readonly bytesMax: number;

  private readonly chunks: (BlockMemory | undefined)[] = [];
  private readonly frameCount: number;
  /** Of each entry; the first `frameCount` are frames, the others long blocks. */
  private readonly blocks: (Block | undefined)[] = [];
  private readonly states: Uint8Array;
  private readonly tableIds: Int32Array;
  private readonly blockNumbers: Int32Array;
  private readonly turns: Int32Array;
  private readonly sizes: Float64Array;
  /** Two rings of entries; the ring's own place is behind the last entry. */
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly used: number;
  private readonly free: number;
  private readonly freeLong: number[] = [];
  /** Entries by hash of (table, block), chained. */
  private readonly buckets: Int32Array;
  private readonly chained: Int32Array;
  private readonly loading = new Map<number, Promise<Block>>();
  private turn = 1;

  /** Keeps blocks in up to `bytesMax` bytes, at least one chunk. */
  constructor(bytesMax: number) {
    const chunkCount = Math.max(1, Math.floor(bytesMax / CHUNK_BYTES));
    this.bytesMax = Math.max(bytesMax, CHUNK_BYTES);
    this.frameCount = chunkCount * FRAMES_PER_CHUNK;
    // A long block takes more than a frame, so there are never more of them than frames.
    const entryCount = this.frameCount * 2;
    this.states = new Uint8Array(entryCount);
    this.tableIds = new Int32Array(entryCount);
    this.blockNumbers = new Int32Array(entryCount);
    this.turns = new Int32Array(entryCount);
    this.sizes = new Float64Array(entryCount);
    this.used = entryCount;
    this.free = entryCount + 1;
    this.next = new Int32Array(entryCount + 2);
    this.previous = new Int32Array(entryCount + 2);
    for (const ring of [this.used, this.free]) this.next[ring] = this.previous[ring] = ring;
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(entryCount))).fill(NONE);
    this.chained = new Int32Array(entryCount);
    for (let entry = entryCount - 1; entry >= this.frameCount; entry--) this.freeLong.push(entry);
  }

  /**
   * The loop's turn is over, and nobody uses a block of it any more. To be called between turns, when no promise of theirs
   * waits to go on; as long as it is not, the cache keeps what it has and takes nothing new.
   */
  nextTurn(): void {
    this.turn = (this.turn + 1) | 0;
  }

  /** A block, if it is in memory: good to the end of the turn. */
  get(source: BlockSource, block: number): Block | undefined {
    const entry = this.find(source.id, block);
    if (entry === NONE) return undefined;
    this.hitCount++;
    this.touch(entry);
    return this.blocks[entry];
  }

  /**
   * A block, read if it has to be: good to the end of the turn in which the promise resolves. Those who ask at the same time wait for one read.
   * Rejects with DiskError, CorruptionError.
   */
  load(source: BlockSource, block: number): Promise<Block> {
    const there = this.get(source, block);
    if (there !== undefined) return Promise.resolve(there);
    assert(source.id < TABLE_ID_LIMIT && block < BLOCK_NUMBER_LIMIT, 'table and block in one number');
    const key = source.id * BLOCK_NUMBER_LIMIT + block;
    const running = this.loading.get(key);
    if (running !== undefined) return running;
    const loading = this.read(source, block, key);
    this.loading.set(key, loading);
    return loading;
  }

  /** A block, read on this thread if it has to be, to memory of its own then, and not kept. Throws DiskError, CorruptionError. */
  getNow(source: BlockSource, number: number): Block {
    const there = this.get(source, number);
    if (there !== undefined) return there;
    const { index, path, seed } = source;
    const offset = index.offsetOf(number);
    const length = index.lengthOf(number);
    const memory = new BlockMemory(length);
    this.readCount++;
    this.readBytes += length;
    checkLength(path, offset, source.readNow(memory.bytes, offset, length), length);
    const expandedBytes = checkBlock(memory, 0, length, seed, path, offset);
    const block = new Block();
    this.open(block, source, number, this.expandApart(source, number, memory, 0, length, expandedBytes), 0);
    return block;
  }

  /** One function for all of it: each promise in between would cost as much as finding a record does. */
  private async read(source: BlockSource, number: number, key: number): Promise<Block> {
    const { index, path, seed } = source;
    const offset = index.offsetOf(number);
    const length = index.lengthOf(number);
    let frame = length <= BLOCK_BYTES ? this.takeFrame() : NONE;
    const memory = frame === NONE ? new BlockMemory(length) : this.chunkOf(frame);
    const base = frame === NONE ? 0 : (frame & (FRAMES_PER_CHUNK - 1)) * BLOCK_BYTES;
    this.readCount++;
    this.readBytes += length;
    try {
      const got = await begin(source, memory.bytes.subarray(base, base + length), offset, length);
      checkLength(path, offset, got, length);
      const expandedBytes = checkBlock(memory, base, length, seed, path, offset);
      if (frame === NONE || expandedBytes > BLOCK_BYTES) {
        const plain = this.expandApart(source, number, memory, base, length, expandedBytes);
        if (frame !== NONE) this.freeFrame(frame);
        frame = NONE;
        return this.openApart(source, number, plain);
      }
      if (expandedBytes > 0) expandBlock(memory, base, length, memory, base, path, offset);
      const block = (this.blocks[frame] ??= new Block());
      this.open(block, source, number, memory, base);
      this.insert(frame, source.id, number);
      frame = NONE;
      return block;
    } finally {
      if (frame !== NONE) this.freeFrame(frame);
      this.loading.delete(key);
    }
  }

  /** The block in memory of its own, plain. `expandedBytes`: as `checkBlock` says. */
  private expandApart(
    source: BlockSource,
    number: number,
    memory: BlockMemory,
    base: number,
    length: number,
    expandedBytes: number,
  ): BlockMemory {
    if (expandedBytes === 0) return memory;
    const expanded = new BlockMemory(expandedBytes);
    expandBlock(memory, base, length, expanded, 0, source.path, source.index.offsetOf(number));
    return expanded;
  }

  private open(block: Block, source: BlockSource, number: number, memory: BlockMemory, base: number): void {
    block.open(memory, base, source.path, source.index.offsetOf(number));
    checkFirst(block, source.index.firstPosition(number));
  }

  /** Opens a block in memory of its own, and keeps it if it is long and there is room. */
  private openApart(source: BlockSource, number: number, memory: BlockMemory): Block {
    const block = new Block();
    this.open(block, source, number, memory, 0);
    const bytes = memory.bytes.length;
    if (bytes <= BLOCK_BYTES || !this.makeRoom(bytes)) return block;
    const entry = this.freeLong.pop();
    assert(entry !== undefined, 'fewer long blocks than frames');
    this.heldBytes += bytes;
    this.sizes[entry] = bytes;
    this.blocks[entry] = block;
    this.insert(entry, source.id, number);
    return block;
  }

  // Entries.

  private find(tableId: number, block: number): number {
    let entry = this.buckets[this.bucketOf(tableId, block)];
    while (entry !== NONE && (this.tableIds[entry] !== tableId || this.blockNumbers[entry] !== block)) {
      entry = this.chained[entry];
    }
    return entry;
  }

  private bucketOf(tableId: number, block: number): number {
    const mixed = Math.imul(Math.imul(tableId, 0x85ebca6b) + block, 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.buckets.length - 1);
  }

  private insert(entry: number, tableId: number, block: number): void {
    const bucket = this.bucketOf(tableId, block);
    this.tableIds[entry] = tableId;
    this.blockNumbers[entry] = block;
    this.chained[entry] = this.buckets[bucket];
    this.buckets[bucket] = entry;
    this.states[entry] = State.USED;
    this.turns[entry] = this.turn;
    this.link(entry, this.used);
  }

  private touch(entry: number): void {
    this.turns[entry] = this.turn;
    if (this.next[this.used] === entry) return;
    this.unlink(entry);
    this.link(entry, this.used);
  }

  /** Forgets an entry; its frame is then nobody's, a long block's memory the collector's. */
  private evict(entry: number): void {
    const bucket = this.bucketOf(this.tableIds[entry], this.blockNumbers[entry]);
    if (this.buckets[bucket] === entry) {
      this.buckets[bucket] = this.chained[entry];
    } else {
      let before = this.buckets[bucket];
      while (this.chained[before] !== entry) before = this.chained[before];
      this.chained[before] = this.chained[entry];
    }
    this.unlink(entry);
    if (entry < this.frameCount) return;
    this.states[entry] = State.MISSING;
    this.blocks[entry] = undefined;
    this.heldBytes -= this.sizes[entry];
    this.freeLong.push(entry);
  }

  /** The entry to drop first; NONE if there is none that may be. */
  private victim(): number {
    const last = this.previous[this.used];
    return last === this.used || this.turns[last] === this.turn ? NONE : last;
  }

  // Memory.

  /** A frame to read to; NONE if all are in use. */
  private takeFrame(): number {
    for (;;) {
      const free = this.next[this.free];
      if (free !== this.free) {
        this.unlink(free);
        this.states[free] = State.READING;
        return free;
      }
      if (this.heldBytes + CHUNK_BYTES <= this.bytesMax) {
        this.addChunk();
        continue;
      }
      const victim = this.victim();
      if (victim === NONE) return NONE;
      this.evict(victim);
      if (victim < this.frameCount) this.freeFrame(victim);
    }
  }

  private freeFrame(frame: number): void {
    this.states[frame] = State.FREE;
    this.link(frame, this.free);
  }

  private addChunk(): void {
    let chunk = 0;
    while (this.chunks[chunk] !== undefined) chunk++;
    const first = chunk << FRAMES_PER_CHUNK_SHIFT;
    assert(first < this.frameCount, 'room for a chunk in bytes is room in the tables');
    this.chunks[chunk] = new BlockMemory(CHUNK_BYTES, true);
    this.heldBytes += CHUNK_BYTES;
    for (let frame = first + FRAMES_PER_CHUNK - 1; frame >= first; frame--) this.freeFrame(frame);
  }

  private chunkOf(frame: number): BlockMemory {
    const chunk = this.chunks[frame >>> FRAMES_PER_CHUNK_SHIFT];
    assert(chunk !== undefined, 'a frame has memory');
    return chunk;
  }

  /** Drops entries until `bytes` more may be held; false if that is too much to ask. */
  private makeRoom(bytes: number): boolean {
    if (bytes > this.bytesMax * LONG_PART_MAX) return false;
    while (this.heldBytes + bytes > this.bytesMax) {
      const victim = this.victim();
      if (victim === NONE) return false;
      if (victim >= this.frameCount) this.evict(victim);
      else if (!this.dropChunk(victim >>> FRAMES_PER_CHUNK_SHIFT)) return false;
    }
    return true;
  }

  /** Gives a chunk back; false if a block of it is being read, or was handed out in this turn. */
  private dropChunk(chunk: number): boolean {
    const first = chunk << FRAMES_PER_CHUNK_SHIFT;
    const end = first + FRAMES_PER_CHUNK;
    for (let frame = first; frame < end; frame++) {
      const state = this.states[frame];
      if (state === State.READING || (state === State.USED && this.turns[frame] === this.turn)) return false;
    }
    for (let frame = first; frame < end; frame++) {
      if (this.states[frame] === State.USED) this.evict(frame);
      else this.unlink(frame);
      this.states[frame] = State.MISSING;
      this.blocks[frame] = undefined;
    }
    this.chunks[chunk] = undefined;
    this.heldBytes -= CHUNK_BYTES;
    return true;
  }

  // Rings.

  private link(entry: number, ring: number): void {
    const first = this.next[ring];
    this.next[entry] = first;
    this.previous[entry] = ring;
    this.previous[first] = entry;
    this.next[ring] = entry;
  }

  private unlink(entry: number): void {
    const before = this.previous[entry];
    const after = this.next[entry];
    this.next[before] = after;
    this.previous[after] = before;
  }
}

/** Begins a read. What it throws comes by the promise too: so whoever waits for that has noted it before. */
function begin(source: BlockSource, target: Uint8Array, offset: number, length: number): Promise<number> {
  try {
    return source.read(target, offset, length);
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
