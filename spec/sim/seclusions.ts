import type { Machine } from './machine.js';
import type { SeededRandom } from './seeded-random.js';
import type { World } from './world.js';

/** Between two, and how long one takes, at most. */
const REST_MS_MAX = 3000;
const SECLUDED_MS_MAX = 4000;

/** Now one node, now another one reaches none of the others, and its clients reach it: of what they put there at the level ANY, hints are all there is. */
export class Seclusions {
  private readonly world: World;
  private readonly machines: readonly Machine[];
  private readonly random: SeededRandom;
  private secluded: Machine | undefined;

  constructor(world: World, machines: readonly Machine[]) {
    this.world = world;
    this.machines = machines;
    this.random = world.fork();
  }

  /** The one that reaches no other now. */
  get current(): Machine | undefined {
    return this.secluded;
  }

  /** Resolves when the time is over, and all reach each other again. */
  async run(untilUs: number): Promise<void> {
    const { world, machines, random } = this;
    for (;;) {
      await world.sleep(random.below(REST_MS_MAX));
      if (world.nowUs >= untilUs) return;
      const one = machines[random.below(machines.length)];
      const others = machines.filter((machine) => machine !== one);
      world.note(one.name, () => 'is secluded');
      const heal = world.wires.cutBothWays([one], others);
      this.secluded = one;
      await world.sleep(random.below(SECLUDED_MS_MAX));
      this.secluded = undefined;
      heal();
    }
  }
}
