/**
 * A machine of a World: a host with a disk and a clock, that may lose power, and on which one process runs at a time.
 *
 *     off ──power on, boot──▶ a process ──kill──▶ none ──boot──▶ the next process
 *      ▲                          │
 *      └───────power off──────────┘   what was not synced is in the hands of chance
 */

import type { CrashFate } from './crash-fate.js';
import { keepRandomly } from './crash-fate.js';
import type { Fault, MemoryDiskOptions, Step, StepName } from './memory-disk.js';
import { MemoryDisk } from './memory-disk.js';
import type { SeededRandom } from './seeded-random.js';
import { SimClock } from './sim-clock.js';
import { SimProcess } from './sim-process.js';
import type { SimStream } from './sim-stream.js';
import type { World } from './world.js';

/** A sync or a read off the thread takes so long, and now and then much longer. */
const DISK_US = { least: 50, most: 2000, slow: 200_000, slowOneIn: 64 };
/** What needs room on the disk; an append to a full one takes a little still. */
const GROWING: readonly StepName[] = ['create', 'append', 'mkdir'];
const TAKEN_BYTES_MAX = 100;
const FIRST_PORT = 40_000;
const SILENCE_LOOK_MS = 100;

export class Machine {
  readonly world: World;
  readonly name: string;
  readonly host: string;
  readonly clock: SimClock;
  disk: MemoryDisk;
  /** Who runs on it. */
  process: SimProcess | undefined;
  hasPower = true;
  /** `full`: nothing more fits on the disk. `failing`: the next sync of a file fails. */
  diskFault: 'none' | 'full' | 'failing' = 'none';
  /** Files with this in their path do not fit on the disk; the others do. */
  fullPath: string | undefined;
  /** A sync or a read takes up to so much longer than usual. */
  diskDelayUs = 0;

  private readonly random: SeededRandom;
  private port = FIRST_PORT;
  private diskFreeUs = 0;
  private stepsLeft = Infinity;
  private onOff: () => void = () => undefined;

  constructor(world: World, name: string, host: string) {
    this.world = world;
    this.name = name;
    this.host = host;
    this.clock = new SimClock(world);
    this.random = world.fork();
    this.disk = new MemoryDisk();
    world.wires.add(this);
  }

  /** Starts a process, which has everything from its ports. REQUIRES: none runs. */
  boot(): SimProcess {
    if (this.process !== undefined) throw new Error(`a process runs on ${this.name} already`);
    this.hasPower = true;
    const process = new SimProcess(this, (user) => (this.disk = this.disk.kill(this.diskOptions(user))));
    this.process = process;
    this.world.note(this.name, () => `boot: process ${process.number}`);
    return process;
  }

  /**
   * Nothing that its process has sent is on its way any more, not even on a stream that was closed while a cut held it up; but for what nobody is there to get, whose machine was
   * switched off for good. REQUIRES: no cut, and its process runs.
   */
  async silence(): Promise<void> {
    const isAwaited = ({ mayArrive }: SimStream): boolean => mayArrive;
    while ([...(this.process?.network.sending ?? [])].some(isAwaited)) await this.world.sleep(SILENCE_LOOK_MS);
  }

  /** The power fails. Nobody hears of it. */
  powerOff(fate: CrashFate = keepRandomly(this.random)): void {
    if (!this.hasPower) return;
    this.world.note(this.name, () => 'the power fails');
    this.hasPower = false;
    this.stepsLeft = Infinity;
    // The process may be in the middle of something: it goes on to the end of that, on a disk that nobody will ever see.
    this.disk = this.disk.snapshot(fate);
    this.process?.vanish();
    this.process = undefined;
  }

  /** The power fails just before the disk does the so-many-th thing from now; Infinity: it does not. `onOff`: then. */
  powerOffAtStep(steps: number, onOff: () => void = () => undefined): void {
    this.stepsLeft = steps;
    this.onOff = onOff;
  }

  /** The process ends at once (kill -9): its streams are closed, and the disk has everything. */
  kill(): void {
    this.world.note(this.name, () => 'kill -9');
    this.process?.end();
    this.process = undefined;
  }

  newPort(): number {
    return ++this.port;
  }

  private diskOptions(process: SimProcess): MemoryDiskOptions {
    return {
      later: (run) => {
        const { least, most, slow, slowOneIn } = DISK_US;
        const longest = this.random.below(slowOneIn) === 0 ? slow : most;
        const us = least + this.random.below(longest + this.diskDelayUs);
        const endUs = Math.max(this.diskFreeUs, this.world.nowUs + us);
        this.diskFreeUs = endUs;
        this.world.after(endUs - this.world.nowUs, 'disk', run, process);
      },
      plan: (step) => {
        // What a process does that has ended meanwhile, nobody sees.
        if (process.isDead) return undefined;
        this.count(step);
        return process.isDead ? undefined : this.faultOf(step);
      },
    };
  }

  private faultOf({ name, path }: Step): Fault | undefined {
    const isFull = this.diskFault === 'full' || (this.fullPath !== undefined && path.includes(this.fullPath));
    if (isFull && GROWING.includes(name)) {
      return { kind: 'error', code: 'ENOSPC', takenBytes: this.random.below(TAKEN_BYTES_MAX) };
    }
    if (this.diskFault === 'failing' && name === 'sync') {
      this.diskFault = 'none';
      return { kind: 'error', code: 'EIO' };
    }
    return undefined;
  }

  private count(step: Step): void {
    if (this.world.isTraced) this.world.note(this.name, () => `${step.name} ${step.path}`);
    if (--this.stepsLeft > 0) return;
    this.powerOff();
    this.onOff();
  }
}
