/**
 * Members that are away for longer than `away-max`, one at a time, while a ring is used and resized: killed, or cut off from the others, until these have left it out, and a little longer, while deletes go; then it is back, and rebuilt.
 * REQUIRES: no disk is lost meanwhile: of three replicas one alone would be left.
 */

import type { MemberId } from '../../lib/cluster/ring/member.js';
import { isChanging } from '../../lib/cluster/topology/ring-change.js';
import { Counts } from './counts.js';
import type { Machine } from './machine.js';
import type { ResizedRing } from './resized-ring.js';
import type { SeededRandom } from './seeded-random.js';
import type { World } from './world.js';

/** Deletes go soon after what they hide is settled. */
export const ABSENCES_CONFIG = 'away-max 3\nrepair-interval 2\nwrite-timeout 1000\n';
const LOOK_MS = 100;
/** Who is not left out by then is back: the ring is changing, or others are away. */
const AWAY_MS_MAX = 12_000;
/** Of deletes so many go, or so much time, before it is back. */
const GONE = 1;
const GONE_MS_MAX = 10_000;
/** Between two of them, at most. */
const PAUSE_MS_MAX = 4000;

export class LongAbsences {
  readonly counts = new Counts();
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly ring: ResizedRing;
  private readonly boot: (machine: Machine) => void;

  /** `boot`: starts a process. */
  constructor(world: World, ring: ResizedRing, boot: (machine: Machine) => void) {
    this.world = world;
    this.random = world.fork();
    this.ring = ring;
    this.boot = boot;
  }

  /** Resolves when the time is over, and nobody is away for its sake. */
  async run(untilUs: number): Promise<void> {
    for (;;) {
      await this.world.sleep(this.random.below(PAUSE_MS_MAX));
      if (this.world.nowUs >= untilUs) return;
      await this.haveAway();
    }
  }

  private async haveAway(): Promise<void> {
    const { ring, world, random, counts } = this;
    const machine = ring.machines[random.below(ring.machines.length)];
    const id = ring.idOf(machine);
    if (id === undefined || isChanging(ring.chronicle.newest) || this.absenceOf(id) !== undefined) return;
    world.note(machine.name, () => 'is away for long');
    const bringBack = this.takeAway(machine);
    const isLeftOut = await this.wait(() => this.absenceOf(id) === 'away', this.inUs(AWAY_MS_MAX));
    if (isLeftOut) {
      counts.add('long absences');
      const before = ring.deletesDropped;
      const isGone = (): boolean => ring.deletesDropped >= before + GONE;
      if (await this.wait(isGone, this.inUs(GONE_MS_MAX))) counts.add('long absences while deletes went');
    }
    bringBack();
  }

  private takeAway(machine: Machine): () => void {
    if (this.random.below(2) === 0) {
      const others = this.ring.machines.filter((one) => one !== machine);
      return this.world.wires.cutBothWays([machine], others);
    }
    machine.kill();
    return () => {
      if (machine.process === undefined) this.boot(machine);
    };
  }

  private absenceOf(id: MemberId): string | undefined {
    return this.ring.chronicle.newest.members.find((member) => member.id === id)?.absence;
  }

  private inUs(ms: number): number {
    return this.world.nowUs + ms * 1000;
  }

  /** Resolves to whether it has come to that by then. */
  private async wait(isSo: () => boolean, untilUs: number): Promise<boolean> {
    while (!isSo() && this.world.nowUs < untilUs) await this.world.sleep(LOOK_MS);
    return isSo();
  }
}
