/** Specs that draw at random, round after round, each with a seed of its own; and what came of it, for people. */
import { left, right, textTable } from '../tools/text-table.js';
import type { RandomGroup } from './random-specs.js';
import type { SpecFailure, SpecOutcome } from './spec-run.js';

/** A failure of one spec, or of a group outside of its specs, as it came first. */
export interface SoakFailure extends SpecFailure {
  readonly seed: number;
  /** In how many rounds the same spec failed. */
  readonly count: number;
}

export interface GroupResult {
  readonly group: RandomGroup;
  readonly rounds: number;
  /** Tests that passed, over all rounds. */
  readonly passed: number;
  readonly failures: readonly SoakFailure[];
}

export interface Soak {
  readonly groups: readonly RandomGroup[];
  readonly rounds: number;
  /** The first round's; each round counts up. */
  readonly seed: number;
  readonly run: (group: RandomGroup, seed: number) => Promise<SpecOutcome>;
  /** Called before each run. */
  readonly onRun?: (round: number, group: RandomGroup) => void;
  /** Called after each run with the failures so far. */
  readonly onDone?: (failures: number) => void;
}

/** Runs every group once a round. A failure ends nothing. */
export async function soak({ groups, rounds, seed, run, onRun, onDone }: Soak): Promise<GroupResult[]> {
  const results = groups.map((group) => ({ group, rounds, passed: 0, failures: new Map<string, SoakFailure>() }));
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      onRun?.(round, result.group);
      const { passed, failures } = await run(result.group, seed + round);
      result.passed += passed;
      failed += failures.length;
      for (const failure of failures) {
        const name = failure.title ?? '';
        const first = result.failures.get(name) ?? { ...failure, seed: seed + round, count: 0 };
        result.failures.set(name, { ...first, count: first.count + 1 });
      }
      onDone?.(failed);
    }
  }
  return results.map((result) => ({ ...result, failures: [...result.failures.values()] }));
}

/** A line for each group, and a paragraph for each failure: what, how often, and how to replay it. */
export function soakReport(results: readonly GroupResult[]): string {
  const columns = [left('group'), right('files'), right('rounds'), right('passed'), right('failed')];
  const rows = results.map(({ group, rounds, passed, failures }) => {
    const failed = failures.reduce((sum, { count }) => sum + count, 0);
    return [group.name, ...[group.files.length, rounds, passed, failed].map(String)];
  });
  const complaints = results.flatMap(({ group, failures }) =>
    failures.map((failure) => {
      const { title, error, count } = failure;
      const what = `${group.name}: ${title ?? 'outside of a spec'}${count === 1 ? '' : ` (in ${count} rounds)`}`;
      return `\n${what}\n${error}\nreplay: ${replayLine(group.name, failure)}\n`;
    }),
  );
  return textTable(columns, rows) + complaints.join('');
}

function replayLine(group: string, { title, seed }: SoakFailure): string {
  const only = title === undefined ? '' : ` --fgrep '${title.replaceAll("'", `'\\''`)}'`;
  return `npm test -- ${group}${only} --seed ${seed}`;
}
