import type { Clock } from '../host/ports.js';
import type { CommandEntry } from './command-table.js';
import type { KeptEffects } from './kept-effects.js';

/** Short calls may share a reading of the clock: at most so many, unless what counts as slow is less than this. */
export const RUN_MAX = 64;
const SHARED_SLOW_US = 1000;

/**
 * How long calls take: each from the end of the one before it, or from when input arrived. Runs of the same short command, as pipelines have them, share
 * one reading of the clock: it costs as much as a tenth of such a command.
 */
export class CallTimes {
  /** Commands that take so long are slow (microseconds). */
  slowUs = Infinity;
  /** Whether the durations of calls are counted by command (latency-tracking). */
  tracksLatency = false;
  commandsProcessed = 0;
  private readonly clock: Clock;
  private readonly effects: KeptEffects;
  /** When the running command began: the end of the one before it. */
  private startedUs = 0;
  /** The short command that has run last, and how often without reading the clock. */
  private runEntry: CommandEntry | undefined;
  private runLength = 0;

  constructor(clock: Clock, effects: KeptEffects) {
    this.clock = clock;
    this.effects = effects;
  }

  /** The monotonic time when the last command ended, or input arrived. */
  get nowUs(): number {
    return this.startedUs;
  }

  /** Whether even short commands are timed by themselves: they may be slow. */
  get timesEach(): boolean {
    return this.slowUs < SHARED_SLOW_US;
  }

  /** Input arrived: reads the clock for the first of its commands. */
  start(): void {
    this.startedUs = this.clock.monotonicUs();
  }

  /** A call of a command begins. */
  enter(entry: CommandEntry): void {
    if (this.runEntry !== undefined && this.runEntry !== entry) this.settle();
  }

  /** Counts a short call. */
  share(entry: CommandEntry): void {
    this.commandsProcessed++;
    entry.calls++;
    this.runEntry = entry;
    if (++this.runLength === RUN_MAX) this.settle();
  }

  /** Counts a call that is timed by itself, and returns its duration; a run of the same command before it, each far shorter, counts with its usual time. */
  take(entry: CommandEntry): number {
    if (this.tracksLatency && this.runLength > 0) entry.trackLatency(entry.totalUs / entry.calls, this.runLength);
    this.runEntry = undefined;
    this.runLength = 0;
    const durationUs = this.lap();
    this.count(entry, durationUs);
    return durationUs;
  }

  /** The time that has passed since the last command ended, or input arrived; the next one begins now. */
  lap(): number {
    const beganUs = this.startedUs;
    this.start();
    return this.startedUs - beganUs;
  }

  /** Counts a call that took so long: when it is known that it counts. */
  count(entry: CommandEntry, durationUs: number): void {
    const { effects } = this;
    if (!effects.isKeeping) this.add(entry, 1, durationUs);
    else {
      effects.addUp(entry, 'call', durationUs, (calls, totalUs) => {
        this.add(entry, calls, totalUs);
      });
    }
  }

  /** Lets the time be known that has passed between two commands. */
  read(): void {
    if (this.runEntry === undefined) this.start();
    else this.settle();
  }

  /** Ends a run of short calls: each has taken its share of the time. Called when the input at hand has been executed, too. */
  settle(): void {
    const { runEntry, runLength } = this;
    if (runEntry === undefined) return;
    this.runEntry = undefined;
    this.runLength = 0;
    const durationUs = this.lap();
    runEntry.totalUs += durationUs;
    if (this.tracksLatency) runEntry.trackLatency(durationUs / runLength, runLength);
  }

  private add(entry: CommandEntry, calls: number, totalUs: number): void {
    this.commandsProcessed += calls;
    entry.calls += calls;
    entry.totalUs += totalUs;
    if (this.tracksLatency) entry.trackLatency(totalUs / calls, calls);
  }
}
