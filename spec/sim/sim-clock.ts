/** The clock of a machine: it drifts, and its wall time jumps. */

import type { Clock } from '../../lib/host/ports.js';
import type { World } from './world.js';

const START_MS = 1_700_000_000_000;
/** What a look at the clock takes, so that nobody waits for it in a loop for ever. */
const LOOK_US = 1;

export class SimClock implements Clock {
  /** Runs faster than true time by so many millionths. */
  driftPpm = 0;
  private readonly world: World;
  private baseTrueUs = 0;
  private baseUs = 0;
  private wallOffsetUs = START_MS * 1000;
  private lastUs = 0;
  private looks = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** From now on it drifts by so much. */
  drift(ppm: number): void {
    this.baseUs = this.localUs();
    this.baseTrueUs = this.world.nowUs;
    this.driftPpm = ppm;
  }

  /** Somebody sets the wall clock. */
  jump(ms: number): void {
    this.wallOffsetUs += ms * 1000;
  }

  /** By how much the wall clock is wrong. */
  get errorMs(): number {
    return (this.localUs() + this.wallOffsetUs - this.world.nowUs) / 1000 - START_MS;
  }

  /** Sets the wall clock right. */
  correct(): void {
    this.wallOffsetUs -= this.errorMs * 1000;
  }

  /** True microseconds that pass while this clock counts so many. */
  trueUs(localUs: number): number {
    return localUs / (1 + this.driftPpm / 1e6);
  }

  wallMs(): number {
    return Math.floor(this.wallUs() / 1000);
  }

  wallUs(): number {
    return Math.floor(this.localUs() + this.wallOffsetUs);
  }

  monotonicUs(): number {
    this.looks++;
    this.lastUs = Math.max(this.lastUs + LOOK_US, this.localUs());
    return this.lastUs;
  }

  threadCpuUs(): number {
    return this.looks * LOOK_US;
  }

  private localUs(): number {
    return this.baseUs + (this.world.nowUs - this.baseTrueUs) * (1 + this.driftPpm / 1e6);
  }
}
