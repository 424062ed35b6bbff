/** `npm run soak:crash`: does ringkv keep what it has acknowledged when it is killed under load? See the help text. */
import { DataDirs } from '../tools/data-dirs.js';
import { errorText } from '../tools/error-text.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { left, right, textTable } from '../tools/text-table.js';
import { CrashRig, type FsyncPolicy, type RoundOutcome, type RoundPlan } from './crash-rig.js';
import { parseOptions, USAGE, type CrashOptions } from './options.js';

const LOAD_MS_MIN = 100;
const LOAD_MS_SPREAD = 1400;
const TERM_EVERY = 5;
const UPKEEP = [undefined, 'COMPACT', undefined, 'SAVE'] as const;

/** What became of one policy's rounds. */
interface Series {
  readonly policy: FsyncPolicy;
  readonly outcomes: readonly RoundOutcome[];
  /** Why there were no more rounds. */
  readonly broken: string | undefined;
}

async function main(options: CrashOptions): Promise<boolean> {
  const dirs = new DataDirs(options.outDir);
  const bar = new ProgressBar(options.rounds * options.policies.length);
  const all: Series[] = [];
  for (const policy of options.policies) all.push(await runSeries(policy, options, dirs, bar));
  bar.finish();
  process.stdout.write(table(all) + complaints(all).join(''));
  return all.every(isGood);
}

async function runSeries(
  policy: FsyncPolicy,
  { rounds, writers, ballastBytes }: CrashOptions,
  dirs: DataDirs,
  bar: ProgressBar,
): Promise<Series> {
  const dir = dirs.make(policy);
  const outcomes: RoundOutcome[] = [];
  let broken: string | undefined;
  try {
    const rig = await CrashRig.start({ dir, policy, writers, ballastBytes });
    for (let round = 0; round < rounds; round++) {
      const plan = planOf(round);
      bar.label(`appendfsync ${policy}: round ${round + 1}${plan.upkeep ? `, ${plan.upkeep} all the time` : ''}`);
      outcomes.push(await rig.run(plan));
      bar.advance();
    }
    await rig.stop();
    dirs.remove(dir);
  } catch (error) {
    broken = errorText(error);
  }
  return { policy, outcomes, broken };
}

function planOf(round: number): RoundPlan {
  return {
    loadMs: LOAD_MS_MIN + Math.random() * LOAD_MS_SPREAD,
    signal: round % TERM_EVERY === TERM_EVERY - 1 ? 'SIGTERM' : 'SIGKILL',
    upkeep: UPKEEP[round % UPKEEP.length],
  };
}

function isGood({ outcomes, broken }: Series): boolean {
  return broken === undefined && outcomes.every(({ problems }) => problems.length === 0);
}

function table(all: readonly Series[]): string {
  const titles = ['rounds', 'sent', 'acknowledged', 'lost', 'flushes', 'compactions', 'slowest start ms'];
  const rows = all.map((series) => {
    const { policy, outcomes } = series;
    const sum = (figure: (outcome: RoundOutcome) => number): string =>
      String(outcomes.reduce((total, outcome) => total + figure(outcome), 0));
    return [
      policy,
      String(outcomes.length),
      sum(({ sent }) => sent),
      sum(({ acknowledged }) => acknowledged),
      sum(({ lost }) => lost),
      sum(({ flushes }) => flushes),
      sum(({ compactions }) => compactions),
      Math.max(0, ...outcomes.map(({ restartMs }) => restartMs)).toFixed(0),
      isGood(series) ? 'good' : 'not good',
    ];
  });
  return textTable([left('appendfsync'), ...titles.map(right), left('outcome')], rows);
}

/** All that went wrong, a paragraph each. */
function complaints(all: readonly Series[]): string[] {
  return all.flatMap(({ policy, outcomes, broken }) => [
    ...outcomes.flatMap(({ plan, problems }, round) =>
      problems.map((problem) => `\n${policy}, round ${round + 1} (${plan.signal}): ${problem}\n`),
    ),
    ...(broken === undefined ? [] : [`\n${policy}, round ${outcomes.length + 1} was broken off: ${broken}\n`]),
  ]);
}

await runScript({ name: 'soak:crash', usage: USAGE, parse: parseOptions, run: main });
