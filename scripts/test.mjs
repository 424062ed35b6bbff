/**
 * Runs the specs: `npm test`, `npm test -- storage wire`, `npm test -- storage --grep Manifest`.
 *
 * What is random in them is the same each time; `--seed random` or `--seed 123` makes it differ.
 *
 * Each folder of spec/ is a group and runs in a mocha process of its own. The last line is
 * `N passed, N failed, N skipped` over all groups; the exit code is 0 only if something passed and
 * nothing failed. With CI=true a skipped or lone test is a failure.
 */
import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rankOf } from '../conf/layers.js';
import { build } from './build.mjs';
import { installDebianPrograms } from './install-debian-programs.mjs';
import { fail, install, root } from './install.mjs';

const secondsWarn = 12 * 60;
/** A group that runs longer hangs, and is ended. */
const groupMsMax = 12 * 60_000;
/** A group that is still there this long after its last test has left something open. */
const lingerMsMax = 10_000;
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

/** Runs one group; resolves to its counts. What goes wrong outside of a test counts as one failure. */
function runGroup(name, mochaArgs, seed) {
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const specs = join('dist', 'spec', name, '**', '*.spec.js');
  const child = fork(mocha, ['--config', 'conf/mocharc.json', ...mochaArgs, specs], {
    cwd: root,
    env: seed === undefined ? process.env : { ...process.env, RINGKV_SPEC_SEED: String(seed) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });

  return new Promise((resolve) => {
    let counts = { passed: 0, failed: 0, skipped: 0 };
    let ended = false;
    let complaint;
    const kill = (why) => {
      complaint = why;
      child.kill('SIGKILL');
    };
    const interrupt = (signal) => {
      complaint = 'was interrupted';
      child.kill(signal);
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    let timer = setTimeout(kill, groupMsMax, `did not end within ${groupMsMax / 60_000} minutes`);
    child.on('message', (message) => {
      counts = message;
      ended = true;
      clearTimeout(timer);
      timer = setTimeout(
        kill,
        lingerMsMax,
        `left something open: it did not end ${lingerMsMax / 1000} s after its tests`,
      );
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      if (!ended || (code !== 0 && counts.failed === 0)) complaint ??= `ended with ${signal ?? `code ${code}`}`;
      resolve({ ...counts, failed: counts.failed + (complaint === undefined ? 0 : 1), complaint });
    });
  });
}

async function runAll({ groups, mochaArgs, seed }) {
  let interrupted = false;
  const interrupt = () => (interrupted = true);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

  const results = [];
  for (const name of groups) {
    if (interrupted) break;
    console.log(`\n=== ${name}`);
    const startMs = performance.now();
    const result = await runGroup(name, mochaArgs, seed);
    if (result.complaint !== undefined) console.log(`=== ${name} ${result.complaint}`);
    results.push({ name, seconds: (performance.now() - startMs) / 1000, ...result });
  }
  return results;
}

/** Prints the time of each group and the closing line; returns whether all is well. */
function report(results, seed) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const all = { name: 'all' };
  for (const key of ['seconds', 'passed', 'failed', 'skipped']) all[key] = sum(key);

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
build();
process.exitCode = report(await runAll(wanted), wanted.seed) ? 0 : 1;
