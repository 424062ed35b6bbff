/** One run of a program on a Machine: the ports that it is made of, until it ends. */

import type { Clock, Disk, Random, Timers } from '../../lib/host/ports.js';
import type { EventOwner, SimEvent } from './event-queue.js';
import type { Machine } from './machine.js';
import { SimNetwork } from './sim-network.js';
import { SimTimers } from './sim-timers.js';

export class SimProcess implements EventOwner {
  readonly number: number;
  readonly name: string;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: SimNetwork;
  isDead = false;
  isStopped = false;
  private kept: SimEvent[] = [];
  private stops = 0;

  /** `diskFor`: the disk of the machine, for this process. */
  constructor(machine: Machine, diskFor: (process: SimProcess) => Disk) {
    const { world } = machine;
    this.machine = machine;
    this.number = world.newOwnerNumber();
    this.name = machine.name;
    this.clock = machine.clock;
    this.timers = new SimTimers(world, machine.clock, this);
    this.random = world.fork();
    this.network = new SimNetwork(this);
    this.disk = diskFor(this);
  }

  /** Does nothing for so long (SIGSTOP, a long turn of the loop). Its clock goes on, and what comes waits. */
  stop(ms: number): void {
    const { world } = this.machine;
    world.note(this.name, () => `stopped for ${ms} ms`);
    this.isStopped = true;
    const stop = ++this.stops;
    world.after(ms * 1000, 'continue', () => {
      if (stop === this.stops) this.continue();
    });
  }

  continue(): void {
    this.isStopped = false;
    const { kept } = this;
    this.kept = [];
    for (const event of kept) this.machine.world.resume(event);
  }

  keep(event: SimEvent): void {
    this.kept.push(event);
  }

  /** Ends as a process does: the system closes what it had open. */
  end(): void {
    this.isDead = true;
    this.kept = [];
    this.network.close();
  }

  /** Is gone, with its machine. */
  vanish(): void {
    this.isDead = true;
    this.kept = [];
    this.network.vanish();
  }
}
