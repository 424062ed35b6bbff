/**
 * The table of scenarios. To add one, add a row: a LoadScenario if redis-benchmark can drive it on servers that stay
 * up, a FreshScenario if it needs servers of its own.
 */
import { BYTES_PER_KEY, measureMemory, RSS_AT_1M } from './memory.js';
import type { FreshScenario, LoadScenario, Scenario, Setup } from './scenario.js';
import { measureStartUp, START_UP } from './start-up.js';

const KEYS = 1_000_000;
/** Redis's append-only file, rewritten in one round and not in the next, would make noise of the rounds. (ringkv has no such option to heed.) */
const COMMON_FLAGS = ['--save', '', '--auto-aof-rewrite-percentage', '0'];

/** The durability that a scenario asks for, as its name and the flags of both servers. */
interface Durability {
  readonly name: string;
  readonly title: string;
  readonly flags: readonly string[];
}

const everysec: Durability = {
  name: 'everysec',
  title: 'log fsynced every second',
  flags: [...COMMON_FLAGS, '--appendonly', 'yes', '--appendfsync', 'everysec'],
};
const off: Durability = { name: 'off', title: 'no log', flags: [...COMMON_FLAGS, '--appendonly', 'no'] };
const always: Durability = {
  name: 'always',
  title: 'log fsynced before each reply',
  flags: [...COMMON_FLAGS, '--appendonly', 'yes', '--appendfsync', 'always'],
};

function keysSetup(durability: Durability, valueBytes: number): Setup {
  return {
    title: `${durability.title}, values of ${valueBytes} bytes`,
    flags: durability.flags,
    preload: [{ prefix: 'key:', count: KEYS, valueBytes }],
  };
}

function countersSetup(durability: Durability): Setup {
  return {
    title: `${durability.title}, counters`,
    flags: durability.flags,
    preload: [{ prefix: 'counter:', count: KEYS, value: '0' }],
  };
}

/** The tests at P=16 and P=1 on one setup, named `<prefix>/P<pipeline>/<test>`. */
function loads(prefix: string, setup: Setup, tests: readonly string[], valueBytes: number): LoadScenario[] {
  return [16, 1].flatMap((pipeline) =>
    tests.map((test) => ({
      kind: 'load' as const,
      name: `${prefix}/P${pipeline}/${test}`,
      title: `${test}${test === 'MSET' ? ' of 10 keys' : ''}, P=${pipeline}`,
      setup,
      workload: ['-t', test.toLowerCase(), '-d', String(valueBytes)],
      pipeline,
    })),
  );
}

function loadsWith(durability: Durability): LoadScenario[] {
  const tests = ['GET', 'SET', 'MSET'];
  return [
    ...loads(`${durability.name}/64B`, keysSetup(durability, 64), tests, 64),
    ...loads(`${durability.name}/1KB`, keysSetup(durability, 1024), tests, 1024),
    ...loads(`${durability.name}/counter`, countersSetup(durability), ['INCR'], 3),
  ];
}

const memory: FreshScenario = {
  kind: 'fresh',
  name: 'memory',
  title: 'memory, keys of 16 and values of 64 bytes',
  metrics: [RSS_AT_1M, BYTES_PER_KEY],
  roundsMax: 1,
  estimateSeconds: 7,
  measure: (contender, dir) => measureMemory(contender, everysec.flags, dir),
};

const startUp: FreshScenario = {
  kind: 'fresh',
  name: 'start-up',
  title: 'start-up with 1M keys in the log',
  metrics: [START_UP],
  roundsMax: 3,
  estimateSeconds: 4,
  measure: (contender, dir) => measureStartUp(contender, everysec.flags, dir),
};

export const SCENARIOS: readonly Scenario[] = [
  memory,
  startUp,
  ...loadsWith(everysec),
  ...loadsWith(off),
  ...loadsWith(always),
];

/** What `--quick` runs: all that the targets ask for. */
const QUICK = /^(memory|everysec\/64B\/P\d+\/(GET|SET))$/;

/** The rows that the options ask for, in the table's order. */
export function chooseScenarios(
  all: readonly Scenario[],
  options: { readonly quick: boolean; readonly only: RegExp | undefined },
): readonly Scenario[] {
  return all.filter(({ name }) => (!options.quick || QUICK.test(name)) && (options.only?.test(name) ?? true));
}
