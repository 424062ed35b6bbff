/**
 * What the answer to a ping says of another member's wall clock:
 *
 *     PONG = wallMs:f64          little-endian
 */

import type { Clock } from '../../host/ports.js';
import type { Payload } from './payload.js';

const PONG_BYTES = 8;
/** Clocks tell whole milliseconds. */
const ROUNDING_MS = 0.5;

export interface ClockReading {
  /** How far the other's wall clock is ahead of our monotonic one: milliseconds. */
  readonly aheadMs: number;
  /** Give or take this: the answer was written at some time between the ping and its arrival. */
  readonly errorMs: number;
  /** When it came: milliseconds of our monotonic clock. */
  readonly readAtMs: number;
}

/** Says what our wall clock says when it is written. */
export class PongPayload implements Payload {
  readonly byteLength = PONG_BYTES;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  writeTo(target: Buffer, at: number): void {
    target.writeDoubleLE(this.clock.wallMs(), at);
  }
}

/** Reads the answer `buffer[start, end)` to a ping; undefined if it says nothing. Microseconds of our monotonic clock. */
export function readPong(
  buffer: Buffer,
  start: number,
  end: number,
  pingedUs: number,
  nowUs: number,
): ClockReading | undefined {
  if (end - start < PONG_BYTES) return undefined;
  const wallMs = buffer.readDoubleLE(start) + ROUNDING_MS;
  return {
    aheadMs: wallMs - (pingedUs + nowUs) / 2000,
    errorMs: (nowUs - pingedUs) / 2000 + ROUNDING_MS,
    readAtMs: nowUs / 1000,
  };
}
