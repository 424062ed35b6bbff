/**
 * How replicas compare what they hold, level by level, from sums of many entries down to entries (record/leaf-sums.ts). One of two asks, the other one answers; after that
 * both have what any of them had.
 *
 *     COMPARE_ROOTS  = id:u32 fresh:u8 floor:stamp            sum up what you have; if fresh, what you have now
 *                      answer: floor:stamp sum{256}           of each partition (64 slots)
 *     COMPARE_SLOTS  = id:u32 partition:u32*                  answer: sum{64} of each
 *     COMPARE_LEAVES = id:u32 slot:u32*                       answer: sum{16} of each
 *     COMPARE_KEYS   = id:u32 what:u8 range*                  what do you have of these ranges? 0: what differs, 1: everything that can be read, 2: everything, at once,
 *                                                             3: the sums of what differs, and no keys
 *     range          = start:position end:position count:u32 (position sum){count}
 *                      answer: upTo:position difference*      all ranges up to there are compared; ask again for the rest
 *     difference     = position sum count:u32 (key:bytes batches){count}     no batches: the key cannot be read
 *     TAKE_ENTRIES   = id:u32 batches                         answer: nothing
 *     SETTLE         = id:u32 step:u8 runs                    a step of closing slots (closer.ts)
 *                      answer: incarnation:u32 handed:u32     of the process that answers; hints that it has handed on
 *     BOUNDS         = id:u32 closed:runs dead:runs           answer: the same of who is asked (slot-bounds.ts)
 *     FORGET         = id:u32 step:u8 (key:bytes accepted:ballot stamp floor:ballot)*      a step of forgetting keys (key-forgetter.ts); ballots as in consensus/messages.ts
 *                      answer: (holding:u8 promised:ballot)*         to REVOKE, of each key; to FORGET, nothing
 *     runs           = count:u32 (first:u32 end:u32 stamp){count}
 *     COMPARED       = id:u32 failed:u8 answer                failed: reason:bytes
 *     sum            = high:u32 low:u32      stamp, position = high:u32 low:u32      numbers little-endian
 *
 * Sums are those of slots that both hold. Roots, slots and leaves are as of one moment in the past, keys are as they are now: what was written meanwhile shows in the first, and
 * is found to be equal, or on its way, in the last.
 */

import type { PayloadBuffer } from '../bus/payload-buffer.js';
import type { PayloadReader } from '../bus/payload-reader.js';
import type { Sum } from '../../record/leaf-sums.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import type { BoundRuns } from './slot-bounds.js';

/** What COMPARE_KEYS asks for. */
export const Wanted = { DIFFERENCES: 0, READABLE: 1, EVERYTHING: 2, SUMS: 3 } as const;
export type Wanted = (typeof Wanted)[keyof typeof Wanted];

export const PARTITION_COUNT = 256;
export const SLOTS_PER_PARTITION = 64;

const TWO_32 = 2 ** 32;

/** A stamp or a position. */
export function writeNumber(payload: PayloadBuffer, value: number): void {
  payload.word(Math.floor(value / TWO_32));
  payload.word(value | 0);
}

export function readNumber(reader: PayloadReader): number {
  return reader.word() * TWO_32 + reader.word();
}

/** What SETTLE asks for: all that has left before is taken, and nothing more up to the stamps; all of it is durable; it is settled. */
export const Step = { CLOSE: 0, SEAL: 1, CONFIRM: 2 } as const;
export type Step = (typeof Step)[keyof typeof Step];

/** What FORGET asks for: the highest ballots that a key was promised by are refused from now on; it is forgotten. */
export const ForgetStep = { REVOKE: 0, FORGET: 1 } as const;
export type ForgetStep = (typeof ForgetStep)[keyof typeof ForgetStep];

/** Runs of SlotStamps. */
export function writeRuns(payload: PayloadBuffer, runs: Float64Array): void {
  payload.word(runs.length / 3);
  for (let at = 0; at < runs.length; at += 3) {
    payload.word(runs[at]);
    payload.word(runs[at + 1]);
    writeNumber(payload, runs[at + 2]);
  }
}

/** Runs that may be used; what else was sent is none. */
export function readRuns(reader: PayloadReader): Float64Array {
  const numbers: number[] = [];
  for (let count = reader.word(); count > 0 && !reader.failed; count--) {
    numbers.push(reader.word(), reader.word(), readNumber(reader));
  }
  const runs = Float64Array.from(numbers);
  return reader.failed || !SlotStamps.areRuns(runs) ? new Float64Array(0) : runs;
}

export function writeBounds(payload: PayloadBuffer, { closed, dead }: BoundRuns): void {
  writeRuns(payload, closed);
  writeRuns(payload, dead);
}

export function readBounds(reader: PayloadReader): BoundRuns {
  return { closed: readRuns(reader), dead: readRuns(reader) };
}

export function writeSum(payload: PayloadBuffer, { high, low }: Sum): void {
  payload.word(high);
  payload.word(low);
}

export function readSum(reader: PayloadReader): Sum {
  return { high: reader.word() | 0, low: reader.word() | 0 };
}

export function sameSum(a: Sum, b: Sum): boolean {
  return a.high === b.high && a.low === b.low;
}
