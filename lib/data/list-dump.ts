/**
 * Lists in DUMP payloads (rdb-format.ts).
 *
 *   list        = length *string                     type 1, until Redis 3.0
 *   ziplist     = string                             type 10
 *   quicklist   = length *string                     type 14, each a ziplist
 *   quicklist 2 = length *(container string)         type 18, Redis 7.0
 *   container   = length 1: the string is one element | length 2: it is a listpack
 *
 * How the elements are dealt out to listpacks is what Redis makes of a list that was filled by RPUSH alone.
 */

import type { DumpVisitor } from './dump-visitor.js';
import { ListpackReader, ListpackWriter } from './listpack.js';
import type { PackedEntries } from './packed-entries.js';
import { TYPE_LIST, TYPE_LIST_QUICKLIST, TYPE_LIST_QUICKLIST_2, TYPE_LIST_ZIPLIST } from './rdb-format.js';
import type { RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';
import { ZiplistReader } from './ziplist.js';

const PLAIN = 1;
const PACKED = 2;

/** The sizes in bytes that -1 to -5 stand for in list-max-listpack-size. */
const NODE_BYTES_MAX = [4096, 8192, 16384, 32768, 65536];
/** A node that is limited by its elements has at most so many bytes, unless a single element is larger. */
const COUNTED_BYTES_MAX = 8192;
const NODE_COUNT_MAX = 2 ** 15 - 1;
/** What Redis takes an element to need beside its bytes. */
const ELEMENT_OVERHEAD_BYTES = 8;

/** What Redis 7.0 answers to DUMP of a list. `listMaxListpackSize`: the option of that name. */
export function encodeListDump(elements: Iterable<Buffer>, listMaxListpackSize: number): Buffer {
  const nodes: Buffer[] = [];
  let node: ListpackWriter | undefined;
  for (const element of elements) {
    if (node !== undefined && !hasRoom(node, element.length, listMaxListpackSize)) {
      nodes.push(node.finish());
      node = undefined;
    }
    node ??= new ListpackWriter();
    node.append(element);
  }
  if (node !== undefined) nodes.push(node.finish());
  const writer = new RdbWriter(nodes.reduce((bytes, { length }) => bytes + length, 64));
  writer.byte(TYPE_LIST_QUICKLIST_2);
  writer.length(nodes.length);
  for (const bytes of nodes) {
    writer.length(PACKED);
    writer.string(bytes);
  }
  return writer.finishDump();
}

/** Whether an element of `length` bytes goes into a node too. */
function hasRoom(node: ListpackWriter, length: number, listMaxListpackSize: number): boolean {
  const bytes = node.byteLength + length + ELEMENT_OVERHEAD_BYTES;
  if (listMaxListpackSize < 0)
    return bytes <= NODE_BYTES_MAX[Math.min(-listMaxListpackSize, NODE_BYTES_MAX.length) - 1];
  return bytes <= COUNTED_BYTES_MAX && node.count < Math.min(listMaxListpackSize, NODE_COUNT_MAX);
}

/** Reads a list of any type of RDB; false if it is malformed. */
export function readList(reader: RdbReader, type: number, visitor: DumpVisitor): boolean {
  if (type === TYPE_LIST_ZIPLIST) return readElements(new ZiplistReader(reader.string()), visitor) && !reader.failed;
  const count = reader.length();
  for (let i = 0; i < count && !reader.failed; i++) {
    if (type === TYPE_LIST) {
      const element = reader.string();
      if (!reader.failed) visitor.element(element);
    } else if (!readNode(reader, type, visitor)) return false;
  }
  return !reader.failed;
}

function readNode(reader: RdbReader, type: number, visitor: DumpVisitor): boolean {
  const container = type === TYPE_LIST_QUICKLIST ? PACKED : reader.length();
  const bytes = reader.string();
  if (reader.failed || bytes.length === 0) return false;
  if (container === PLAIN) {
    visitor.element(bytes);
    return true;
  }
  if (container !== PACKED) return false;
  return readElements(type === TYPE_LIST_QUICKLIST ? new ZiplistReader(bytes) : new ListpackReader(bytes), visitor);
}

function readElements(entries: PackedEntries, visitor: DumpVisitor): boolean {
  while (entries.next()) visitor.element(entries.entry);
  return !entries.failed;
}
