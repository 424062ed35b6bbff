/**
 * A sitting: a pair of servers is started, filled, and measured with every scenario of their setup.
 *
 * Half of the rounds are run in a second sitting, with the servers started in the other order. Of two equal servers
 * the one that was started later needs some 5 % less CPU for the same work (probably it gets less scattered pages), and
 * any process is a little luckier or unluckier than the next of its kind for as long as it lives.
 */
import { loadKeys } from '../tools/pipelined-loader.js';
import type { ServerKind } from '../tools/server-process.js';
import { measureLoad, requestsFor, warmUp } from './load-measurement.js';
import { FILL_SECONDS, LOAD_SECONDS, orderOf, WARM_UP_SECONDS, type Order, type Pair, type Plan } from './plan.js';
import { measureRounds, type Figures } from './rounds.js';
import type { LoadScenario, Setup } from './scenario.js';
import type { ServerDriver } from './server-driver.js';
import { settle } from './settle.js';
import { expectKeys } from './start-up.js';

/** Measures each scenario, for the number of rounds; figures in the order of the scenarios. */
export async function runSitting(
  plan: Plan,
  setup: Setup,
  scenarios: readonly LoadScenario[],
  order: Order,
  rounds: number,
): Promise<readonly (readonly Figures[])[]> {
  const drivers = new Map<ServerKind, ServerDriver>();
  try {
    for (const kind of order) drivers.set(kind, await startFilled(plan, setup, kind));
    const pair = { redis: driverOf(drivers, 'redis'), ringkv: driverOf(drivers, 'ringkv') };
    const figures: (readonly Figures[])[] = [];
    for (const scenario of scenarios) figures.push(await runLoad(plan, scenario, pair, order, rounds));
    return figures;
  } finally {
    await Promise.all(Array.from(drivers.values(), (driver) => driver.stop()));
    plan.dirs.removeAll();
  }
}

function driverOf(drivers: ReadonlyMap<ServerKind, ServerDriver>, kind: ServerKind): ServerDriver {
  const driver = drivers.get(kind);
  if (driver === undefined) throw new Error(`a sitting's order must name ${kind}`);
  return driver;
}

async function startFilled(plan: Plan, setup: Setup, kind: ServerKind): Promise<ServerDriver> {
  plan.progress.label(`${kind} is filled: ${setup.title}`);
  const driver = await plan.contenders[kind].start(setup.flags, plan.dirs.make(kind));
  try {
    let keys = 0;
    for (const preload of setup.preload) {
      await loadKeys({ port: driver.port, ...preload });
      keys += preload.count;
    }
    await expectKeys(driver.port, keys);
    await settle(driver);
  } catch (error) {
    await driver.stop();
    throw error;
  }
  plan.progress.advance(FILL_SECONDS);
  return driver;
}

async function runLoad(
  plan: Plan,
  scenario: LoadScenario,
  drivers: Pair<ServerDriver>,
  order: Order,
  rounds: number,
): Promise<readonly Figures[]> {
  const paces = [];
  for (const kind of order) {
    plan.progress.label(`${scenario.name}  warm-up of ${kind}`);
    paces.push(await warmUp(scenario, drivers[kind], plan.requests ?? Infinity));
    plan.progress.advance(WARM_UP_SECONDS);
  }
  const requests = plan.requests ?? requestsFor(paces);
  return measureRounds(
    rounds,
    (round) => orderOf(round, order),
    async (kind, round) => {
      plan.progress.label(`${scenario.name}  round ${round + 1} of ${rounds}, ${kind}`);
      const figures = await measureLoad(scenario, drivers[kind], requests);
      plan.progress.advance(LOAD_SECONDS);
      return figures;
    },
  );
}
