/**
 * A world of its own: everything that happens in it follows from its seed.
 *
 *     const world = new World(7);
 *     await world.run(async () => {
 *       const machine = new Machine(world, 'a', '10.0.0.1');
 *       ...
 *       await world.sleep(1000);        // a second of virtual time, in no time
 *     });
 *
 * 1. One event happens at a time; all promises that it settles run on before the next one begins.
 * 2. Time stands still while an event happens, and leaps to the next one.
 * 3. The same seed and the same code give the same events: `fingerprint` is equal. (The code must not ask the real clock, or wait for
 *    anything real.)
 */

import { crc32 } from 'node:zlib';

import type { Timer } from '../../lib/host/ports.js';
import type { EventOwner, SimEvent } from './event-queue.js';
import { EventQueue, FIRST } from './event-queue.js';
import { SeededRandom } from './seeded-random.js';
import { Wires } from './wires.js';

/** So many events in one microsecond: they go round in a circle. */
const EVENTS_AT_ONCE_MAX = 1_000_000;

/** The real event loop gets its turn once in so many events. */
const EVENTS_AT_A_TIME = 20_000;

export interface WorldOptions {
  /** Takes a line for everything that happens. */
  readonly trace?: (line: string) => void;
}

/** Something went wrong in a World: when, and to whom. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
}

/** Nothing is left to happen, and somebody still waits; or something has not come about in the time that it had. */
export class StandstillError extends WorldError {}

export class World {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly wires: Wires;
  nowUs = 0;
  eventCount = 0;
  /** What the seed has drawn, on one line. */
  headline = '';

  private readonly queue = new EventQueue();
  private readonly ties: SeededRandom;
  private readonly trace: ((line: string) => void) | undefined;
  private sequence = 0;
  private owners = 0;
  private high = 0x811c9dc5;
  private low = 0x01000193;
  private isOver = false;
  /** How many events there had been when this microsecond began. */
  private firstAtOnce = 0;
  private failure: Error | undefined;

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.ties = this.fork();
    this.trace = options.trace;
    this.wires = new Wires(this);
  }

  /** Of all that has happened so far. */
  get fingerprint(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.high) + hex(this.low);
  }

  get isTraced(): boolean {
    return this.trace !== undefined;
  }

  /** Randomness of its own for a part of the world, so that what it draws changes nothing for others. */
  fork(): SeededRandom {
    return new SeededRandom(this.random.uint32());
  }

  newOwnerNumber(): number {
    return ++this.owners;
  }

  /** Something is to happen so many microseconds from now. */
  after(delayUs: number, what: string, run: () => void, owner?: EventOwner): Timer {
    const atUs = this.nowUs + Math.max(0, Math.round(delayUs));
    return this.schedule({ atUs, tie: this.ties.uint32(), sequence: 0, owner, what, run });
  }

  /** Now, as soon as this event is over: before everything else. */
  next(what: string, run: () => void, owner?: EventOwner): Timer {
    return this.schedule({ atUs: this.nowUs, tie: FIRST, sequence: 0, owner, what, run });
  }

  /** What was kept while its owner was stopped happens now. */
  resume(event: SimEvent): void {
    event.atUs = this.nowUs;
    event.tie = FIRST;
    this.schedule(event);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms * 1000, 'sleep', resolve);
    });
  }

  /** What `awaited` gives, or rejects with StandstillError when so much virtual time has passed. `what`: the words for it. */
  within<T>(ms: number, what: string, awaited: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.after(ms * 1000, 'too late', () => {
        reject(new StandstillError(`${this.time()}: not within ${ms} ms: ${what}`));
      });
      awaited.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** `run` is to reject with this. */
  fail(error: Error): void {
    this.failure ??= error;
  }

  /** Bytes that went from one to another. */
  mixIn(bytes: Uint8Array): void {
    this.mix(crc32(bytes));
  }

  /** A line in the trace, if there is one. */
  note(who: string, text: () => string): void {
    this.trace?.(`${(this.nowUs / 1e6).toFixed(6).padStart(13)}  ${who.padEnd(8)} ${text()}`);
  }

  /**
   * Lets everything happen until what `main` returns has settled, and gives that. Rejects with what an event threw, and with
   * StandstillError if nothing is left that could settle it. A world runs once.
   */
  run<T>(main: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.isOver = true;
        settle();
      };
      const step = (): void => {
        if (this.isOver) return;
        try {
          if (this.failure !== undefined) throw this.failure;
          if (!this.step()) throw new StandstillError(`${this.time()}: nothing is left to happen`);
        } catch (error) {
          end(() => reject(asError(error)));
          return;
        }
        goOn();
      };
      // A tick that a microtask asks for comes when no microtask is left.
      const tick = (): void => process.nextTick(step);
      const goOn = (): void => {
        if (this.eventCount % EVENTS_AT_A_TIME === 0) setImmediate(step);
        else queueMicrotask(tick);
      };
      main().then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(asError(error))),
      );
      goOn();
    });
  }

  private schedule(event: SimEvent): Timer {
    event.sequence = ++this.sequence;
    this.queue.push(event);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }

  /** The next thing happens. False if there is none. */
  private step(): boolean {
    for (;;) {
      const event = this.queue.pop();
      if (event === undefined) return false;
      const { owner, run } = event;
      if (run === undefined || owner?.isDead === true) continue;
      if (event.atUs > this.nowUs) {
        this.nowUs = event.atUs;
        this.firstAtOnce = this.eventCount;
      }
      if (owner?.isStopped === true) {
        owner.keep(event);
        continue;
      }
      if (++this.eventCount - this.firstAtOnce > EVENTS_AT_ONCE_MAX) {
        throw new WorldError(`${this.time()}: time stands still, with '${event.what}' of ${owner?.name ?? 'nobody'}`);
      }
      this.mix(event.atUs % 0x1_0000_0000);
      this.mix(event.sequence ^ ((owner?.number ?? 0) << 20));
      if (this.isTraced) this.note(owner?.name ?? '', () => event.what);
      event.run = undefined;
      try {
        run();
      } catch (cause) {
        if (owner === undefined) throw cause;
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new WorldError(`${this.time()}: ${owner.name} ended with: ${message}`, { cause });
      }
      return true;
    }
  }

  private time(): string {
    return `at ${(this.nowUs / 1e6).toFixed(6)} s`;
  }

  private mix(value: number): void {
    this.high = Math.imul(this.high ^ value, 0x01000193);
    this.low = Math.imul(this.low + value, 0x5bd1e995) ^ (this.low >>> 15);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
