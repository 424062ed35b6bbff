/** What is simulated: see README.md for how to write one. */

import type { Counts } from './counts.js';
import type { World } from './world.js';

export interface ScenarioOptions {
  readonly nodes: number;
}

export interface Verdict {
  /** What clients did that was answered. */
  readonly operations: number;
  /** What is wrong, a line each; empty if nothing is. */
  readonly problems: readonly string[];
  /** What has happened, where that is counted: a scenario in which nothing happens proves nothing. */
  readonly counts?: Counts;
}

export interface Scenario {
  readonly name: string;
  /** One line for the help text. */
  readonly about: string;
  readonly nodesDefault: number;
  /** Everything from an empty world to the verdict, in virtual time. Sets `world.headline`. What it rejects with is a problem too. */
  run(world: World, options: ScenarioOptions): Promise<Verdict>;
}
