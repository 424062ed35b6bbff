import { expect } from 'chai';

import { lockFindings } from '../../../scripts/locks/lock-findings.js';
import type { Release, Taking } from '../../sim/lock-checker.js';

const SECOND_US = 1e6;

/** Asked for at a second, and answered 5 ms later. */
function taking(second: number, outcome: Taking['outcome'], releases: readonly Release[] = []): Taking {
  const askedUs = second * SECOND_US;
  const answeredUs = askedUs + 5000;
  return { token: String(second), askedUs, answeredUs, outcome, sureUntilUs: askedUs + SECOND_US, releases };
}

function release(second: number, outcome: Release['outcome']): Release {
  return { askedUs: second * SECOND_US, answeredUs: second * SECOND_US + 7000, outcome };
}

describe('lockFindings', () => {
  const history = [
    taking(10, 'taken', [release(10.1, 'released'), release(10.2, 'not held')]),
    taking(10, 'refused', [release(10.3, 'not held')]),
    taking(11, 'unknown', [release(11.1, 'unknown')]),
    taking(14, 'taken'),
    taking(15, 'taken', [release(15.1, 'released')]),
  ];
  const incidents = [{ name: 'a fault', beganMs: 10_900, endedMs: 12_000 }];
  const figures = new Map(lockFindings(history, incidents).map(({ what, measured }) => [what, measured]));

  it('counts what became of requests', () => {
    expect(figures.get('taken')).to.equal('3, 0.6 a second');
    expect(figures.get('refused')).to.equal('1');
    expect(figures.get('outcome not known')).to.equal('1');
    expect(figures.get('taken and never let go of')).to.equal('1');
    expect(figures.get('CAD of who has it not: answered 0')).to.equal('2 of 2');
  });

  it('says how long nobody took the lock, and what had struck before', () => {
    expect(figures.get('longest time in which nobody took it')).to.equal('4.0 s (a fault)');
  });

  it('says how long requests took, and those under no fault', () => {
    expect(figures.get('SET NX PX that took it, calm: p50, p99')).to.equal('5.0 ms, 5.0 ms');
    expect(figures.get('CAD, all: p50, p99')).to.equal('7.0 ms, 7.0 ms');
  });
});
