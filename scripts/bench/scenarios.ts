/**
 * The table of scenarios. To add one, add a row: a LoadScenario if redis-benchmark can drive it on servers that stay
 * up, a FreshScenario if it needs servers of its own.
 */
import {
  BYTES_PER_HASH,
  BYTES_PER_KEY,
  BYTES_PER_MEMBER,
  measureHashes,
  measureMemory,
  measureSortedSet,
  RSS_AT_1M,
} from './memory.js';
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

const collections: Setup = {
  title: `${everysec.title}, collections of up to a million`,
  flags: everysec.flags,
  preload: [{ prefix: 'key:', count: 1000, valueBytes: 64 }],
  keySpace: KEYS,
};

const ELEMENT = 'element:__rand_int__';

/** What redis-benchmark sends for its tests of the same names, and some that it has not. */
const collectionWorkloads: readonly { title: string; workload: readonly string[]; before?: readonly string[] }[] = [
  { title: 'HSET', workload: ['HSET', 'hash', ELEMENT, 'value'] },
  { title: 'LPUSH', workload: ['LPUSH', 'list', ELEMENT] },
  { title: 'LRANGE_100', workload: ['LRANGE', 'list', '0', '99'], before: ['LPUSH', 'list', ELEMENT] },
  { title: 'LPOP', workload: ['LPOP', 'list'], before: ['LPUSH', 'list', ELEMENT] },
  { title: 'SADD', workload: ['SADD', 'set', ELEMENT] },
  { title: 'SPOP', workload: ['SPOP', 'set'], before: ['SADD', 'set', ELEMENT] },
  { title: 'ZADD', workload: ['ZADD', 'ranking', '__rand_int__', ELEMENT] },
  { title: 'ZRANGE', workload: ['ZRANGE', 'ranking', '0', '99'], before: ['ZADD', 'ranking', '__rand_int__', ELEMENT] },
  { title: 'EVAL', workload: ['EVAL', "return redis.call('GET', KEYS[1])", '1', 'key:000000000001'] },
];

const collectionLoads: readonly LoadScenario[] = collectionWorkloads.map(({ title, workload, before }) => ({
  kind: 'load',
  name: `everysec/collections/P16/${title}`,
  title: `${title}, P=16`,
  setup: collections,
  workload,
  ...(before === undefined ? {} : { before }),
  pipeline: 16,
}));

const collectionMemory: readonly FreshScenario[] = [
  { name: 'memory/hashes', title: 'memory, hashes of 5 small fields', metric: BYTES_PER_HASH, measure: measureHashes },
  { name: 'memory/sorted-set', title: 'memory, a sorted set', metric: BYTES_PER_MEMBER, measure: measureSortedSet },
].map(({ name, title, metric, measure }) => ({
  kind: 'fresh',
  name,
  title,
  metrics: [metric],
  roundsMax: 1,
  estimateSeconds: 6,
  measure: (contender, dir) => measure(contender, everysec.flags, dir),
}));

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
  ...collectionMemory,
  startUp,
  ...collectionLoads,
  ...loadsWith(everysec),
  ...loadsWith(off),
  ...loadsWith(always),
];

/** What `--quick` runs: all that the targets ask for. */
const QUICK = /^(memory(\/.*)?|everysec\/64B\/P\d+\/(GET|SET)|everysec\/collections\/P16\/\w+)$/;

/** The rows that the options ask for, in the table's order. */
export function chooseScenarios(
  all: readonly Scenario[],
  options: { readonly quick: boolean; readonly only: RegExp | undefined },
): readonly Scenario[] {
  return all.filter(({ name }) => (!options.quick || QUICK.test(name)) && (options.only?.test(name) ?? true));
}
