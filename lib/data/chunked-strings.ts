import { copyBytes } from '../base/bytes.js';
import type { BatchReader } from '../record/batch-reader.js';
import type { Cell, Entry } from '../record/entry.js';
import { CellType, WHOLE, cellKey } from '../record/entry.js';
import type { Pair } from '../record/pair.js';
import {
  CHUNKED_ABOVE_BYTES,
  CHUNK_BYTES,
  CHUNK_FIELD_BYTES,
  chunkIndexOf,
  chunksOf,
  stringOfChunks,
  writeChunkField,
} from '../record/string-chunks.js';
import { WHOLE_PAIR, pairsBytes } from '../storage/memory/chunk-pairs.js';
import { CHUNKED, RecordHead } from '../storage/memory/record-head.js';
import type { Keyspace } from './keyspace.js';

const field = Buffer.alloc(CHUNK_FIELD_BYTES);

/** Large strings that are changed in part: record/string-chunks.ts says what they are, chunk-pairs.ts how they lie in memory. */
export class ChunkedStrings {
  private readonly keyspace: Keyspace;
  private readonly head = new RecordHead();

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /**
   * Writes `bytes[start, end)` over the string at `ref` (0: over nothing), which is under the keyspace's cursor, from `offset` on, with zeros in between where it
   * is shorter. False if the string is, and stays, too short for chunks: then nothing was done. REQUIRES: there is at least a byte to write.
   */
  overwrite(ref: number, offset: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { keyspace } = this;
    const { heap } = keyspace;
    const until = offset + end - start;
    const before = ref === 0 ? 0 : heap.valueLength(ref);
    if (Math.max(before, until) <= CHUNKED_ABOVE_BYTES) return false;
    if (ref === 0) keyspace.put(WHOLE, 0, 0, 0);
    const first = Math.floor(offset / CHUNK_BYTES);
    const last = Math.floor((until - 1) / CHUNK_BYTES);
    const place = this.reserve(keyspace.cellsAt(CellType.STRING), Math.max(before, until), last - first + 1);
    copyBytes(bytes, start, end, heap.bytes(place), heap.valueStart(place) + offset);
    for (let index = first; index <= last; index++) this.log(place, index);
    return true;
  }

  /** Whether `apply` can take a chunk of the key under the keyspace's cursor, whose record is `place`. */
  takes(place: number): boolean {
    return place !== 0 && this.keyspace.cellsAt(CellType.STRING) === place && !this.keyspace.heap.isEmpty(place);
  }

  /** Merges a chunk that `reader` stands on into the string under the keyspace's cursor. REQUIRES: `takes`, and it is above what was deleted. */
  apply(reader: BatchReader): void {
    const { keyspace } = this;
    const { heap } = keyspace;
    const { bytes, stamp, origin, valueStart, valueEnd } = reader;
    const index = chunkIndexOf(bytes, reader.fieldStart, reader.fieldEnd);
    const place = keyspace.cellsAt(CellType.STRING);
    if (heap.form(place) !== CHUNKED) {
      if (!heap.isOlder(place, stamp, origin)) return;
    } else if (this.isNewer(place, WHOLE_PAIR, stamp, origin) || this.isNewer(place, index, stamp, origin)) return;
    const length = Math.max(this.lengthWithout(place, index), index * CHUNK_BYTES + valueEnd - valueStart);
    const ref = this.reserve(place, length, 1);
    const at = heap.valueStart(ref) + index * CHUNK_BYTES;
    copyBytes(bytes, valueStart, valueEnd, heap.bytes(ref), at);
    heap.chunkPairs(ref).set(index, stamp, origin, valueEnd - valueStart);
  }

  /** The cells of a string in chunks, in plain form. The whole is as long as it was, but shows what the chunks have changed. */
  cells(ref: number): Map<string, Cell> {
    const { heap } = this.keyspace;
    const bytes = heap.bytes(ref);
    const start = heap.valueStart(ref);
    const cells = new Map<string, Cell>();
    const pairs = heap.chunkPairs(ref);
    for (let i = 0; i < pairs.count; i++) {
      const index = pairs.index(i);
      const at = index === WHOLE_PAIR ? start : start + index * CHUNK_BYTES;
      const value = Buffer.from(bytes.subarray(at, at + pairs.length(i)));
      const pair = { stamp: pairs.stamp(i), origin: pairs.origin(i) };
      if (index !== WHOLE_PAIR) writeChunkField(field, 0, index);
      const name = index === WHOLE_PAIR ? WHOLE : Buffer.from(field);
      cells.set(cellKey(CellType.STRING, name), { type: CellType.STRING, field: name, value, pair, expiresAtMs: 0 });
    }
    return cells;
  }

  /** Writes the record of an entry that is a string in chunks (RecordHeap.write), over the one at `old`. */
  write(old: number, key: Uint8Array, entry: Entry, access: number, isPartial: boolean): number {
    const { heap } = this.keyspace;
    const { head } = this;
    const value = stringOfChunks(entry);
    const whole = entry.cells.get(cellKey(CellType.STRING, WHOLE));
    let top: Pair = entry.deletedUpTo;
    for (const { pair } of entry.cells.values()) if (pair.stamp >= top.stamp) top = pair;
    head.replace(top.stamp, top.origin);
    head.replaces = false;
    head.form = CHUNKED;
    head.deletedStamp = entry.deletedUpTo.stamp;
    head.deletedOrigin = entry.deletedUpTo.origin;
    head.access = access;
    head.isPartial = isPartial;
    head.expire(entry.expiry.atMs, entry.expiry.pair.stamp, entry.expiry.pair.origin);
    const tail = pairsBytes(entry.cells.size + 1);
    const ref = heap.write(old, head, key, 0, key.length, value, 0, value.length, tail);
    const pairs = heap.chunkPairs(ref);
    pairs.clear();
    if (whole?.value !== undefined) pairs.set(WHOLE_PAIR, whole.pair.stamp, whole.pair.origin, whole.value.length);
    for (const chunk of chunksOf(entry)) {
      pairs.set(chunk.index, chunk.pair.stamp, chunk.pair.origin, chunk.value.length);
    }
    return ref;
  }

  /** Logs a chunk as it is in memory now. */
  private log(place: number, index: number): void {
    const { keyspace } = this;
    const { heap } = keyspace;
    const stamp = keyspace.beginCell();
    const start = heap.valueStart(place);
    const from = start + index * CHUNK_BYTES;
    const until = Math.min(from + CHUNK_BYTES, start + heap.valueLength(place));
    writeChunkField(field, 0, index);
    keyspace.batch.cellValue(stamp, CellType.STRING, field, 0, CHUNK_FIELD_BYTES, heap.bytes(place), from, until);
    heap.chunkPairs(place).set(index, stamp, keyspace.origin, until - from);
    keyspace.cellsChanged(stamp, keyspace.origin, 1);
  }

  /** Makes the record at `place`, that of the cursor, one of a string in chunks, of that length, with room for the pairs of so many more. */
  private reserve(place: number, length: number, newPairs: number): number {
    const { keyspace } = this;
    const { heap } = keyspace;
    if (heap.form(place) === CHUNKED) return keyspace.recordMoved(heap.resizeChunked(place, length, newPairs));
    const { head } = this;
    heap.read(place, head);
    const { stamp, origin } = head;
    head.restamp(stamp, origin);
    head.form = CHUNKED;
    const bytes = heap.bytes(place);
    const keyStart = heap.keyStart(place);
    const start = heap.valueStart(place);
    const end = start + heap.valueLength(place);
    const ref = heap.write(0, head, bytes, keyStart, start, bytes, start, end, pairsBytes(newPairs + 1) + length);
    const pairs = heap.chunkPairs(ref);
    pairs.clear();
    pairs.set(WHOLE_PAIR, stamp, origin, end - start);
    keyspace.recordMoved(ref);
    return keyspace.recordMoved(heap.resizeChunked(ref, length, newPairs));
  }

  /** Whether the part that stands under `index` has a pair of at least (stamp, origin). */
  private isNewer(place: number, index: number, stamp: number, origin: number): boolean {
    const pairs = this.keyspace.heap.chunkPairs(place);
    const i = pairs.find(index);
    if (i < 0) return false;
    return pairs.stamp(i) > stamp || (pairs.stamp(i) === stamp && pairs.origin(i) >= origin);
  }

  /** The length of the string at `place` as it would be without one of its chunks. */
  private lengthWithout(place: number, index: number): number {
    const { heap } = this.keyspace;
    if (heap.form(place) !== CHUNKED) return heap.valueLength(place);
    const pairs = heap.chunkPairs(place);
    let length = 0;
    for (let i = 0; i < pairs.count; i++) {
      const at = pairs.index(i);
      if (at !== index) length = Math.max(length, (at === WHOLE_PAIR ? 0 : at * CHUNK_BYTES) + pairs.length(i));
    }
    return length;
  }
}
