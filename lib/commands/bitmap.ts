/** Strings as rows of bits: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. Bit 0 is the highest bit of the first byte. */

import { copyBytes } from '../base/bytes.js';
import { parseInteger } from '../base/integer.js';
import { bitCountBetween, bitNot, bitOp, bitPosition } from '../data/bits.js';
import type { BitOperation } from '../data/bits.js';
import { NEVER } from '../data/keyspace.js';
import type { Call } from './call.js';
import type { Command, KeyRange } from './command.js';
import { ONE_KEY } from './command.js';
import { SYNTAX_ERROR } from './error-texts.js';
import { fromStart, isReversed } from './index-range.js';
import { integerArgument } from './integer-argument.js';
import { findKey, findString, readString, stringView } from './lookup.js';
import { KEYSPACE_EVENT, notify, notifyDel } from './notify.js';
import { scratch } from './scratch.js';

export const BIT_OFFSET_ERROR = 'ERR bit offset is not an integer or out of range';
const BIT_ERROR = 'ERR bit is not an integer or out of range';

const oneByte = Buffer.alloc(1);

/** Units of ranges, in bits. */
const BYTE = 8;
const BIT = 1;

const FROM_SECOND: KeyRange = { first: 2, last: -1, step: 1 };

/** Bits of a string, from `first` to `last`: none if `last` is smaller. */
interface BitRange {
  readonly first: number;
  readonly last: number;
}

/** SETBIT key offset bit: the bit before. */
function setbit(call: Call): void {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  const offset = bitOffset(call, 2);
  if (Number.isNaN(offset)) return;
  const bit = parseInteger(args.buffer, args.start[3], args.end[3]);
  if (bit !== 0 && bit !== 1) {
    reply.error(BIT_ERROR);
    return;
  }
  const ref = findString(call, 1);
  const length = ref === 0 ? 0 : heap.valueLength(ref);
  const at = Math.floor(offset / 8);
  const mask = 0x80 >> (offset % 8);
  const old = at < length ? heap.bytes(ref)[heap.valueStart(ref) + at] : 0;
  const before = (old & mask) === 0 ? 0 : 1;
  if (at >= length || before !== bit) {
    oneByte[0] = bit === 1 ? old | mask : old & ~mask;
    keyspace.overwrite(at, oneByte, 0, 1);
    notify(call, KEYSPACE_EVENT.string, 'setbit', 1);
  }
  reply.integer(before);
}

/** GETBIT key offset */
function getbit(call: Call): void {
  const { heap } = call.keyspace;
  const offset = bitOffset(call, 2);
  if (Number.isNaN(offset)) return;
  const ref = readString(call, 1);
  const at = Math.floor(offset / 8);
  const byte = ref !== 0 && at < heap.valueLength(ref) ? heap.bytes(ref)[heap.valueStart(ref) + at] : 0;
  call.reply.integer((byte >> (7 - (offset % 8))) & 1);
}

/** BITCOUNT key [start end [BYTE | BIT]] */
function bitcount(call: Call): void {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  const ref = readString(call, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  if (args.count === 3 || args.count > 5) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const start = args.count > 2 ? integerArgument(call, 2) : 0;
  if (Number.isNaN(start)) return;
  const end = args.count > 3 ? integerArgument(call, 3) : -1;
  if (Number.isNaN(end)) return;
  if (isReversed(start, end)) {
    reply.integer(0);
    return;
  }
  const unit = parseUnit(call, 4);
  if (unit === undefined) return;
  const range = bitRange(start, end, unit, heap.valueLength(ref));
  if (range.first > range.last) reply.integer(0);
  else reply.integer(bitCountBetween(heap.bytes(ref), heap.valueStart(ref), range.first, range.last));
}

/** BITPOS key bit [start [end [BYTE | BIT]]] */
function bitpos(call: Call): void {
  const { args, keyspace, reply } = call;
  const { heap } = keyspace;
  const bit = integerArgument(call, 2);
  if (Number.isNaN(bit)) return;
  if (bit !== 0 && bit !== 1) {
    reply.error('ERR The bit argument must be 1 or 0.');
    return;
  }
  const ref = readString(call, 1);
  if (ref === 0) {
    reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  const length = heap.valueLength(ref);
  const range = parseRange(call, length);
  if (range === undefined) return;
  if (range.first > range.last) {
    reply.integer(-1);
    return;
  }
  const found = bitPosition(heap.bytes(ref), heap.valueStart(ref), range.first, range.last, bit);
  // A string without a given end goes on in zeros.
  if (found === -1 && bit === 0 && args.count < 5) reply.integer(length * 8);
  else reply.integer(found);
}

/** BITOP operation destination key [key ...]: the length of the result. */
function bitop(call: Call): void {
  const { args, keyspace, reply } = call;
  const operation = parseOperation(call);
  if (operation === undefined) return;
  let length = 0;
  for (let i = 3; i < args.count; i++) {
    const ref = readString(call, i);
    if (ref !== 0) length = Math.max(length, keyspace.heap.valueLength(ref));
  }
  const bytes = combine(call, operation, length);
  const ref = findKey(call, 2);
  if (length > 0) {
    keyspace.put(bytes, 0, length, NEVER);
    notify(call, KEYSPACE_EVENT.string, 'set', 2);
  } else if (ref !== 0) {
    keyspace.remove();
    notifyDel(call, 2);
  }
  reply.integer(length);
}

/** Undefined after an error reply. */
function parseOperation(call: Call): BitOperation | 'not' | undefined {
  const { args, reply } = call;
  if (args.is(1, 'and')) return 'and';
  if (args.is(1, 'or')) return 'or';
  if (args.is(1, 'xor')) return 'xor';
  if (args.is(1, 'not') && args.count === 4) return 'not';
  reply.error(args.is(1, 'not') ? 'ERR BITOP NOT must be called with a single source key.' : SYNTAX_ERROR);
  return undefined;
}

/** The result over the keys from argument 3 on, of which the longest has `length` bytes. */
function combine(call: Call, operation: BitOperation | 'not', length: number): Buffer {
  const bytes = enlarged(call, findString(call, 3), length);
  if (operation === 'not') {
    bitNot(bytes, 0, length);
    return bytes;
  }
  for (let i = 4; i < call.args.count; i++) {
    const source = stringView(call, findString(call, i));
    bitOp(operation, bytes, 0, length, source, 0, source.length);
  }
  return bytes;
}

/** A copy of the string at `ref` (0: of nothing), with zeros behind it up to `length`, in scratch. */
export function enlarged(call: Call, ref: number, length: number): Buffer {
  const source = stringView(call, ref);
  const bytes = scratch(length);
  bytes.fill(0, copyBytes(source, 0, source.length, bytes, 0), length);
  return bytes;
}

/** The bit offset in argument i; NaN after an error reply. */
function bitOffset(call: Call, i: number): number {
  const offset = integerArgument(call, i, BIT_OFFSET_ERROR);
  if (offset >= 0 && Math.floor(offset / 8) < call.server.valueBytesMax) return offset;
  if (!Number.isNaN(offset)) call.reply.error(BIT_OFFSET_ERROR);
  return NaN;
}

/** The bits that BITPOS's last arguments mean in a string of `length` bytes; undefined after an error reply. */
function parseRange(call: Call, length: number): BitRange | undefined {
  const { args, reply } = call;
  if (args.count > 6) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const start = args.count > 3 ? integerArgument(call, 3) : 0;
  if (Number.isNaN(start)) return undefined;
  const unit = parseUnit(call, 5);
  if (unit === undefined) return undefined;
  const end = args.count > 4 ? integerArgument(call, 4) : -1;
  return Number.isNaN(end) ? undefined : bitRange(start, end, unit, length);
}

/** What a range counts in, BYTE or BIT, as argument i says if it is there; undefined after an error reply. */
function parseUnit(call: Call, i: number): number | undefined {
  const { args, reply } = call;
  if (args.count <= i || args.is(i, 'byte')) return BYTE;
  if (args.is(i, 'bit')) return BIT;
  reply.error(SYNTAX_ERROR);
  return undefined;
}

/** The bits from `start` to `end`, in units of `unit` bits, of a string of `length` bytes. Either may count from the end. */
function bitRange(start: number, end: number, unit: number, length: number): BitRange {
  const count = (length * 8) / unit;
  const last = Math.min(fromStart(end, count), count - 1);
  return { first: fromStart(start, count) * unit, last: last * unit + unit - 1 };
}

export const bitmapCommands: readonly Command[] = [
  { name: 'setbit', arity: 4, flags: ['write', 'denyoom'], keys: ONE_KEY, run: setbit },
  { name: 'getbit', arity: 3, flags: ['readonly', 'fast'], keys: ONE_KEY, run: getbit },
  { name: 'bitcount', arity: -2, flags: ['readonly'], keys: ONE_KEY, run: bitcount },
  { name: 'bitpos', arity: -3, flags: ['readonly'], keys: ONE_KEY, run: bitpos },
  { name: 'bitop', arity: -4, flags: ['write', 'denyoom'], keys: FROM_SECOND, run: bitop },
];
