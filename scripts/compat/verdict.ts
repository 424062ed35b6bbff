/**
 * Whether a unit's run is good: a pure decision from the run, redis-server's own run, and the skip list.
 *
 * Never a percentage: a unit that was broken off has few failures, and a unit that ran nothing has none. So every
 * test that redis-server ran must have run too, and every one that failed must be on the list by its name.
 */
import type { Skip } from './skips.js';
import type { TestResult, UnitReport, UnitRun } from './unit-run.js';

export interface Verdict {
  readonly passed: number;
  /** Failures of tests that are not on the list. */
  readonly failed: readonly TestResult[];
  /** Names that redis-server's run has and this one has not, and that are not on the list; once for each time. */
  readonly missing: readonly string[];
  /** What went wrong outside of any test, or broke the unit off. */
  readonly broken: readonly string[];
  /** Entries of the list that nothing speaks for any more: the test passes, or there is no such test. */
  readonly stale: readonly Skip[];
}

/** `skips` are those of this unit. Names that come twice in a unit are counted, not told apart. */
export function judge(report: UnitReport, baseline: UnitRun, skips: readonly Skip[]): Verdict {
  const listed = new Set(skips.map((skip) => skip.test));
  return {
    passed: report.tests.filter((test) => test.passed).length,
    failed: report.tests.filter((test) => !test.passed && !listed.has(test.name)),
    missing: missingNames(report, baseline).filter((name) => !listed.has(name)),
    broken: breaks(report),
    stale: skips.filter((skip) => isStale(skip, report, baseline)),
  };
}

/** Whether the verdict lets the run stand; stale entries count against it only if `strict`. */
export function isGood({ failed, missing, broken, stale }: Verdict, strict: boolean): boolean {
  return failed.length + missing.length + broken.length + (strict ? stale.length : 0) === 0;
}

function missingNames(run: UnitRun, baseline: UnitRun): string[] {
  const left = new Map<string, number>();
  for (const { name } of run.tests) left.set(name, (left.get(name) ?? 0) + 1);
  const missing: string[] = [];
  for (const { name } of baseline.tests) {
    const count = left.get(name) ?? 0;
    if (count === 0) missing.push(name);
    else left.set(name, count - 1);
  }
  return missing;
}

function breaks(report: UnitReport): string[] {
  const broken = [...report.aborts];
  if (report.hungIn !== null) broken.push(`nothing happened any more in: ${report.hungIn}`);
  if (report.timedOut) broken.push("the unit's time was over");
  else if (!report.completed)
    broken.push(`the runner did not come to the end of the unit:\n${lastLines(report.output)}`);
  if (report.serverEnd !== null) broken.push(report.serverEnd);
  return broken;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}

function isStale(skip: Skip, run: UnitRun, baseline: UnitRun): boolean {
  if (!baseline.tests.some((test) => test.name === skip.test)) return true;
  const runs = run.tests.filter((test) => test.name === skip.test);
  return runs.length > 0 && runs.every((test) => test.passed);
}
