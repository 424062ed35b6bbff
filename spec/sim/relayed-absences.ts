/**
 * Members are away one after the other while another one joins:
 *
 *     away:  one      ███████████████████
 *            another             ███████████████
 *            joins            └──────┘
 *
 * Of those who hold a slot, one has missed what was decided before; then there is nobody to tell it; and when the change has ended it is back, with the one that has joined alone. Until then the other one is reached by who
 * joins, and by nobody else: so that is given what it takes over.
 */

import { isChanging } from '../../lib/cluster/topology/ring-change.js';
import type { Machine } from './machine.js';
import type { ResizedRing } from './resized-ring.js';
import type { SeededRandom } from './seeded-random.js';
import type { Heal } from './wires.js';
import type { World } from './world.js';

/** The one has missed something after this, at most; the other is away for so long behind the end. */
const MISSING_MS_MAX = 4000;
const AWAY_MS_MAX = 4000;
/** A change that does not come to its beginning, or to its end, so fast has them back. */
const CHANGE_MS = 5000;
const LOOK_MS = 5;
/** Everybody is there for so long before, at most. */
const REST_MS_MAX = 4000;

export interface RelayedAbsencesOptions {
  /** Members at a time, at most. */
  readonly nodesMax: number;
  /** Starts a machine that is new. */
  readonly boot: (machine: Machine) => void;
}

export class RelayedAbsences {
  private readonly world: World;
  private readonly ring: ResizedRing;
  private readonly options: RelayedAbsencesOptions;
  private readonly random: SeededRandom;

  constructor(world: World, ring: ResizedRing, options: RelayedAbsencesOptions) {
    this.world = world;
    this.random = world.fork();
    this.ring = ring;
    this.options = options;
  }

  /** Resolves when the time is over, or there are as many machines as there may be, and everybody reaches everybody. */
  async run(untilUs: number): Promise<void> {
    const { world, ring, options, random } = this;
    while (world.nowUs < untilUs && ring.machines.length < options.nodesMax) {
      await world.sleep(random.below(REST_MS_MAX));
      const members = [...ring.machines];
      const one = members.splice(random.below(members.length), 1)[0];
      const another = members[random.below(members.length)];
      const bringBack = [this.cutOff(one)];
      await world.sleep(random.below(MISSING_MS_MAX));
      const joiner = ring.add();
      bringBack.push(this.cutOff(one));
      options.boot(joiner);
      await this.passes(() => isChanging(ring.chronicle.newest));
      const bringAnotherBack = [this.cutOff(another, joiner)];
      await this.passes(() => !isChanging(ring.chronicle.newest));
      for (const heal of bringBack) heal();
      bringAnotherBack.push(this.cutOff(another));
      await world.sleep(random.below(AWAY_MS_MAX));
      for (const heal of bringAnotherBack) heal();
      await ring.agree();
    }
  }

  /** From all that are there now. */
  private cutOff(victim: Machine, but?: Machine): Heal {
    const { machines, clients } = this.ring;
    const others = [...machines, ...clients].filter((machine) => machine !== victim && machine !== but);
    this.world.note(victim.name, () => 'is cut off');
    return this.world.wires.cutBothWays([victim], others);
  }

  /** Resolves when something is so, or has not come to be for long. */
  private async passes(isSo: () => boolean): Promise<void> {
    const endUs = this.world.nowUs + CHANGE_MS * 1000;
    while (!isSo() && this.world.nowUs < endUs) await this.world.sleep(LOOK_MS);
  }
}
