/** BITFIELD: strings as rows of integers. */

import { parseInteger64 } from '../base/integer.js';
import type { BitfieldOverflow, BitfieldType } from '../data/bitfield.js';
import {
  addToBitfield,
  bitfieldEnd,
  fitBitfield,
  getBitfield,
  parseBitfieldType,
  setBitfield,
} from '../data/bitfield.js';
import { BIT_OFFSET_ERROR, enlarged } from './bitmap.js';
import type { Call } from './call.js';
import type { Command } from './command.js';
import { ONE_KEY } from './command.js';
import { NOT_AN_INTEGER, SYNTAX_ERROR } from './error-texts.js';
import { findString, readString, stringView } from './lookup.js';
import { KEYSPACE_EVENT, notify } from './notify.js';

const HASH = 0x23;

/** What an operation has written: nothing (it reads, or has failed), the value that was there, another one. */
const Outcome = { NONE: 0, SAME: 1, CHANGED: 2 } as const;
type Outcome = (typeof Outcome)[keyof typeof Outcome];

interface Operation {
  readonly kind: 'get' | 'set' | 'incrby';
  readonly type: BitfieldType;
  /** In bits. */
  readonly offset: number;
  /** What SET sets and INCRBY adds. */
  readonly operand: bigint;
  readonly overflow: BitfieldOverflow;
}

/** BITFIELD key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value | INCRBY type offset increment] ... */
function bitfield(call: Call): void {
  const operations = parseOperations(call);
  if (operations === undefined) return;
  if (operations.every(({ kind }) => kind === 'get')) readFields(call, operations);
  else changeFields(call, operations);
}

/** BITFIELD_RO key [GET type offset] ... */
function bitfieldRo(call: Call): void {
  const operations = parseOperations(call);
  if (operations === undefined) return;
  if (operations.every(({ kind }) => kind === 'get')) readFields(call, operations);
  else call.reply.error('ERR BITFIELD_RO only supports the GET subcommand');
}

function readFields(call: Call, operations: readonly Operation[]): void {
  const value = stringView(call, readString(call, 1));
  call.reply.array(operations.length);
  for (const { offset, type } of operations) replyField(call, getBitfield(value, 0, value.length, offset, type));
}

/** Runs the operations, in order, on a copy. The string grows to hold them all, even if one of them fails. */
function changeFields(call: Call, operations: readonly Operation[]): void {
  const { keyspace, reply } = call;
  const ref = findString(call, 1);
  const before = ref === 0 ? 0 : keyspace.heap.valueLength(ref);
  let from = Infinity;
  let until = 0;
  for (const { kind, offset, type } of operations) {
    if (kind === 'get') continue;
    from = Math.min(from, Math.floor(offset / 8));
    until = Math.max(until, bitfieldEnd(offset, type));
  }
  const length = Math.max(before, until);
  const bytes = enlarged(call, ref, length);
  const grows = length > before;
  let changed = false;
  reply.array(operations.length);
  for (const operation of operations) {
    const outcome = runOperation(call, operation, bytes, length);
    if (outcome === Outcome.CHANGED || (grows && outcome === Outcome.SAME)) changed = true;
  }
  if (grows || changed) keyspace.overwrite(from, bytes, from, until);
  // A string that has only grown, for operations that failed, is no event in Redis.
  if (changed) notify(call, KEYSPACE_EVENT.string, 'setbit', 1);
}

/** Runs and answers one operation on `bytes[0, length)`. */
function runOperation(call: Call, operation: Operation, bytes: Buffer, length: number): Outcome {
  const { kind, type, offset, operand, overflow } = operation;
  const old = getBitfield(bytes, 0, length, offset, type);
  if (kind === 'get') {
    replyField(call, old);
    return Outcome.NONE;
  }
  const value = kind === 'set' ? fitBitfield(operand, type, overflow) : addToBitfield(old, operand, type, overflow);
  replyField(call, kind === 'set' && value !== undefined ? old : value);
  if (value === undefined) return Outcome.NONE;
  if (value === old) return Outcome.SAME;
  setBitfield(bytes, 0, offset, type, value);
  return Outcome.CHANGED;
}

/** Null stands for an overflow that was to fail. */
function replyField({ reply }: Call, value: number | bigint | undefined): void {
  if (value === undefined) reply.nullBulk();
  else if (typeof value === 'number') reply.integer(value);
  else reply.bigInteger(value);
}

/** Undefined after an error reply. */
function parseOperations(call: Call): Operation[] | undefined {
  const { args } = call;
  const operations: Operation[] = [];
  let overflow: BitfieldOverflow = 'wrap';
  for (let i = 2; i < args.count;) {
    if (args.is(i, 'overflow') && i + 1 < args.count) {
      const chosen = parseOverflow(call, i + 1);
      if (chosen === undefined) return undefined;
      overflow = chosen;
      i += 2;
      continue;
    }
    const operation = parseOperation(call, i, overflow);
    if (operation === undefined) return undefined;
    operations.push(operation);
    i += operation.kind === 'get' ? 3 : 4;
  }
  return operations;
}

/** Undefined after an error reply. */
function parseOverflow(call: Call, i: number): BitfieldOverflow | undefined {
  const { args, reply } = call;
  if (args.is(i, 'wrap')) return 'wrap';
  if (args.is(i, 'sat')) return 'sat';
  if (args.is(i, 'fail')) return 'fail';
  reply.error('ERR Invalid OVERFLOW type specified');
  return undefined;
}

/** The operation that begins with argument i; undefined after an error reply. */
function parseOperation(call: Call, i: number, overflow: BitfieldOverflow): Operation | undefined {
  const { args, reply } = call;
  const kind = parseKind(call, i);
  if (kind === undefined) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const type = parseBitfieldType(args.text(i + 1));
  if (type === undefined) {
    reply.error('ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.');
    return undefined;
  }
  const offset = parseOffset(call, i + 2, type);
  if (offset === undefined) return undefined;
  if (kind === 'get') return { kind, type, offset, operand: 0n, overflow };
  const operand = parseInteger64(args.buffer, args.start[i + 3], args.end[i + 3]);
  if (operand !== undefined) return { kind, type, offset, operand, overflow };
  reply.error(NOT_AN_INTEGER);
  return undefined;
}

/** Undefined if argument i is no operation, or lacks arguments of its own. */
function parseKind({ args }: Call, i: number): Operation['kind'] | undefined {
  const rest = args.count - i - 1;
  if (args.is(i, 'get') && rest >= 2) return 'get';
  if (args.is(i, 'set') && rest >= 3) return 'set';
  return args.is(i, 'incrby') && rest >= 3 ? 'incrby' : undefined;
}

/** The offset in argument i, in bits, or with `#` in fields of the type's width; undefined after an error reply. */
function parseOffset(call: Call, i: number, type: BitfieldType): number | undefined {
  const { args, reply } = call;
  const start = args.start[i];
  const inFields = args.lengthOf(i) > 0 && args.buffer[start] === HASH;
  const number = parseInteger64(args.buffer, inFields ? start + 1 : start, args.end[i]);
  const offset = Number(number ?? -1n) * (inFields ? type.width : 1);
  if (offset >= 0 && Math.floor(offset / 8) < call.server.valueBytesMax) return offset;
  reply.error(BIT_OFFSET_ERROR);
  return undefined;
}

export const bitfieldCommands: readonly Command[] = [
  { name: 'bitfield', arity: -2, flags: ['write', 'denyoom'], keys: ONE_KEY, run: bitfield },
  { name: 'bitfield_ro', arity: -2, flags: ['readonly', 'fast'], keys: ONE_KEY, run: bitfieldRo },
];
