/**
 * Runs the specs: `npm test`, `npm test -- storage wire`, `npm test -- storage --grep Manifest`.
 *
 * What is random in them is the same each time; `--seed random` or `--seed 123` makes it differ.
 *
 * Each folder of spec/ is a group and runs in a mocha process of its own, two at a time; what a group prints
 * comes when it has ended. The last line is `N passed, N failed, N skipped` over all groups; the exit code is 0
 * only if something passed and nothing failed. With CI=true a skipped or lone test is a failure.
 */
import { randomInt } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rankOf } from '../conf/layers.js';
import { build } from './build.mjs';
import { installDebianPrograms } from './install-debian-programs.mjs';
import { fail, install, root } from './install.mjs';
import { runGroup } from './spec-group.mjs';

const secondsWarn = 12 * 60;
/** More at a time, and specs of several servers would keep each other waiting. */
const lanesMax = 2;
/** Those that take a minute or more begin first, so that none is left to run alone at the end. */
const longGroups = ['compat', 'crash', 'wire', 'storage'];
/** Seeds that are drawn are below. */
const seedLimit = 2 ** 31;

const mochaOptions = {
  grep: { type: 'string', short: 'g' },
  fgrep: { type: 'string', short: 'f' },
  invert: { type: 'boolean', short: 'i' },
  timeout: { type: 'string', short: 't' },
  bail: { type: 'boolean', short: 'b' },
};

/** Folders of spec/ that hold specs, in the order of the layers that they test, then by name. */
function findGroups() {
  const height = (name) => (rankOf(name) === -1 ? Infinity : rankOf(name));
  const entries = readdirSync(join(root, 'spec'), { withFileTypes: true });
  const lost = entries.find((entry) => entry.name.endsWith('.spec.ts'));
  if (lost !== undefined) fail(`spec/${lost.name} is in no group: move it into a folder of spec/`);
  return entries
    .filter((entry) => entry.isDirectory() && holdsSpecs(join(root, 'spec', entry.name)))
    .map((entry) => entry.name)
    .sort((a, b) => Math.sign(height(a) - height(b)) || (a < b ? -1 : 1));
}

function holdsSpecs(folder) {
  return readdirSync(folder, { recursive: true }).some((file) => file.endsWith('.spec.ts'));
}

/** The names of the groups to run, the arguments for mocha, and the seed of what is random; undefined: the usual one. */
function parseCommandLine() {
  const options = { ...mochaOptions, seed: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const { seed, ...mochaValues } = values;
  const groups = findGroups();
  const unknown = positionals.find((name) => !groups.includes(name));
  if (unknown !== undefined) fail(`no group '${unknown}'; groups: ${groups.join(', ')}`);

  const mochaArgs = Object.entries(mochaValues).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
  if (process.env.CI === 'true') mochaArgs.push('--forbid-pending', '--forbid-only');
  if (process.stdout.isTTY) mochaArgs.push('--color');
  const named = positionals.length > 0 ? groups.filter((name) => positionals.includes(name)) : groups;
  return { groups: named, mochaArgs, seed: seed === undefined ? undefined : parseSeed(seed) };
}

/** A seed of fast-check: a whole number of 32 bits. */
function parseSeed(text) {
  if (text === 'random') return randomInt(seedLimit);
  const seed = Number(text);
  if (text.trim() === '' || (seed | 0) !== seed)
    fail(`--seed must be 'random' or a whole number of 32 bits, not '${text}'`);
  return seed;
}

/** Runs the groups, so many at a time, and prints what each has printed when it has ended; resolves to their results, in their order. */
async function runAll({ groups, mochaArgs, seed }) {
  let interrupted = false;
  const interrupt = () => (interrupted = true);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

  const results = [];
  const waiting = [...groups].sort((a, b) => rankOfLong(a) - rankOfLong(b));
  const run = groups.length === 1 ? runInSight : runAside;
  const runLane = async () => {
    for (let name = waiting.shift(); name !== undefined && !interrupted; name = waiting.shift()) {
      const result = await run(name, { mochaArgs, seed });
      if (result.complaint !== undefined) console.log(`=== ${name} ${result.complaint}`);
      results[groups.indexOf(name)] = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanesMax, availableParallelism()) }, runLane));
  return results.filter((result) => result !== undefined);
}

/** Those of `longGroups` first, then the others in their order. */
function rankOfLong(name) {
  const at = longGroups.indexOf(name);
  return at === -1 ? longGroups.length : at;
}

function runInSight(name, options) {
  console.log(`\n=== ${name}`);
  return runGroup(name, { ...options, output: 'inherit' });
}

/** Two groups would print among each other: each has a file. */
async function runAside(name, options) {
  const folder = mkdtempSync(join(tmpdir(), 'ringkv-specs-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'w');
  try {
    return await runGroup(name, { ...options, output });
  } finally {
    closeSync(output);
    process.stdout.write(`\n=== ${name}\n`);
    process.stdout.write(readFileSync(file));
    rmSync(folder, { recursive: true });
  }
}

/** Prints the time of each group and the closing line; returns whether all is well. */
function report(results, seconds, seed) {
  const all = { name: 'all', seconds };
  for (const key of ['passed', 'failed', 'skipped']) all[key] = results.reduce((sum, result) => sum + result[key], 0);

  console.log('\ngroup            seconds  passed  failed  skipped');
  for (const { name, seconds, passed, failed, skipped } of [...results, all]) {
    const columns = [seconds.toFixed(1).padStart(7), ...[passed, failed, skipped].map((n) => String(n).padStart(6))];
    console.log(`${name.padEnd(16)} ${columns.join('  ')}`);
  }
  if (all.seconds > secondsWarn) console.log(`Warning: the specs took more than ${secondsWarn / 60} minutes.`);
  if (all.passed + all.failed === 0) console.log('No test ran.');
  if (seed !== undefined) console.log(`The seed was ${seed}: --seed ${seed} runs the same again.`);
  console.log(`\n${all.passed} passed, ${all.failed} failed, ${all.skipped} skipped`);
  return all.passed > 0 && all.failed === 0;
}

const wanted = parseCommandLine();
install();
installDebianPrograms();
await build();
const startMs = performance.now();
const results = await runAll(wanted);
process.exitCode = report(results, (performance.now() - startMs) / 1000, wanted.seed) ? 0 : 1;
