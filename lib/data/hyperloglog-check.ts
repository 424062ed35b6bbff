/** What PFSELFTEST does: whether HyperLogLogs count as they should on this machine. Smaller than Redis's, for it holds up everybody else. */

import type { Random } from '../host/ports.js';
import { HyperLogLog } from './hyperloglog.js';
import { countAt } from './hyperloglog-count.js';
import { REGISTER_COUNT, REGISTER_MAX, denseRegister, setDenseRegister } from './hyperloglog-format.js';

const REGISTER_ROUNDS = 20;
const ELEMENTS = 1_000_000;
/** The standard error with so many registers, and how many times that is too much. */
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTER_COUNT);
const ERRORS_MAX = 6;

/** What is wrong; undefined if nothing is. */
export function checkHyperLogLog(random: Random): string | undefined {
  return checkRegisters(random) ?? checkCounts(random);
}

/** Registers hold what is put into them, and none touches its neighbours. */
function checkRegisters(random: Random): string | undefined {
  const sketch = emptyDense();
  const expected = new Uint8Array(REGISTER_COUNT);
  for (let round = 0; round < REGISTER_ROUNDS; round++) {
    for (let i = 0; i < REGISTER_COUNT; i++) {
      expected[i] = random.uint32() & REGISTER_MAX;
      setDenseRegister(sketch.bytes, 0, i, expected[i]);
    }
    for (let i = 0; i < REGISTER_COUNT; i++) {
      const value = denseRegister(sketch.bytes, 0, i);
      if (value !== expected[i]) return `TESTFAILED Register ${i} should be ${expected[i]} but is ${value}`;
    }
  }
  return undefined;
}

/** Counts are near enough at 1, 10, 100 ... elements. */
function checkCounts(random: Random): string | undefined {
  const sketch = emptyDense();
  const element = new Int32Array([0, random.uint32()]);
  const elementBytes = new Uint8Array(element.buffer);
  for (let i = 1, next = 1; i <= ELEMENTS; i++) {
    element[0] = i;
    sketch.add(elementBytes, 0, elementBytes.length);
    if (i !== next) continue;
    const error = Math.abs(i - Number(countAt(sketch.bytes, 0, sketch.length)));
    // Of ten, two may well be taken for one.
    const errorMax = i === 10 ? 1 : Math.ceil(STANDARD_ERROR * ERRORS_MAX * i);
    if (error > errorMax) return `TESTFAILED Too big error. card:${i} abserr:${error}`;
    next *= 10;
  }
  return undefined;
}

function emptyDense(): HyperLogLog {
  const sketch = new HyperLogLog();
  sketch.clear();
  sketch.toDense();
  return sketch;
}
