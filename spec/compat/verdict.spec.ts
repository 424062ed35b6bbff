import { expect } from 'chai';
import type { Skip } from '../../scripts/compat/skips.js';
import type { UnitReport } from '../../scripts/compat/unit-run.js';
import { isGood, judge } from '../../scripts/compat/verdict.js';

/** A run of tests by name; a name that starts with `!` failed. */
function report(names: readonly string[], differences: Partial<UnitReport> = {}): UnitReport {
  const tests = names.map((name) => ({ name: name.replace(/^!/, ''), passed: !name.startsWith('!'), message: '' }));
  const whole = { held: [], aborts: [], hungIn: null, completed: true, seconds: 1, timedOut: false, serverEnd: null };
  return { ...whole, output: '', tests, ...differences };
}

function skip(test: string): Skip {
  return { unit: 'unit/x', test, category: 'inside', needs: [], reason: 'because', held: false };
}

const BASELINE = report(['a', 'b', 'b', 'c']);

describe('judge', () => {
  it('lets a run stand that ran and passed what redis-server ran', () => {
    const verdict = judge(report(['a', 'b', 'b', 'c']), BASELINE, []);
    expect(verdict).to.deep.equal({ passed: 4, failed: [], missing: [], broken: [], stale: [] });
    expect(isGood(verdict, true)).to.equal(true);
  });

  it('counts a failure only if it is not on the list', () => {
    const verdict = judge(report(['!a', 'b', 'b', '!c']), BASELINE, [skip('c')]);
    expect(verdict.failed.map((test) => test.name)).to.deep.equal(['a']);
    expect(isGood(verdict, false)).to.equal(false);
    expect(isGood(judge(report(['a', 'b', 'b', '!c']), BASELINE, [skip('c')]), true)).to.equal(true);
  });

  it('misses a test that did not run, and one of two with the same name', () => {
    const verdict = judge(report(['b']), BASELINE, [skip('c')]);
    expect(verdict.missing).to.deep.equal(['a', 'b']);
    expect(isGood(verdict, false)).to.equal(false);
  });

  it('does not let a unit stand that ran nothing', () => {
    expect(isGood(judge(report([]), BASELINE, []), false)).to.equal(false);
  });

  it('calls an entry stale if its test passes, or if there is no such test', () => {
    const verdict = judge(report(['a', 'b', '!b', 'c']), BASELINE, [skip('a'), skip('b'), skip('d')]);
    expect(verdict.stale.map((entry) => entry.test)).to.deep.equal(['a', 'd']);
    expect(isGood(verdict, false)).to.equal(true);
    expect(isGood(verdict, true)).to.equal(false);
  });

  it('does not call an entry stale whose test was not started', () => {
    expect(judge(report(['a', 'b', 'b'], { held: ['c'] }), BASELINE, [skip('c')]).stale).to.deep.equal([]);
  });

  const breaks: Record<string, Partial<UnitReport>> = {
    'an error outside any test': { aborts: ['no'] },
    'a test that hung': { hungIn: 'c' },
    'a unit whose time was over': { timedOut: true },
    'a runner that did not come to the end': { completed: false },
    'a server that ended': { serverEnd: 'code 1' },
  };
  for (const [what, differences] of Object.entries(breaks)) {
    it(`does not let ${what} stand, though all tests passed`, () => {
      const verdict = judge(report(['a', 'b', 'b', 'c'], differences), BASELINE, []);
      expect(verdict.broken).to.have.lengthOf(1);
      expect(isGood(verdict, false)).to.equal(false);
    });
  }
});
