import { expect } from 'chai';
import fc from 'fast-check';
import type { ClockReading } from '../../../lib/cluster/bus/clock-reading.js';
import type { ClockOffset } from '../../../lib/cluster/coordination/clock-watch.js';
import { ClockWatch, clockError } from '../../../lib/cluster/coordination/clock-watch.js';

const MAX_MS = 500;
const HOUR_MS = 3_600_000;
const START_MS = 1_700_000_000_000;

const at = (...offsets: number[]): ClockOffset[] => offsets.map((offsetMs) => ({ offsetMs, errorMs: 0 }));

describe('clockError', () => {
  it('is how far the own clock is off the median, if that is too far', () => {
    expect(clockError(at(-HOUR_MS, -HOUR_MS - 3), MAX_MS)).to.equal(HOUR_MS);
    expect(clockError(at(HOUR_MS, HOUR_MS + 3, 7), MAX_MS)).to.equal(0);
    expect(clockError(at(HOUR_MS, HOUR_MS + 3, HOUR_MS - 8, 7), MAX_MS)).to.equal(-(HOUR_MS - 8));
    expect(clockError(at(-500, -500), MAX_MS)).to.equal(0);
    expect(clockError(at(-501, -501), MAX_MS)).to.equal(501);
  });

  it('is nothing where somebody else is wrong, or nobody knows who is', () => {
    expect(clockError(at(HOUR_MS, 0), MAX_MS)).to.equal(0);
    expect(clockError(at(HOUR_MS, -HOUR_MS), MAX_MS)).to.equal(0);
    expect(clockError(at(HOUR_MS, HOUR_MS, 0), MAX_MS)).to.equal(0);
    expect(clockError(at(HOUR_MS), MAX_MS)).to.equal(0);
    expect(clockError([], MAX_MS)).to.equal(0);
  });

  it('leaves in doubt what may come from a message that took long', () => {
    const slow = at(-600, -600).map(({ offsetMs }) => ({ offsetMs, errorMs: 100 }));
    expect(clockError(slow, MAX_MS)).to.equal(0);
    expect(clockError(slow, 499)).to.equal(600);
  });

  it('never finds a clock wrong that is right with more than half of all', () => {
    const few = fc.array(fc.integer({ min: -HOUR_MS, max: HOUR_MS }), { maxLength: 3 });
    const right = fc.array(fc.integer({ min: -MAX_MS, max: MAX_MS }), { minLength: 3, maxLength: 6 });
    fc.assert(fc.property(few, right, (wrong, others) => clockError(at(...wrong, ...others), MAX_MS) === 0));
  });
});

describe('ClockWatch', () => {
  let wallOffsetMs = 0;
  let us = 0;
  let others: number[] = [];
  let delayMs = 0;
  let readAtMs: number | undefined;
  const clock = {
    wallMs: () => START_MS + wallOffsetMs + Math.floor(us / 1000),
    wallUs: () => 0,
    monotonicUs: () => us,
    threadCpuUs: () => 0,
  };
  const readings = (): ClockReading[] =>
    others.map((offsetMs) => ({
      aheadMs: START_MS + offsetMs,
      errorMs: delayMs,
      readAtMs: readAtMs ?? us / 1000,
    }));
  let watch: ClockWatch;

  beforeEach(() => {
    wallOffsetMs = us = delayMs = 0;
    readAtMs = undefined;
    others = [0, 10];
    watch = new ClockWatch({ clock, readings, maxDriftMs: () => MAX_MS });
  });

  const pass = (ms: number): void => {
    us += ms * 1000;
    watch.look();
  };

  it('goes by the wall clock while that is right, and by the others when it is not, at once', () => {
    pass(100);
    expect(watch.wallMs()).to.equal(START_MS + 100);
    wallOffsetMs = HOUR_MS;
    us += 1000;
    expect(watch.wallMs()).to.be.within(START_MS + 101, START_MS + 111);
    expect(watch.errorMs).to.be.within(HOUR_MS - 11, HOUR_MS);
    pass(50);
    expect(watch.wallMs()).to.be.within(START_MS + 151, START_MS + 161);
    wallOffsetMs = 0;
    pass(100);
    expect(watch.errorMs).to.equal(0);
    expect(watch.wallMs()).to.equal(START_MS + 251);
  });

  it('knows of a wall clock that is behind', () => {
    wallOffsetMs = -HOUR_MS;
    pass(100);
    expect(watch.errorMs).to.be.within(-HOUR_MS - 10, -HOUR_MS);
    expect(watch.wallMs()).to.be.within(START_MS + 100, START_MS + 110);
  });

  it('finds a clock right again only when it clearly is', () => {
    wallOffsetMs = 600;
    others = [0, 0];
    pass(100);
    expect(watch.errorMs).to.equal(600);
    wallOffsetMs = 450;
    pass(100);
    expect(watch.errorMs).to.equal(450);
    wallOffsetMs = 370;
    pass(100);
    expect(watch.errorMs).to.equal(0);
  });

  it('makes nothing of what is old, or took too long', () => {
    wallOffsetMs = HOUR_MS;
    readAtMs = 0;
    pass(10_000);
    expect(watch.errorMs).to.equal(0);
    readAtMs = undefined;
    delayMs = MAX_MS;
    pass(100);
    expect(watch.errorMs).to.equal(0);
    delayMs = 1;
    pass(100);
    expect(watch.errorMs).to.be.above(0);
  });
});
