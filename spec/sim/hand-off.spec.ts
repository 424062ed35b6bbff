import { expect } from 'chai';

import type { FaultPlan } from './fault-plan.js';
import type { HandOffFigures } from './hand-off.js';
import { HandOff } from './hand-off.js';
import { GOOD_LINK } from './link.js';
import { forgetHints, forgetHintsAndCompareNothing } from './planted-ring-bugs.js';
import { runSeed } from './run-seed.js';
import { ring } from './scenarios/ring.js';

const CALM = { crashes: undefined, blackouts: undefined, disks: undefined };
const KILL = { everyMs: 1000, downMs: 100, how: 'kill', apartMs: 0, aim: 'anytime' } as const;

function figures(unacknowledgedBytes: number, count: number, droppedCount: number): HandOffFigures {
  const hints = {
    bytes: 0,
    count,
    oldestAgeSeconds: 0,
    keptCount: 0,
    replayedCount: 0,
    droppedCount,
    lostBytes: 0,
    unreadableFiles: 0,
  };
  return { unacknowledgedBytes, hints };
}

/** Nodes that are away when something is written, and leave nothing unfinished. */
const AWAY: Partial<FaultPlan> = {
  chaosMs: 6000,
  downMax: 1,
  crashes: { everyMs: 1500, downMs: 1000, how: 'kill', apartMs: 0, aim: 'anytime' },
  blackouts: undefined,
  stops: undefined,
  partitions: undefined,
  disks: undefined,
  link: GOOD_LINK,
};

describe('HandOff', function () {
  this.timeout(60_000);

  it('is over when there is no hint, and nothing that is not acknowledged', () => {
    const handOff = new HandOff(CALM);
    expect(handOff.isOver([figures(0, 0, 0), figures(0, 1, 0)])).to.equal(false);
    expect(handOff.isOver([figures(0, 0, 0), figures(1, 0, 0)])).to.equal(false);
    expect(handOff.isOver([figures(0, 0, 0), figures(0, 0, 0)])).to.equal(true);
    expect(handOff.promisesAll).to.equal(true);
  });

  it('promises nothing when what was on its way ended with a process', () => {
    for (const [unacknowledged, count, dropped, isPromised] of [
      [0, 0, 0, true],
      [0, 1, 0, true],
      [1, 0, 0, false],
      [0, 0, 1, false],
    ] as const) {
      const handOff = new HandOff({ ...CALM, crashes: KILL });
      handOff.ended(figures(unacknowledged, count, dropped));
      expect(handOff.promisesAll).to.equal(isPromised);
    }
  });

  it('promises nothing when hints were dropped, or disks do not keep what was written', () => {
    const handOff = new HandOff(CALM);
    handOff.isOver([figures(0, 0, 1)]);
    expect(handOff.promisesAll).to.equal(false);
    expect(new HandOff({ ...CALM, crashes: { ...KILL, how: 'power' } }).promisesAll).to.equal(false);
    expect(new HandOff({ ...CALM, blackouts: { everyMs: 1, downMs: 1, aim: 'asked' } }).promisesAll).to.equal(false);
    expect(new HandOff({ ...CALM, disks: { everyMs: 1, ms: 1, how: 'failing' } }).promisesAll).to.equal(false);
  });

  it('shows in the scenario of a ring that hints were acknowledged, and not taken', async () => {
    const { problems } = await runSeed(ring({ membership: forgetHints }, AWAY), 1, { nodes: 5 });
    expect(problems.filter((problem) => problem.includes(' differs: '))).to.not.be.empty;
    // Anti-entropy has brought them: afterwards, nothing differs.
    expect(new Set(problems).size).to.equal(problems.length);
  });

  it('shows in the scenario of a ring that nobody has compared anything: replicas do not become equal', async () => {
    const { problems } = await runSeed(ring({ membership: forgetHintsAndCompareNothing }, AWAY), 1, { nodes: 5 });
    expect(problems).to.not.be.empty;
    expect(new Set(problems).size).to.equal(problems.length / 2);
  });
});
