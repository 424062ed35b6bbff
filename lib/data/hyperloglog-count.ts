/**
 * Counting with a HyperLogLog, which looks at how many registers hold each value and at nothing else.
 *
 * The estimate is Otmar Ertl's, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284), with the operations in the
 * order of Redis, so that the counts are equal to the last digit.
 */

import {
  DENSE,
  HEADER_BYTES,
  REGISTER_COUNT,
  REGISTER_MAX,
  encodingAt,
  isValue,
  opcodeBytes,
  runLength,
  runValue,
} from './hyperloglog-format.js';

/** The highest value that a hash gives a register: 50 bits, all zero, and one for the end. */
export const HASHED_VALUE_MAX = 64 - 14 + 1;
/** 1 / (2 ln 2). */
const ALPHA = 0.7213475204444817;
const INT64_MIN = -(2n ** 63n);

/** How many registers have each value: of one count at a time. */
const histogram = new Int32Array(REGISTER_MAX + 1);

/** How many elements the HyperLogLog at `bytes[start, start + length)` has seen, about; undefined if it is corrupt. */
export function countAt(bytes: Uint8Array, start: number, length: number): bigint | undefined {
  histogram.fill(0);
  if (encodingAt(bytes, start) === DENSE) countDense(bytes, start + HEADER_BYTES);
  else if (!countSparse(bytes, start + HEADER_BYTES, start + length)) return undefined;
  return estimate();
}

/** The same for registers of a byte each. */
export function countRegisters(registers: Uint8Array): bigint {
  histogram.fill(0);
  for (let i = 0; i < REGISTER_COUNT; i++) histogram[registers[i]]++;
  return estimate();
}

/** Four registers lie in three bytes. */
function countDense(bytes: Uint8Array, start: number): void {
  for (let i = 0, at = start; i < REGISTER_COUNT; i += 4, at += 3) {
    const first = bytes[at];
    const second = bytes[at + 1];
    const third = bytes[at + 2];
    histogram[first & 63]++;
    histogram[((first >> 6) | (second << 2)) & 63]++;
    histogram[((second >> 4) | (third << 4)) & 63]++;
    histogram[third >> 2]++;
  }
}

/** False if the opcodes are not for all registers. */
function countSparse(bytes: Uint8Array, start: number, end: number): boolean {
  let registers = 0;
  for (let at = start; at < end;) {
    const opcode = bytes[at];
    const run = runLength(opcode, at + 1 < end ? bytes[at + 1] : 0);
    histogram[isValue(opcode) ? runValue(opcode) : 0] += run;
    registers += run;
    at += opcodeBytes(opcode);
  }
  return registers === REGISTER_COUNT;
}

function estimate(): bigint {
  let z = REGISTER_COUNT * tau((REGISTER_COUNT - histogram[HASHED_VALUE_MAX]) / REGISTER_COUNT);
  for (let value = HASHED_VALUE_MAX - 1; value >= 1; value--) z = (z + histogram[value]) * 0.5;
  z += REGISTER_COUNT * sigma(histogram[0] / REGISTER_COUNT);
  const count = Math.round((ALPHA * REGISTER_COUNT * REGISTER_COUNT) / z);
  // No hashes give so many. Redis converts what is too large for an integer as the processor does.
  return count < 2 ** 63 ? BigInt(count) : INT64_MIN;
}

/** For registers that are 0. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

/** For registers that hold the highest value. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}
