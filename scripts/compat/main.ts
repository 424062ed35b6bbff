/** `npm run compat`: Redis's own test suite against ringkv. See the help text. */
import { spawnSync } from 'node:child_process';
import { oneOf } from '../tools/arguments.js';
import { ProgressBar } from '../tools/progress-bar.js';
import { runScript } from '../tools/run-script.js';
import { flag, readOptions, several, text, type ValuesOf } from '../tools/script-options.js';
import {
  judgeUnit,
  knownBaseline,
  measureBaseline,
  openBench,
  type Bench,
  type MeasuredUnit,
  type Outcome,
} from './bench.js';
import { INSTALLER, LOG_DIR } from './paths.js';
import { baselineTable, complaints, outcomeTable, unitList } from './report.js';
import { skipsOf } from './skips.js';
import { BUILT, UNITS, type Unit } from './units.js';
import { isGood } from './verdict.js';

const USAGE = `Runs Redis's own test suite against ringkv, one unit after the other, each against a server of its own.

usage: npm run compat [-- options]

  --unit NAME        only this unit, as in --list; may come more than once
  --fast             only the units that npm test runs too
  --list             print the units, and run none
  --server redis     run redis-server instead, and keep its figures; default: ringkv
  --fresh-baseline   run redis-server too, though its figures are known
  --strict           an entry of the skip list whose test passes, or is gone, is an error too
  --keep-logs        keep all that the suite and the servers print, in .cache/compat-logs
  --help             print this

The suite is Debian's source package redis, fetched once by apt-get into .cache/redis-source. It needs tclsh and
redis-server (as root, the script installs them): redis-server's figures stand beside ringkv's, and the tests that it
runs are the ones that must run on ringkv. They are kept in .cache/redis-baseline.

The tests that ringkv is not expected to pass are in scripts/compat/skips.ts, each with a reason.

Ends with 1 if a test fails that is not on that list, if a test did not run that redis-server runs, or if a unit was
broken off; with 2 if the suite could not be run.
`;

const SERVERS = ['redis', 'ringkv'] as const;
const OPTIONS = {
  unit: several,
  fast: flag,
  list: flag,
  server: text('ringkv'),
  'fresh-baseline': flag,
  strict: flag,
  'keep-logs': flag,
};

interface Choice {
  readonly units: readonly Unit[];
  readonly server: (typeof SERVERS)[number];
  readonly freshBaseline: boolean;
  readonly strict: boolean;
  readonly keepLogs: boolean;
}

async function main(values: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  if (values.list) {
    process.stdout.write(unitList(UNITS));
    return true;
  }
  const server = oneOf('--server', SERVERS, values.server);
  return runSuite({
    units: chosenUnits(values.unit, values.fast),
    server,
    freshBaseline: values['fresh-baseline'] || server === 'redis',
    strict: values.strict,
    keepLogs: values['keep-logs'],
  });
}

/** All units of what ringkv has, or those named; the prefix `unit/` may be left out. */
function chosenUnits(names: readonly string[], fastOnly: boolean): Unit[] {
  const named = names.map((name) => {
    const unit = UNITS.find((unit) => unit.name === name || unit.name === `unit/${name}`);
    if (unit === undefined) throw new Error(`no such unit: ${name} (see --list)`);
    return unit;
  });
  const units = named.length > 0 ? named : UNITS.filter((unit) => BUILT.has(unit.area));
  return fastOnly ? units.filter((unit) => unit.fast) : units;
}

async function runSuite(choice: Choice): Promise<boolean> {
  spawnSync(process.execPath, [INSTALLER], { stdio: 'inherit' });
  const bench = await openBench((line) => process.stderr.write(line + '\n'), choice.keepLogs ? LOG_DIR : undefined);
  const measured = await measureUnits(bench, choice.units, choice.freshBaseline);
  if (choice.server === 'redis') return reportBaselines(measured);
  return reportOutcomes(await judgeUnits(bench, measured), bench.baseline.version, choice.strict);
}

/** Each unit with redis-server's run of it: the known one, unless it is asked for anew. */
async function measureUnits(bench: Bench, units: readonly Unit[], fresh: boolean): Promise<MeasuredUnit[]> {
  const known = new Map(units.map((unit) => [unit, fresh ? undefined : knownBaseline(bench, unit)]));
  const unknown = units.filter((unit) => known.get(unit) === undefined);
  if (unknown.length > 0) {
    const bar = new ProgressBar(unknown.length);
    for (const unit of unknown) {
      bar.label(`redis-server: ${unit.name}`);
      known.set(unit, await measureBaseline(bench, unit));
      bar.advance();
    }
    bar.finish();
  }
  return [...known].flatMap(([unit, baseline]) => (baseline === undefined ? [] : [{ unit, baseline }]));
}

async function judgeUnits(bench: Bench, measured: readonly MeasuredUnit[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const bar = new ProgressBar(measured.reduce((sum, { baseline }) => sum + baseline.tests.length, 0));
  let over = 0;
  for (const each of measured) {
    bar.label(`ringkv: ${each.unit.name}`);
    outcomes.push(await judgeUnit(bench, each, () => bar.advance()));
    // Tests that were held, or did not run, are over too.
    over += each.baseline.tests.length;
    bar.advance(over - bar.done);
  }
  bar.finish();
  return outcomes;
}

function reportOutcomes(outcomes: readonly Outcome[], redisVersion: string, strict: boolean): boolean {
  for (const { unit, verdict } of outcomes) process.stdout.write(complaints(unit, verdict).join(''));
  process.stdout.write('\n' + outcomeTable(outcomes, redisVersion));
  const bad = outcomes.filter(({ verdict }) => !isGood(verdict, strict));
  process.stdout.write(
    bad.length === 0 ? '\nall good\n' : `\nnot good: ${bad.map(({ unit }) => unit.name).join(', ')}\n`,
  );
  return bad.length === 0;
}

/** On redis-server a test may only fail if the list says that it does. */
function reportBaselines(measured: readonly MeasuredUnit[]): boolean {
  process.stdout.write(baselineTable(measured));
  const failures = measured.flatMap(({ unit, baseline }) => {
    const listed = new Set(skipsOf(unit.name).flatMap((skip) => (skip.category === 'stock' ? [skip.test] : [])));
    return baseline.tests.flatMap(({ name, passed }) => (passed || listed.has(name) ? [] : [`${unit.name}: ${name}`]));
  });
  for (const failure of failures) process.stdout.write(`FAILED   ${failure}\n`);
  return failures.length === 0;
}

await runScript({ name: 'compat', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
