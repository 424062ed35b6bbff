/** One seed of a scenario, from an empty world to the verdict. */

import type { Scenario, ScenarioOptions } from './scenario.js';
import type { WorldOptions } from './world.js';
import { World } from './world.js';

export interface SeedResult {
  readonly seed: number;
  readonly headline: string;
  readonly operations: number;
  readonly problems: readonly string[];
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
  try {
    ({ operations, problems } = await world.run(() => scenario.run(world, options)));
  } catch (error) {
    problems = [stackOf(error)];
  }
  const { headline, nowUs, eventCount, fingerprint } = world;
  return { seed, headline, operations, problems, simulatedMs: nowUs / 1000, events: eventCount, fingerprint };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n  because ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
