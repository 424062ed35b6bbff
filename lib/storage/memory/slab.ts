/**
 * Memory for records, off the JavaScript heap.
 *
 *     chunk   64 MiB, one SharedArrayBuffer; the operating system hands its pages out as they are touched
 *     page    256 KiB, cut into slots of one size class
 *     slot    16..32768 bytes, in steps of 16 up to 256 and of an eighth of a power of two above
 *     large   what is longer: an ArrayBuffer of its own
 *
 * Chunks are shared, because the engine does not count such memory as pressure on its heap: with plain ArrayBuffers every chunk starts a
 * full collection. Large ones must be counted: they come and go, and only a collection gives their memory back.
 *
 * A ref is a 32-bit number: chunk * 2^22 + offset / 16, so 32 GiB can be reached; negative for a large one: its index.
 * 0 is no ref. Every slot begins on a multiple of 16 bytes.
 *
 * Invariants:
 *  1. a page belongs to one class from its first slot handed out to its last slot freed; then any class may have it;
 *  2. a page with a free slot is its class's current page, or on the class's list, never both.
 */

import { assert } from '../../base/assert.js';

const UNIT_SHIFT = 4;
const PAGE_UNITS_SHIFT = 14;
const PAGE_UNITS = 1 << PAGE_UNITS_SHIFT;
const CHUNK_UNITS_SHIFT = 22;
const CHUNK_UNIT_MASK = (1 << CHUNK_UNITS_SHIFT) - 1;
const CHUNK_BYTES = 2 ** (CHUNK_UNITS_SHIFT + UNIT_SHIFT);
const PAGES_PER_CHUNK = 1 << (CHUNK_UNITS_SHIFT - PAGE_UNITS_SHIFT);
/** Refs of chunks stay positive. */
const CHUNKS_MAX = 2 ** (31 - CHUNK_UNITS_SHIFT);
const LARGE_INDEX = 0x7fffffff;

/** The longest record that lives in a page. */
export const SLOT_BYTES_MAX = 32768;
export const PAGE_BYTES = PAGE_UNITS << UNIT_SHIFT;

const NONE = -1;

/** The size class for `bytes` (1 .. SLOT_BYTES_MAX). Classes count from 1. */
export function sizeClassOf(bytes: number): number {
  if (bytes <= 256) return (bytes + 15) >>> UNIT_SHIFT;
  const last = bytes - 1;
  const power = 31 - Math.clz32(last);
  return 17 + ((power - 8) << 3) + ((last - (1 << power)) >>> (power - 3));
}

/** Bytes of a slot of each class; index 0 is unused. */
const classBytes: Int32Array = (() => {
  const sizes: number[] = [0];
  for (let bytes = 16; bytes <= 256; bytes += 16) sizes.push(bytes);
  for (let power = 8; power < 15; power++) {
    for (let step = 1; step <= 8; step++) sizes.push((1 << power) + (step << (power - 3)));
  }
  return Int32Array.from(sizes);
})();

export class Slab {
  /** Bytes of all slots and large records handed out. */
  usedBytes = 0;
  /** Bytes of all pages and large records held: what it costs the process. */
  heldBytes = 0;

  private readonly chunkBytes: Buffer[] = [];
  private readonly chunkWords: Int32Array<SharedArrayBuffer>[] = [];
  private readonly chunkDoubles: Float64Array[] = [];
  private readonly chunkViews: DataView[] = [];
  private readonly largeBytes: Buffer[] = [];
  private readonly largeWords: Int32Array[] = [];
  private readonly largeDoubles: Float64Array[] = [];
  private readonly freeLarge: number[] = [];
  /** Chunks that `clear` let go: taken again as long as no collection has given them back. */
  private readonly letGo: WeakRef<SharedArrayBuffer>[] = [];

  private pageCount = 0;
  private pageClass = new Uint8Array(PAGES_PER_CHUNK);
  private pageLive = new Int32Array(PAGES_PER_CHUNK);
  /** First free slot given back (a ref), 0 for none; each holds the next in its first word. */
  private pageFree = new Int32Array(PAGES_PER_CHUNK);
  /** First unit of the page never handed out. */
  private pageBump = new Int32Array(PAGES_PER_CHUNK);
  private pageNext = new Int32Array(PAGES_PER_CHUNK);
  private pagePrevious = new Int32Array(PAGES_PER_CHUNK);
  private readonly freePages: number[] = [];
  private readonly current = new Int32Array(classBytes.length).fill(NONE);
  private readonly listHead = new Int32Array(classBytes.length).fill(NONE);
  private readonly chunksMax: number;

  constructor(chunksMax = CHUNKS_MAX) {
    this.chunksMax = chunksMax;
  }

  /** The bytes that `ref` lies in, at `offset(ref)`. */
  bytes(ref: number): Buffer {
    return ref < 0 ? this.largeBytes[ref & LARGE_INDEX] : this.chunkBytes[ref >>> CHUNK_UNITS_SHIFT];
  }

  /** The same memory as 32-bit words, at `offset(ref) / 4`. */
  words(ref: number): Int32Array {
    return ref < 0 ? this.largeWords[ref & LARGE_INDEX] : this.chunkWords[ref >>> CHUNK_UNITS_SHIFT];
  }

  /** The same memory as doubles, at `offset(ref) / 8`. */
  doubles(ref: number): Float64Array {
    return ref < 0 ? this.largeDoubles[ref & LARGE_INDEX] : this.chunkDoubles[ref >>> CHUNK_UNITS_SHIFT];
  }

  /** The same memory, for numbers that lie anywhere. REQUIRES: the place is no longer than a slot can be. */
  view(ref: number): DataView {
    return this.chunkViews[ref >>> CHUNK_UNITS_SHIFT];
  }

  offset(ref: number): number {
    return ref < 0 ? 0 : (ref & CHUNK_UNIT_MASK) << UNIT_SHIFT;
  }

  /** The same memory as numbers of 16 bits, at `offset(ref) / 2`: a new view of `length` of them from `at` bytes behind `ref`. */
  viewOf16Bits(ref: number, at: number, length: number): Uint16Array {
    return new Uint16Array(this.bytes(ref).buffer, this.offset(ref) + at, length);
  }

  /** A new view of the `length` words at `ref`. */
  viewOfWords(ref: number, length: number): Int32Array {
    return new Int32Array(this.bytes(ref).buffer, this.offset(ref), length);
  }

  /** Bytes that the record at `ref` may grow to in place. */
  capacity(ref: number): number {
    return ref < 0 ? this.largeBytes[ref & LARGE_INDEX].length : classBytes[this.pageClass[ref >>> PAGE_UNITS_SHIFT]];
  }

  /** A place for `bytes` (at least 1) bytes; what it holds is arbitrary. Throws RangeError when there is no memory; nothing has changed then. */
  allocate(bytes: number): number {
    if (bytes > SLOT_BYTES_MAX) return this.allocateLarge(bytes);
    const sizeClass = sizeClassOf(bytes);
    let page = this.current[sizeClass];
    if (page === NONE || !this.hasRoom(page)) page = this.nextPage(sizeClass);
    this.usedBytes += classBytes[sizeClass];
    this.pageLive[page]++;
    const free = this.pageFree[page];
    if (free !== 0) {
      this.pageFree[page] = this.chunkWords[free >>> CHUNK_UNITS_SHIFT][(free & CHUNK_UNIT_MASK) << 2];
      return free;
    }
    const ref = (page << PAGE_UNITS_SHIFT) + this.pageBump[page];
    this.pageBump[page] += classBytes[sizeClass] >>> UNIT_SHIFT;
    return ref;
  }

  /** Takes a place back. REQUIRES: `ref` came from `allocate` and was not freed since. */
  free(ref: number): void {
    if (ref < 0) {
      this.releaseLarge(ref & LARGE_INDEX);
      return;
    }
    const page = ref >>> PAGE_UNITS_SHIFT;
    const sizeClass = this.pageClass[page];
    assert(sizeClass !== 0 && this.pageLive[page] > 0, 'a freed slot belongs to a page in use');
    const hadRoom = this.hasRoom(page);
    this.usedBytes -= classBytes[sizeClass];
    this.chunkWords[ref >>> CHUNK_UNITS_SHIFT][(ref & CHUNK_UNIT_MASK) << 2] = this.pageFree[page];
    this.pageFree[page] = ref;
    this.pageLive[page]--;
    if (page === this.current[sizeClass]) return;
    if (this.pageLive[page] === 0) {
      if (hadRoom) this.unlist(page, sizeClass);
      this.pageClass[page] = 0;
      this.freePages.push(page);
      this.heldBytes -= PAGE_BYTES;
    } else if (!hadRoom) this.list(page, sizeClass);
  }

  /**
   * Takes every place back at once. One chunk is kept: a new one costs milliseconds, for its pages have to be cleared. The others go with
   * the next collection, which may be far: until then they serve again, so that data that comes back does not take twice the memory.
   */
  clear(): void {
    for (const { buffer } of this.chunkWords.splice(1)) this.letGo.push(new WeakRef(buffer));
    this.chunkBytes.splice(1);
    this.chunkDoubles.splice(1);
    this.chunkViews.splice(1);
    this.largeBytes.length = this.largeWords.length = this.largeDoubles.length = 0;
    this.freeLarge.length = this.freePages.length = 0;
    this.current.fill(NONE);
    this.listHead.fill(NONE);
    this.pageCount = this.usedBytes = this.heldBytes = 0;
  }

  private hasRoom(page: number): boolean {
    return (
      this.pageFree[page] !== 0 || this.pageBump[page] + (classBytes[this.pageClass[page]] >>> UNIT_SHIFT) <= PAGE_UNITS
    );
  }

  /** Makes another page the class's current one. The old one is full. */
  private nextPage(sizeClass: number): number {
    let page = this.listHead[sizeClass];
    if (page !== NONE) this.unlist(page, sizeClass);
    else page = this.takePage(sizeClass);
    this.current[sizeClass] = page;
    return page;
  }

  private takePage(sizeClass: number): number {
    const page = this.freePages.pop() ?? this.addPage();
    this.pageClass[page] = sizeClass;
    this.pageFree[page] = 0;
    this.pageLive[page] = 0;
    this.pageBump[page] = page === 0 ? 1 : 0; // ref 0 is never handed out
    this.heldBytes += PAGE_BYTES;
    return page;
  }

  private addPage(): number {
    if (this.pageCount === this.chunkBytes.length * PAGES_PER_CHUNK) this.addChunk();
    if (this.pageCount === this.pageClass.length) this.growPageTables();
    return this.pageCount++;
  }

  private addChunk(): void {
    if (this.chunkBytes.length === this.chunksMax) throw new RangeError('resident data is limited to 32 GiB');
    let memory = this.letGo.pop()?.deref();
    while (memory === undefined && this.letGo.length > 0) memory = this.letGo.pop()?.deref();
    memory ??= new SharedArrayBuffer(CHUNK_BYTES);
    this.chunkBytes.push(Buffer.from(memory));
    this.chunkWords.push(new Int32Array(memory));
    this.chunkDoubles.push(new Float64Array(memory));
    this.chunkViews.push(new DataView(memory));
  }

  private growPageTables(): void {
    const size = this.pageClass.length * 2;
    const grow = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(old);
      return grown;
    };
    const classes = new Uint8Array(size);
    classes.set(this.pageClass);
    this.pageClass = classes;
    this.pageLive = grow(this.pageLive);
    this.pageFree = grow(this.pageFree);
    this.pageBump = grow(this.pageBump);
    this.pageNext = grow(this.pageNext);
    this.pagePrevious = grow(this.pagePrevious);
  }

  private list(page: number, sizeClass: number): void {
    const head = this.listHead[sizeClass];
    this.pageNext[page] = head;
    this.pagePrevious[page] = NONE;
    if (head !== NONE) this.pagePrevious[head] = page;
    this.listHead[sizeClass] = page;
  }

  private unlist(page: number, sizeClass: number): void {
    const next = this.pageNext[page];
    const previous = this.pagePrevious[page];
    if (next !== NONE) this.pagePrevious[next] = previous;
    if (previous !== NONE) this.pageNext[previous] = next;
    else this.listHead[sizeClass] = next;
  }

  private allocateLarge(bytes: number): number {
    const memory = new ArrayBuffer((bytes + 7) & ~7);
    const index = this.freeLarge.pop() ?? this.largeBytes.length;
    this.largeBytes[index] = Buffer.from(memory);
    this.largeWords[index] = new Int32Array(memory);
    this.largeDoubles[index] = new Float64Array(memory);
    this.usedBytes += memory.byteLength;
    this.heldBytes += memory.byteLength;
    return index | ~LARGE_INDEX;
  }

  private releaseLarge(index: number): void {
    const bytes = this.largeBytes[index].length;
    assert(bytes > 0, 'a large record is freed once');
    this.usedBytes -= bytes;
    this.heldBytes -= bytes;
    this.largeBytes[index] = EMPTY_BYTES;
    this.largeWords[index] = EMPTY_WORDS;
    this.largeDoubles[index] = EMPTY_DOUBLES;
    this.freeLarge.push(index);
  }
}

const EMPTY_BYTES = Buffer.alloc(0);
const EMPTY_WORDS = new Int32Array(0);
const EMPTY_DOUBLES = new Float64Array(0);
