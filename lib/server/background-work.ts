import type { Keyspace } from '../data/keyspace.js';
import type { Timers } from '../host/ports.js';
import type { Gate } from './gate.js';
import type { Turn } from './turn.js';

/** How long each task runs at a time, and how long all of them let the loop go on then. */
const SLICE_US = 1000;
const SLICE_REST_MS = 3;

/** Does some of its work, for about `durationUs`; returns whether there is more. */
export type BackgroundTask = (durationUs: number) => boolean;

export interface BackgroundWorkOptions {
  readonly keyspace: Keyspace;
  readonly gate: Gate;
  readonly turn: Turn;
  readonly timers: Timers;
  readonly tasks: readonly BackgroundTask[];
}

/** What is done to the data while nobody asks for it: a slice at a time while there is more. */
export class BackgroundWork {
  private readonly options: BackgroundWorkOptions;
  private isResting = false;

  constructor(options: BackgroundWorkOptions) {
    this.options = options;
  }

  /** Does a slice, and goes on by itself if that was not all. Called some times a second. */
  run(): void {
    const { keyspace, gate, turn, timers, tasks } = this.options;
    if (this.isResting || gate.isQuiet) return;
    turn.begin();
    keyspace.clock.tick();
    let isMore = false;
    for (const task of tasks) if (task(SLICE_US)) isMore = true;
    if (!isMore) return;
    this.isResting = true;
    timers.after(SLICE_REST_MS, () => {
      this.isResting = false;
      this.run();
    });
  }
}
