/** Everything that a run of the suite needs, and the two things done with it: measure redis-server, judge ringkv. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerKind } from '../tools/server-process.js';
import { Baseline, type BaselineUnit } from './baseline.js';
import { succeeds } from './command.js';
import { BASELINE_DIR, SOURCE_DIR } from './paths.js';
import { ensureRedisSource, type RedisSource } from './redis-source.js';
import { skipsOf } from './skips.js';
import { runnerFlags, runUnit } from './suite-runner.js';
import { endsTest, type UnitReport } from './unit-run.js';
import type { Unit } from './units.js';
import { judge, type Verdict } from './verdict.js';

/** The suite, and what redis-server makes of it. */
export interface Bench {
  readonly source: RedisSource;
  readonly baseline: Baseline;
  /** Where all that runner and servers print is kept; undefined: nowhere. */
  readonly logDir: string | undefined;
}

/** A unit, and redis-server's run of it. */
export interface MeasuredUnit {
  readonly unit: Unit;
  readonly baseline: BaselineUnit;
}

/** One unit, run on ringkv and judged. */
export interface Outcome extends MeasuredUnit {
  readonly report: UnitReport;
  readonly verdict: Verdict;
}

/** Fetches the suite if it is not there. Rejects with what to do where tclsh, redis-server or the suite cannot be had. */
export async function openBench(log: (line: string) => void, logDir?: string): Promise<Bench> {
  if (!(await succeeds('tclsh', ['/dev/null']))) throw new Error("Redis's suite needs tclsh (Debian's package tcl)");
  const source = await ensureRedisSource(SOURCE_DIR, log);
  const baseline = await Baseline.open(BASELINE_DIR);
  if (source.version !== baseline.version) {
    log(`note: the suite is of Redis ${source.version}, and the installed redis-server is ${baseline.version}`);
  }
  return { source, baseline, logDir };
}

/** Runs the unit on redis-server and keeps the figures. Rejects if the unit does not come to its end there. */
export async function measureBaseline(bench: Bench, unit: Unit): Promise<BaselineUnit> {
  const report = await runUnit(bench.source, { unit, kind: 'redis', held: [] });
  await keepLog(bench, 'redis', unit, report);
  const { output, timedOut, serverEnd, ...run } = report;
  if (timedOut || serverEnd !== null || !run.completed) {
    const said = serverEnd ?? output.split('\n').slice(-20).join('\n');
    throw new Error(`redis-server itself did not come to the end of ${unit.name}:\n${said}`);
  }
  const baseline = { ...run, flags: runnerFlags(unit) };
  await bench.baseline.put(unit.name, baseline);
  return baseline;
}

/** What redis-server made of the unit, if that is known. */
export function knownBaseline(bench: Bench, unit: Unit): BaselineUnit | undefined {
  return bench.baseline.find(unit.name, runnerFlags(unit));
}

/** Runs the unit on ringkv and holds it against redis-server's run, which may be under way. `onTestEnd` is called once a test. */
export async function judgeUnit(
  bench: Bench,
  { unit, baseline: measuring }: { readonly unit: Unit; readonly baseline: BaselineUnit | Promise<BaselineUnit> },
  onTestEnd?: () => void,
): Promise<Outcome> {
  const skips = skipsOf(unit.name);
  const running = runUnit(bench.source, {
    unit,
    kind: 'ringkv',
    held: skips.filter((skip) => skip.held).map((skip) => skip.test),
    onLine: (line) => {
      if (endsTest(line)) onTestEnd?.();
    },
  });
  const [report, baseline] = await Promise.all([running, measuring]);
  await keepLog(bench, 'ringkv', unit, report);
  return { unit, report, baseline, verdict: judge(report, baseline, skips) };
}

async function keepLog({ logDir }: Bench, kind: ServerKind, unit: Unit, report: UnitReport): Promise<void> {
  if (logDir === undefined) return;
  await mkdir(logDir, { recursive: true });
  const file = join(logDir, `${kind}-${unit.name.replaceAll('/', '-')}.log`);
  await writeFile(file, report.output + (report.serverEnd === null ? '' : `\n${report.serverEnd}\n`));
}
