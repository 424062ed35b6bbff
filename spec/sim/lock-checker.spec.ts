import { expect } from 'chai';

import type { Release, Taking } from './lock-checker.js';
import { checkLock, holdOf } from './lock-checker.js';

/** Asked for at `askedUs`, answered 10 us later, and valid for 100. */
function taking(token: string, askedUs: number, changes: Partial<Taking> = {}): Taking {
  const taken = { token, askedUs, answeredUs: askedUs + 10, outcome: 'taken', sureUntilUs: askedUs + 100 } as const;
  return { ...taken, releases: [], ...changes };
}

/** Answered 10 us after it was asked for. */
function release(askedUs: number, outcome: Release['outcome'] = 'released'): Release {
  return { askedUs, answeredUs: askedUs + 10, outcome };
}

describe('holdOf', () => {
  it('begins with the answer, and ends when the holder asks to let go', () => {
    const hold = { token: 'a', fromUs: 10, toUs: 50 };
    expect(holdOf(taking('a', 0, { releases: [release(50)] }))).to.deep.equal(hold);
    expect(holdOf(taking('a', 0, { releases: [release(50, 'unknown')] }))).to.deep.equal(hold);
  });

  it('ends when the lock may not be valid any more', () => {
    const hold = { token: 'a', fromUs: 10, toUs: 100 };
    expect(holdOf(taking('a', 0))).to.deep.equal(hold);
    expect(holdOf(taking('a', 0, { releases: [release(150)] }))).to.deep.equal(hold);
  });

  it('is none if the answer came too late, or was none', () => {
    expect(holdOf(taking('a', 0, { answeredUs: 100 }))).to.equal(undefined);
    expect(holdOf(taking('a', 0, { outcome: 'unknown' }))).to.equal(undefined);
    expect(holdOf(taking('a', 0, { outcome: 'refused' }))).to.equal(undefined);
  });
});

describe('checkLock', () => {
  it('finds nothing when one has it after the other', () => {
    const history = [
      taking('b', 65),
      taking('a', 0, { releases: [release(50)] }),
      taking('c', 20, { outcome: 'refused', releases: [release(30, 'not held')] }),
      taking('d', 200, { outcome: 'unknown', releases: [release(220)] }),
    ];
    expect(checkLock(history)).to.deep.equal([]);
  });

  it('finds two holders at a time', () => {
    const history = [taking('b', 35), taking('a', 0, { releases: [release(50, 'unknown')] })];
    expect(checkLock(history)).to.deep.equal(['two holders: b from 0.000045 s on, a until 0.00005 s']);
  });

  it('finds two holders though a third one came between them', () => {
    const history = [taking('a', 0), taking('b', 10, { releases: [release(25, 'unknown')] }), taking('c', 40)];
    expect(checkLock(history)).to.have.length(2);
  });

  it('finds a holder who has lost it while it was valid', () => {
    expect(checkLock([taking('a', 0, { releases: [release(50, 'not held')] })])).to.have.length(1);
  });

  it('knows nothing of a holder who lets go when it may not be valid any more', () => {
    expect(checkLock([taking('a', 0, { releases: [release(95, 'not held')] })])).to.deep.equal([]);
    expect(checkLock([taking('a', 0, { releases: [release(200)] })])).to.deep.equal([]);
  });

  it('finds one who lets go though he was refused, and one who does so twice', () => {
    expect(checkLock([taking('a', 0, { outcome: 'refused', releases: [release(20)] })])).to.have.length(1);
    expect(checkLock([taking('a', 0, { releases: [release(20), release(40)] })])).to.have.length(1);
    expect(checkLock([taking('a', 0, { releases: [release(20, 'unknown'), release(40)] })])).to.deep.equal([]);
  });

  it('finds one without an answer who lets go of what another one has', () => {
    const other = taking('b', 30);
    const lost = { outcome: 'unknown', answeredUs: 20 } as const;
    expect(checkLock([other, taking('a', 0, { ...lost, releases: [release(50)] })])).to.have.length(1);
    expect(checkLock([other, taking('a', 0, { ...lost, releases: [release(35)] })])).to.deep.equal([]);
    expect(checkLock([other, taking('a', 0, { ...lost, releases: [release(50, 'not held')] })])).to.deep.equal([]);
  });
});
