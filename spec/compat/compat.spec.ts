import { expect } from 'chai';
import { judgeUnit, knownBaseline, measureBaseline, openBench, type Bench } from '../../scripts/compat/bench.js';
import { complaints } from '../../scripts/compat/report.js';
import { BUILT, UNITS } from '../../scripts/compat/units.js';
import { isGood } from '../../scripts/compat/verdict.js';
import { requireProgram } from '../tools/programs.js';

const SETUP_TIMEOUT_MS = 300_000;

describe("Redis's own test suite", () => {
  let bench: Bench;

  before(async function () {
    this.timeout(SETUP_TIMEOUT_MS);
    requireProgram(this, 'tclsh');
    requireProgram(this, 'redis-server');
    bench = await openBench((line) => console.log(`    ${line}`));
  });

  for (const unit of UNITS.filter((unit) => unit.fast && BUILT.has(unit.area))) {
    it(`${unit.name} fails in nothing that is not on the skip list`, async function () {
      // On redis-server the first time, and beside that on ringkv: both runs are mostly waits of the suite's own.
      this.timeout(2 * unit.timeoutSeconds * 1000 + SETUP_TIMEOUT_MS);
      const baseline = knownBaseline(bench, unit) ?? measureBaseline(bench, unit);
      const { verdict } = await judgeUnit(bench, { unit, baseline });
      if (!isGood(verdict, false)) expect.fail(`\n${complaints(unit, verdict).join('')}`);
    });
  }
});
