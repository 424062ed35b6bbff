import { expect } from 'chai';
import { LogCoverage } from '../../../lib/storage/engine/log-coverage.js';

describe('LogCoverage', () => {
  it('knows the lowest stamp of what came late, from when it is in memory alone until its segment is in tables', () => {
    const coverage = new LogCoverage(true);
    expect(coverage.lowestLate(0)).to.equal(Infinity);
    coverage.noteUnlogged(70);
    coverage.noteUnlogged(50);
    coverage.noteUnlogged(60);
    expect(coverage.lowestLate(9)).to.equal(50);
    coverage.noteLogged(3, 50);
    coverage.clearUnlogged();
    coverage.noteLogged(4, 80);
    expect([2, 3, 4].map((segment) => coverage.lowestLate(segment))).to.deep.equal([50, 80, Infinity]);
    coverage.forgetUpTo(3);
    expect(coverage.lowestLate(0)).to.equal(80);
  });

  it('keeps what came before a log is begun apart, until the log holds all that was in memory', () => {
    const coverage = new LogCoverage(false);
    coverage.noteUnlogged(50);
    coverage.begin();
    expect([coverage.isLogging, coverage.isBeginning]).to.deep.equal([true, true]);
    coverage.noteUnlogged(40);
    coverage.noteLogged(5, 40);
    coverage.clearUnlogged();
    expect(coverage.lowestLate(5), 'the log has what came since').to.equal(50);
    coverage.finish();
    expect([coverage.isLogging, coverage.isBeginning]).to.deep.equal([true, false]);
    expect(coverage.lowestLate(7), 'no segment has all yet').to.equal(50);
    coverage.begunUpTo(7);
    expect([6, 7].map((segment) => coverage.lowestLate(segment))).to.deep.equal([50, Infinity]);
  });

  it('has what came late in memory alone again when a log was not begun after all', () => {
    const coverage = new LogCoverage(false);
    coverage.noteUnlogged(50);
    coverage.begin();
    coverage.noteUnlogged(60);
    coverage.abandon();
    expect([coverage.isLogging, coverage.isBeginning]).to.deep.equal([false, false]);
    expect(coverage.lowestLate(9)).to.equal(50);
    coverage.clearUnlogged();
    expect(coverage.lowestLate(9)).to.equal(Infinity);
  });

  it('abandons nothing when no log is being begun', () => {
    const coverage = new LogCoverage(false);
    coverage.begin();
    coverage.finish();
    coverage.abandon();
    expect(coverage.isLogging).to.equal(true);
    coverage.end();
    expect(coverage.isLogging).to.equal(false);
    coverage.open(true);
    expect(coverage.isLogging).to.equal(true);
  });
});
