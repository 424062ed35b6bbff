/** Timers of a process in a World. */

import type { Timer, Timers } from '../../lib/host/ports.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimClock } from './sim-clock.js';
import type { EventOwner } from './event-queue.js';
import type { World } from './world.js';

/** Timers are late by up to this, never early. */
const LATE_US_MAX = 1000;
/** The check phase comes so long after the first event of its turn, at most: others may fall into the same turn. */
const TURN_US_MAX = 100;

export class SimTimers implements Timers {
  private readonly world: World;
  private readonly clock: SimClock;
  private readonly random: SeededRandom;
  private readonly owner: EventOwner;
  private turnEnds: (() => void)[] = [];

  constructor(world: World, clock: SimClock, owner: EventOwner) {
    this.world = world;
    this.clock = clock;
    this.random = world.fork();
    this.owner = owner;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.start(delayMs, run);
  }

  every(intervalMs: number, run: () => void): Timer {
    let timer: Timer;
    const fire = (): void => {
      timer = this.start(intervalMs, fire);
      run();
    };
    timer = this.start(intervalMs, fire);
    return {
      cancel: () => {
        timer.cancel();
      },
    };
  }

  endOfTurn(run: () => void): void {
    if (this.turnEnds.push(run) > 1) return;
    const check = (): void => {
      this.endTurn(this.turnEnds.splice(0), 0);
    };
    this.world.after(this.random.below(TURN_US_MAX), 'check', check, this.owner);
  }

  /** Promises run on between one and the next. What is asked for meanwhile belongs to the next turn. */
  private endTurn(ends: (() => void)[], index: number): void {
    if (index + 1 < ends.length) {
      const rest = (): void => {
        this.endTurn(ends, index + 1);
      };
      this.world.next('check', rest, this.owner);
    }
    ends[index]();
  }

  private start(delayMs: number, run: () => void): Timer {
    const delayUs = this.clock.trueUs(delayMs * 1000) + this.random.below(LATE_US_MAX);
    return this.world.after(delayUs, 'timer', run, this.owner);
  }
}
