/**
 * Sets in DUMP payloads (rdb-format.ts).
 *
 *   set    = length *string          type 2
 *   intset = string                  type 11: see intset.ts
 */

import type { DumpVisitor } from './dump-visitor.js';
import { IntsetReader, encodeIntset } from './intset.js';
import type { PackedLimits } from './packed-limits.js';
import { intsetOf } from './packed-limits.js';
import { TYPE_SET, TYPE_SET_INTSET } from './rdb-format.js';
import type { RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';

/** What Redis 7.0 answers to DUMP of a set of `count` members, which are gone through twice; in which order it has those of a hashtable is chance. */
export function encodeSetDump(members: Iterable<Buffer>, count: number, limits: PackedLimits): Buffer {
  const writer = new RdbWriter();
  const integers = intsetOf(members, count, limits);
  if (integers !== undefined) {
    writer.byte(TYPE_SET_INTSET);
    writer.string(encodeIntset(integers));
    return writer.finishDump();
  }
  writer.byte(TYPE_SET);
  writer.length(count);
  for (const member of members) writer.string(member);
  return writer.finishDump();
}

/** Reads a set of either type of RDB; false if it is malformed. */
export function readSet(reader: RdbReader, type: number, visitor: DumpVisitor): boolean {
  if (type === TYPE_SET_INTSET) {
    const entries = new IntsetReader(reader.string());
    while (entries.next()) visitor.element(entries.entry);
    return !entries.failed && !reader.failed;
  }
  const count = reader.length();
  for (let i = 0; i < count && !reader.failed; i++) {
    const member = reader.string();
    if (!reader.failed) visitor.element(member);
  }
  return !reader.failed;
}
