/**
 * HyperLogLog: how many different elements a set has, in at most 12 KiB and with a standard error of 0.81 %.
 *
 * The hash of an element chooses one of 16384 registers, and the register keeps the longest run of zeros that it has seen behind that
 * in a hash. Nearly empty, the registers are packed by opcodes (sparse), else they lie side by side (dense): hyperloglog-format.ts. How the opcodes are split
 * and joined is not part of the format but of what GET answers, and is done as Redis does it.
 */

import { copyBytes } from '../base/bytes.js';
import { MurmurHash } from '../base/murmur-hash.js';
import {
  DENSE,
  DENSE_BYTES,
  HEADER_BYTES,
  REGISTER_COUNT,
  SPARSE,
  SPARSE_VALUE_MAX,
  VALUE_RUN_MAX,
  denseRegister,
  encodingAt,
  isLongZero,
  isValue,
  markStale,
  opcodeBytes,
  runLength,
  runValue,
  setDenseRegister,
  setEncoding,
  valueOpcode,
  writeHeader,
  writeZeros,
} from './hyperloglog-format.js';

/** What became of a register that was to be raised. CORRUPT: the opcodes are not for all registers. */
export const Raised = { CORRUPT: -1, NO: 0, YES: 1 } as const;
export type Raised = (typeof Raised)[keyof typeof Raised];

const HASH_SEED = 0xadc83b19;
const REGISTER_INDEX_BITS = 14;
const hash = new MurmurHash(HASH_SEED);

/** A change makes the opcodes longer by three bytes at most. */
const GROWTH_BYTES = 3;
/** How many opcodes are looked at after a change, from the one before it on, whether two can be one. */
const JOIN_LOOKS = 5;
/** Larger copies are not kept: only a broken value is so large. */
const KEPT_BYTES = 32 * 1024;

const kept = Buffer.allocUnsafeSlow(KEPT_BYTES);

/**
 * A copy of a HyperLogLog to be changed: `bytes[0, length)`. There is one at a time, for all are made in the same memory.
 */
export class HyperLogLog {
  bytes = kept;
  length = 0;
  /** It becomes dense rather than longer than this (hll-sparse-max-bytes). */
  sparseBytesMax = 0;

  // Where `locate` has found a register.
  private at = 0;
  private previousAt = 0;
  private firstRegister = 0;

  /** Makes it one that has seen nothing. */
  clear(): void {
    this.bytes = kept;
    writeHeader(kept, 0, SPARSE);
    this.length = writeZeros(kept, HEADER_BYTES, REGISTER_COUNT);
  }

  /** Makes it a copy of `source[start, start + length)`. REQUIRES: that is a HyperLogLog (`isHyperLogLog`). */
  load(source: Uint8Array, start: number, length: number): void {
    const room = length + GROWTH_BYTES;
    this.bytes = room <= KEPT_BYTES ? kept : Buffer.allocUnsafeSlow(room);
    this.length = copyBytes(source, start, start + length, this.bytes, 0);
  }

  get isDense(): boolean {
    return encodingAt(this.bytes, 0) === DENSE;
  }

  /** Sees an element. */
  add(element: Uint8Array, start: number, end: number): Raised {
    hash.hash(element, start, end);
    return this.raise(hash.low & (REGISTER_COUNT - 1), zeroRun(hash) + 1);
  }

  /** Raises a register to `value`, if it is lower. */
  raise(register: number, value: number): Raised {
    if (!this.isDense) return this.raiseSparse(register, value);
    if (denseRegister(this.bytes, 0, register) >= value) return Raised.NO;
    setDenseRegister(this.bytes, 0, register, value);
    return Raised.YES;
  }

  /** Makes it dense; false if it is corrupt. */
  toDense(): boolean {
    if (this.isDense) return true;
    spread.fill(0);
    if (!raiseAll(spread, this.bytes, 0, this.length)) return false;
    this.bytes = kept;
    setEncoding(kept, 0, DENSE);
    this.length = DENSE_BYTES;
    for (let i = 0, at = HEADER_BYTES; i < REGISTER_COUNT; i += 4) {
      kept[at++] = spread[i] | (spread[i + 1] << 6);
      kept[at++] = (spread[i + 1] >> 2) | (spread[i + 2] << 4);
      kept[at++] = (spread[i + 2] >> 4) | (spread[i + 3] << 2);
    }
    return true;
  }

  private raiseSparse(register: number, value: number): Raised {
    if (value > SPARSE_VALUE_MAX) return this.raiseInDense(register, value);
    if (!this.locate(register)) return Raised.CORRUPT;
    const { bytes, at } = this;
    const opcode = bytes[at];
    if (isValue(opcode) && runValue(opcode) >= value) return Raised.NO;
    const run = this.runAt(at);
    if (run === 1 && !isLongZero(opcode)) bytes[at] = valueOpcode(value, 1);
    else if (!this.split(register, value, run)) return this.raiseInDense(register, value);
    this.join();
    markStale(bytes, 0);
    return Raised.YES;
  }

  private raiseInDense(register: number, value: number): Raised {
    return this.toDense() ? this.raise(register, value) : Raised.CORRUPT;
  }

  /** Finds the opcode of a register; false if there is none. */
  private locate(register: number): boolean {
    const { bytes, length } = this;
    this.previousAt = HEADER_BYTES;
    this.firstRegister = 0;
    for (let at = HEADER_BYTES; at < length;) {
      const run = this.runAt(at);
      this.at = at;
      if (register < this.firstRegister + run) return true;
      this.previousAt = at;
      this.firstRegister += run;
      at += opcodeBytes(bytes[at]);
    }
    return false;
  }

  private runAt(at: number): number {
    return runLength(this.bytes[at], at + 1 < this.length ? this.bytes[at + 1] : 0);
  }

  /** Puts opcodes for what is before the register, itself and behind it in the place of the located one; false if they are too long. */
  private split(register: number, value: number, run: number): boolean {
    const { bytes, at } = this;
    const opcode = bytes[at];
    const before = register - this.firstRegister;
    const after = run - before - 1;
    let end = splitRun(opcode, before, 0);
    parts[end++] = valueOpcode(value, 1);
    end = splitRun(opcode, after, end);
    const oldEnd = at + opcodeBytes(opcode);
    const growth = at + end - oldEnd;
    if (growth > 0 && this.length + growth > this.sparseBytesMax) return false;
    if (growth !== 0) bytes.copyWithin(oldEnd + growth, oldEnd, this.length);
    this.length += growth;
    copyBytes(parts, 0, end, bytes, at);
    return true;
  }

  /** Makes one of neighbours with the same value, near what was changed. */
  private join(): void {
    const { bytes } = this;
    let at = this.previousAt;
    for (let looks = JOIN_LOOKS; at < this.length && looks > 0; looks--) {
      const opcode = bytes[at];
      const next = at + 1 < this.length ? bytes[at + 1] : 0;
      const run = runLength(opcode, 0) + runLength(next, 0);
      const isPair = isValue(opcode) && isValue(next) && runValue(opcode) === runValue(next);
      if (isPair && run <= VALUE_RUN_MAX) {
        bytes[at + 1] = valueOpcode(runValue(opcode), run);
        bytes.copyWithin(at, at + 1, this.length);
        this.length--;
        // It may go on with the one behind.
      } else at += opcodeBytes(opcode);
    }
  }
}

/** The opcodes that take the place of one: at most two of two bytes and one of one. */
const parts = new Uint8Array(5);
/** Registers of a byte each. */
const spread = new Uint8Array(REGISTER_COUNT);

/** Writes what is left of an opcode, for `run` registers, to `parts`; returns the offset behind it. */
function splitRun(opcode: number, run: number, at: number): number {
  if (!isValue(opcode)) return writeZeros(parts, at, run);
  if (run > 0) parts[at++] = valueOpcode(runValue(opcode), run);
  return at;
}

/**
 * Raises `registers`, of a byte each, to those of the HyperLogLog at `bytes[start, start + length)` where these are higher. False if that is
 * corrupt.
 */
export function raiseAll(registers: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (encodingAt(bytes, start) === DENSE) {
    for (let i = 0; i < REGISTER_COUNT; i++) {
      const value = denseRegister(bytes, start, i);
      if (value > registers[i]) registers[i] = value;
    }
    return true;
  }
  let register = 0;
  const end = start + length;
  for (let at = start + HEADER_BYTES; at < end;) {
    const opcode = bytes[at];
    const next = register + runLength(opcode, at + 1 < end ? bytes[at + 1] : 0);
    if (next > REGISTER_COUNT) return false;
    if (isValue(opcode)) {
      const value = runValue(opcode);
      for (let i = register; i < next; i++) if (value > registers[i]) registers[i] = value;
    }
    register = next;
    at += opcodeBytes(opcode);
  }
  return register === REGISTER_COUNT;
}

/** Whether the dense HyperLogLog at `bytes[start, ...)` changes when it sees an element: as `add` tells, without a copy of it. */
export function denseWouldChange(
  bytes: Uint8Array,
  start: number,
  element: Uint8Array,
  elementStart: number,
  elementEnd: number,
): boolean {
  hash.hash(element, elementStart, elementEnd);
  return denseRegister(bytes, start, hash.low & (REGISTER_COUNT - 1)) <= zeroRun(hash);
}

/** How many zeros follow the register's bits in the hash, from the low end; 50 if nothing else does. */
function zeroRun({ high, low }: MurmurHash): number {
  const rest = low >>> REGISTER_INDEX_BITS;
  if (rest !== 0) return trailingZeros(rest);
  const width = 32 - REGISTER_INDEX_BITS;
  return high === 0 ? width + 32 : width + trailingZeros(high);
}

/** REQUIRES: `value` is not 0. */
function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}
