/** Runs a plan's scenarios on both servers. */
import { LOAD_METRICS } from './load-measurement.js';
import { groupScenarios, orderOf, roundsOfSittings, type Plan } from './plan.js';
import { measureRounds, seriesOf, type Figures } from './rounds.js';
import type { FreshScenario, LoadScenario, Series, Setup } from './scenario.js';
import { runSitting } from './sitting.js';

/** One series for each metric of each scenario. Rejects at the first failure; no server is left in any case. */
export async function runPlan(plan: Plan): Promise<readonly Series[]> {
  const series: Series[] = [];
  for (const group of groupScenarios(plan.scenarios)) {
    const loads = group.filter((scenario) => scenario.kind === 'load');
    const [first] = loads;
    if (first !== undefined) series.push(...(await runLoads(plan, first.setup, loads)));
    for (const scenario of group) if (scenario.kind === 'fresh') series.push(...(await runFresh(plan, scenario)));
  }
  return series;
}

async function runLoads(plan: Plan, setup: Setup, scenarios: readonly LoadScenario[]): Promise<readonly Series[]> {
  const figures = scenarios.map((): Figures[] => []);
  for (const [sitting, rounds] of roundsOfSittings(plan.rounds).entries()) {
    const measured = await runSitting(plan, setup, scenarios, orderOf(sitting), rounds);
    for (const [at, ofScenario] of measured.entries()) figures[at]?.push(...ofScenario);
  }
  return scenarios.flatMap(({ name }, at) => seriesOf(name, LOAD_METRICS, figures[at] ?? []));
}

async function runFresh(plan: Plan, scenario: FreshScenario): Promise<readonly Series[]> {
  const { name, metrics, roundsMax } = scenario;
  const rounds = Math.min(plan.rounds, roundsMax);
  const figures = await measureRounds(rounds, orderOf, async (kind, round) => {
    plan.progress.label(`${name}  round ${round + 1} of ${rounds}, ${kind}`);
    const dir = plan.dirs.make(kind);
    try {
      return await scenario.measure(plan.contenders[kind], dir);
    } finally {
      plan.dirs.remove(dir);
      plan.progress.advance(scenario.estimateSeconds);
    }
  });
  return seriesOf(name, metrics, figures);
}
