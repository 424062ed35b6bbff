import { expect } from 'chai';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { RingStart } from '../../../lib/cluster/topology/ring-start.js';
import type { Timer, Timers } from '../../../lib/host/ports.js';

const PATIENCE_MS = 250;
const NEWCOMER_PATIENCE_MS = 1000;

const ringOf = (epoch: number): RingDocument => ({
  clusterId: 'c',
  generation: 1,
  epoch,
  replicaCount: 3,
  members: [],
  voters: [],
  positionKey: '',
  nextOrdinal: 1,
});

/** A start, what it has acted by, and what runs its timers. */
function start(): { ringStart: RingStart; acted: number[]; pass: (ms: number) => void } {
  const due = new Map<Timer, { atMs: number; run: () => void }>();
  let nowMs = 0;
  const after = (delayMs: number, run: () => void): Timer => {
    const timer: Timer = { cancel: () => void due.delete(timer) };
    due.set(timer, { atMs: nowMs + delayMs, run });
    return timer;
  };
  const acted: number[] = [];
  const ringStart = new RingStart({ timers: { after } as Timers, act: ({ epoch }) => void acted.push(epoch) });
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const [timer, { atMs, run }] of [...due]) {
      if (atMs > nowMs) continue;
      due.delete(timer);
      run();
    }
  };
  return { ringStart, acted, pass };
}

describe('RingStart', () => {
  it('has a node act by a ring when somebody acts by it, or by a newer one, and once', () => {
    for (const heard of [ringOf(5), ringOf(6)]) {
      const { ringStart, acted, pass } = start();
      ringStart.kept(ringOf(5), false);
      ringStart.due(ringOf(4));
      expect(acted).to.deep.equal([]);
      ringStart.due(heard);
      ringStart.due(heard);
      pass(PATIENCE_MS);
      expect(acted).to.deep.equal([5]);
    }
  });

  it('waits no longer than a while', () => {
    const { ringStart, acted, pass } = start();
    ringStart.kept(ringOf(5), false);
    pass(PATIENCE_MS - 1);
    expect(acted).to.deep.equal([]);
    pass(1);
    expect(acted).to.deep.equal([5]);
  });

  it('waits longer for one that joins', () => {
    const { ringStart, acted, pass } = start();
    ringStart.kept(ringOf(5), true);
    pass(NEWCOMER_PATIENCE_MS - 1);
    expect(acted).to.deep.equal([]);
    pass(1);
    expect(acted).to.deep.equal([5]);
  });

  it('forgets a ring for a newer one, which has a while of its own', () => {
    const { ringStart, acted, pass } = start();
    ringStart.kept(ringOf(5), false);
    pass(PATIENCE_MS - 1);
    ringStart.kept(ringOf(6), false);
    ringStart.due(ringOf(5));
    pass(PATIENCE_MS - 1);
    expect(acted).to.deep.equal([]);
    pass(1);
    expect(acted).to.deep.equal([6]);
  });

  it('does nothing any more when it was stopped', () => {
    const { ringStart, acted, pass } = start();
    ringStart.kept(ringOf(5), false);
    ringStart.stop();
    ringStart.due(ringOf(5));
    pass(PATIENCE_MS);
    expect(acted).to.deep.equal([]);
  });
});
