/** The command line of `npm run sim`. */
import type { Scenario } from '../../spec/sim/scenario.js';
import { findScenario, scenarios } from '../../spec/sim/scenarios/all.js';
import type { PlantedBug } from '../../spec/sim/scenarios/planted.js';
import { findPlantedBugs, plantedBugs } from '../../spec/sim/scenarios/planted.js';
import { count, flag, readOptions, text } from '../tools/script-options.js';

export interface SimOptions {
  readonly scenario: Scenario;
  readonly nodes: number;
  /** The first, and how many. */
  readonly from: number;
  readonly seeds: number;
  readonly trace: boolean;
  /** Bugs to be looked for, in place of a scenario; empty: none. */
  readonly planted: readonly PlantedBug[];
  readonly help: boolean;
}

const SCENARIO_DEFAULT = 'ring';

export const USAGE = `npm run sim -- [options]

Runs nodes in one process on virtual time, from a seed: each seed draws its own mix of crashes, stops, partitions, lost,
doubled and overtaken messages, wrong clocks; lets it rage, makes everything good again, and checks what clients have seen.
The same seed does the same again. Exit code 1 if a seed fails; each comes with the command that replays it.

  --seeds N         how many seeds (100; 1000 with --planted)
  --from N          the first of them (1)
  --seed N          this one alone
  --nodes N         how many nodes (the scenario's own number)
  --scenario NAME   what is simulated (${SCENARIO_DEFAULT}):
${scenarios.map(({ name, about }) => `                      ${name}: ${about}`).join('\n')}
  --planted NAME    plants a bug, or one after the other, and looks for the first seed that shows it; 1 if there is none:
                      all
${plantedBugs.map(({ name, about }) => `                      ${name}: ${about}`).join('\n')}
  --trace           shows everything that happens, a line an event
  --help            this text
`;

/** Reads the arguments after the script's name. Throws an error fit for the user if they make no sense. */
export function parseOptions(args: readonly string[]): SimOptions {
  const values = readOptions(args, {
    seeds: count(),
    from: count(1),
    seed: count(),
    nodes: count(),
    scenario: text(SCENARIO_DEFAULT),
    trace: flag,
    planted: text(),
  });
  const scenario = findScenario(values.scenario);
  const seedsDefault = values.planted === undefined ? 100 : 1000;
  return {
    scenario,
    nodes: values.nodes ?? scenario.nodesDefault,
    from: values.seed ?? values.from,
    seeds: values.seed === undefined ? (values.seeds ?? seedsDefault) : 1,
    trace: values.trace,
    planted: values.planted === undefined ? [] : findPlantedBugs(values.planted),
    help: values.help,
  };
}

/** The command that runs one seed again. */
export function replayCommand({ scenario, nodes }: Pick<SimOptions, 'scenario' | 'nodes'>, seed: number): string {
  return `npm run sim -- --scenario ${scenario.name} --nodes ${nodes} --seed ${seed}`;
}
