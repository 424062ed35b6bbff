/**
 * How commands look up keys, and what they do with the string they find. Where a command needs a string, it comes
 * through `findString` or `readString`, so that a check of the type has one place.
 *
 * All of them put the keyspace's cursor on the key, and return the ref of its record: 0 if there is no such key.
 */

import type { FieldCells } from '../data/field-cells.js';
import type { ListCells } from '../data/list-cells.js';
import type { SortedCells } from '../data/sorted-cells.js';
import { WRONG_TYPE } from '../data/wrong-type.js';
import type { CellType } from '../record/entry.js';
import { isStringType } from '../record/entry.js';
import type { Call } from './call.js';

/** The key in argument i, for a write: that counts as a use itself. */
export function findKey(call: Call, i: number): number {
  const { args } = call;
  return call.keyspace.find(call.db, args.buffer, args.start[i], args.end[i]);
}

/** The key in argument i, for a write that replaces it whatever it is: it is not looked for on the disk. */
export function findBlind(call: Call, i: number): number {
  const { args } = call;
  return call.keyspace.findBlind(call.db, args.buffer, args.start[i], args.end[i]);
}

/** The key in argument i, for a write that leaves its value: a use all the same. */
export function useKey(call: Call, i: number): number {
  const ref = findKey(call, i);
  if (ref !== 0 && !call.client.noTouch) call.keyspace.touch();
  return ref;
}

/** The key in argument i, for a look that is no use of it: counts a hit or a miss, and leaves the access alone. */
export function peekKey(call: Call, i: number): number {
  const { args } = call;
  return call.keyspace.read(call.db, args.buffer, args.start[i], args.end[i], true);
}

/** The key in argument i, for a look at how it is kept: as `peekKey`, but that it is not there is not told. */
export function inspectKey(call: Call, i: number): number {
  const { keyspace } = call;
  const ref = findKey(call, i);
  if (ref === 0) keyspace.misses++;
  else keyspace.hits++;
  return ref;
}

/** The key in argument i, for a read. */
export function readKey(call: Call, i: number): number {
  const { args } = call;
  return call.keyspace.read(call.db, args.buffer, args.start[i], args.end[i], call.client.noTouch);
}

/** The string at the key in argument i, for a write. Throws WRONG_TYPE. */
export function findString(call: Call, i: number): number {
  return checkedString(call, findKey(call, i));
}

/** The string at the key in argument i, for a read. Throws WRONG_TYPE. */
export function readString(call: Call, i: number): number {
  return checkedString(call, readKey(call, i));
}

/** The hash at the key in argument i, for a write: empty if there is no such key. Throws WRONG_TYPE. */
export function findHash(call: Call, i: number): FieldCells {
  return turnTo(call, findKey(call, i), call.keyspace.hashes);
}

/** The hash at the key in argument i, for a read. Throws WRONG_TYPE. */
export function readHash(call: Call, i: number): FieldCells {
  return turnTo(call, readKey(call, i), call.keyspace.hashes);
}

/** The set at the key in argument i, for a write: empty if there is no such key. Throws WRONG_TYPE. */
export function findSet(call: Call, i: number): FieldCells {
  return turnTo(call, findKey(call, i), call.keyspace.sets);
}

/** The set at the key in argument i, for a read. Throws WRONG_TYPE. */
export function readSet(call: Call, i: number): FieldCells {
  return turnTo(call, readKey(call, i), call.keyspace.sets);
}

/** The sorted set at the key in argument i, for a write: empty if there is no such key. Throws WRONG_TYPE. */
export function findSortedSet(call: Call, i: number): SortedCells {
  return turnTo(call, findKey(call, i), call.keyspace.sortedSets);
}

/** The sorted set at the key in argument i, for a read. Throws WRONG_TYPE. */
export function readSortedSet(call: Call, i: number): SortedCells {
  return turnTo(call, readKey(call, i), call.keyspace.sortedSets);
}

/** The list at the key in argument i, for a write: empty if there is no such key. Throws WRONG_TYPE. */
export function findList(call: Call, i: number): ListCells {
  return turnTo(call, findKey(call, i), call.keyspace.lists);
}

/** The list at the key in argument i, for a read. Throws WRONG_TYPE. */
export function readList(call: Call, i: number): ListCells {
  return turnTo(call, readKey(call, i), call.keyspace.lists);
}

/** Whether the key at `ref` (not 0) is a string, of whichever kind. */
export function isString({ keyspace }: Call, ref: number): boolean {
  return isStringType(keyspace.heap.type(ref));
}

function checkedString(call: Call, ref: number): number {
  if (ref !== 0 && !isString(call, ref)) throw WRONG_TYPE;
  return ref;
}

/** The ref of a key that was looked for, as it is; 0 is no key. Throws WRONG_TYPE. */
export function checked(call: Call, ref: number, type: CellType): number {
  if (ref !== 0 && call.keyspace.heap.type(ref) !== type) throw WRONG_TYPE;
  return ref;
}

function turnTo<T extends FieldCells | ListCells>(call: Call, ref: number, cells: T): T {
  checked(call, ref, cells.type);
  // Who changes a large collection, or takes what is in it, goes on with it.
  if (ref !== 0 && call.keyspace.heap.isLarge(ref)) call.keyspace.keepKey();
  cells.use();
  return cells;
}

/** Answers with the string at `ref`; with null if that is 0. */
export function replyString(call: Call, ref: number): void {
  if (ref === 0) {
    call.reply.nullBulk();
    return;
  }
  const { heap } = call.keyspace;
  const start = heap.valueStart(ref);
  call.reply.bulk(heap.bytes(ref), start, start + heap.valueLength(ref));
}

/** Whether the string at `ref` (not 0) is what argument i says. */
export function stringEquals(call: Call, ref: number, i: number): boolean {
  const { heap } = call.keyspace;
  const { args } = call;
  const length = heap.valueLength(ref);
  if (length !== args.lengthOf(i)) return false;
  const start = heap.valueStart(ref);
  return heap.bytes(ref).compare(args.buffer, args.start[i], args.end[i], start, start + length) === 0;
}

/** A view of the string at `ref`, empty if that is 0. Valid until the next change. Allocates: not for the hot path. */
export function stringView(call: Call, ref: number): Buffer {
  if (ref === 0) return NOTHING;
  const { heap } = call.keyspace;
  const start = heap.valueStart(ref);
  return heap.bytes(ref).subarray(start, start + heap.valueLength(ref));
}

const NOTHING = Buffer.alloc(0);
