/** A ring with clients that delete, and settle all the time which deletes may go. */

import { DeletingClients } from './deleting-clients.js';
import type { Machine } from './machine.js';
import type { Seclusions } from './seclusions.js';
import type { SimClient } from './sim-client.js';
import type { SimulatedRingOptions } from './simulated-ring.js';
import { SimulatedRing } from './simulated-ring.js';
import type { World } from './world.js';

const THINK_MS = 60;
const CLIENTS = 4;
/** So few that each has deletes that are settled, and writes that are under way. */
const SLOTS = 6;
/** Of each type in each slot: they live on mostly, and are empty now and then. */
const COLLECTIONS = 1;
/** What is written is old enough to be settled after two and a half seconds, at most. */
const CONFIG = 'repair-interval 2\nwrite-timeout 1000\n';

export class DeletingRing extends SimulatedRing {
  readonly deletions: DeletingClients;

  /** `isChurning`: elements are written and removed over and over. */
  constructor(world: World, options: SimulatedRingOptions, isChurning = false) {
    super(world, options);
    this.deletions = new DeletingClients(world, THINK_MS, {
      anyShare: 0.3,
      slots: SLOTS,
      collections: COLLECTIONS,
      isChurning,
    });
  }

  override boot(machine: Machine, moreConfig = '', onStopped?: (code: number) => void): Promise<void> {
    return super.boot(machine, `${CONFIG}${moreConfig}`, onStopped);
  }

  /** Who is secluded now is asked to write at ANY. */
  override async use(seclusions?: Seclusions): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    const nextOfAny = (): SimClient => {
      const one = seclusions?.current;
      return one === undefined ? next() : this.client(one);
    };
    await Promise.all(Array.from({ length: CLIENTS }, () => this.deletions.run(next, nextOfAny)));
  }

  /** Has clients read and write as those of any ring do. */
  protected useRegisters(): Promise<void> {
    return super.use();
  }

  override stop(): void {
    super.stop();
    this.deletions.stop();
  }

  protected override get keys(): string[] {
    return [...super.keys, ...this.deletions.keys];
  }

  /** Marks in collections of which nothing is left in the tables of the processes that run. */
  get marksDropped(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.marksDropped ?? 0), 0);
  }

  get closings(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.closings ?? 0), 0);
  }

  /** Deletes and marks have gone. */
  async lose(): Promise<void> {
    const { deleted } = this.deletions;
    const isOver = (): boolean =>
      (this.deletesDropped > 0 || deleted.length === 0) &&
      (this.marksDropped > 0 || !deleted.some(({ name, key }) => name !== key));
    while (!isOver()) await this.world.sleep(100);
  }

  /** What is wrong with what clients read at the end. `keepsAny`: what was acknowledged at ANY is kept. */
  async readDeleted(keepsAny = true): Promise<string[]> {
    const client = this.client(this.machines[0]);
    const problems = await this.deletions.check((...words) => this.ask(client, ...words), keepsAny);
    client.close();
    return problems;
  }
}
