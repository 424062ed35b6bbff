/** One seed of a scenario, from an empty world to the verdict. */

import { Counts } from './counts.js';
import type { Scenario, ScenarioOptions } from './scenario.js';
import type { WorldOptions } from './world.js';
import { World } from './world.js';

export interface SeedResult {
  readonly seed: number;
  readonly headline: string;
  readonly operations: number;
  readonly problems: readonly string[];
  /** What has happened, where the scenario counts that. */
  readonly counts: Counts;
  /** Virtual. */
  readonly simulatedMs: number;
  readonly events: number;
  readonly fingerprint: string;
}

export async function runSeed(
  scenario: Scenario,
  seed: number,
  options: ScenarioOptions,
  worldOptions: WorldOptions = {},
): Promise<SeedResult> {
  const world = new World(seed, worldOptions);
  let operations = 0;
  let problems: readonly string[];
  let counts = new Counts();
  try {
    ({ operations, problems, counts = counts } = await world.run(() => scenario.run(world, options)));
  } catch (error) {
    problems = [stackOf(error)];
  }
  const { headline, nowUs, eventCount, fingerprint } = world;
  return { seed, headline, operations, problems, counts, simulatedMs: nowUs / 1000, events: eventCount, fingerprint };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n  because ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
