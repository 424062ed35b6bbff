import { expect } from 'chai';
import fc from 'fast-check';
import { HybridClock, STAMPS_PER_MS, STAMP_EPOCH_MS, firstStampOf, stampMs } from '../../lib/base/stamp.js';

const START_MS = STAMP_EPOCH_MS + 5_000_000;

/** A clock on a wall clock that the spec sets. */
class Bench {
  wallMs = START_MS;
  readonly clock = new HybridClock(() => this.wallMs);

  tickAt(wallMs: number): void {
    this.wallMs = wallMs;
    this.clock.tick();
  }
}

type Step = { jumpMs: number } | { stamps: number } | { observeMs: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ jumpMs: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -10_000_000, max: 10_000_000 })) }),
    fc.record({ stamps: fc.constantFrom(1, 2, 3, STAMPS_PER_MS - 1, STAMPS_PER_MS, STAMPS_PER_MS + 1, 9000) }),
    fc.record({ observeMs: fc.integer({ min: -3, max: 3 }) }),
  ),
  { maxLength: 30 },
);

describe('HybridClock', () => {
  it('never repeats a stamp or goes back, however the wall clock jumps', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const bench = new Bench();
        let last = 0;
        let nowMs = bench.clock.nowMs;
        for (const step of list) {
          if ('jumpMs' in step) bench.tickAt(bench.wallMs + step.jumpMs);
          else if ('observeMs' in step) {
            last = Math.max(last, firstStampOf(bench.wallMs + step.observeMs));
            bench.clock.observe(firstStampOf(bench.wallMs + step.observeMs));
          } else {
            for (let i = 0; i < step.stamps; i++) {
              const stamp = bench.clock.next();
              if (!(stamp > last) || !Number.isSafeInteger(stamp)) expect.fail(`${stamp} after ${last}`);
              last = stamp;
            }
          }
          expect(bench.clock.latest).to.equal(last);
          expect(bench.clock.nowMs).to.be.at.least(nowMs);
          expect(bench.clock.nowMs).to.be.at.least(bench.wallMs < STAMP_EPOCH_MS ? STAMP_EPOCH_MS : 0);
          nowMs = bench.clock.nowMs;
        }
      }),
    );
  });

  it('follows the wall clock: the first stamp of a tick is the first of its millisecond', () => {
    const { clock } = new Bench();
    expect(clock.nowMs).to.equal(START_MS);
    expect(clock.next()).to.equal(firstStampOf(START_MS));
    expect(clock.next()).to.equal(firstStampOf(START_MS) + 1);
  });

  it('does not read the wall clock between ticks', () => {
    const bench = new Bench();
    bench.clock.next();
    bench.wallMs += 1000;
    expect(stampMs(bench.clock.next())).to.equal(START_MS);
    bench.clock.tick();
    expect(bench.clock.next()).to.equal(firstStampOf(START_MS + 1000));
  });

  it('runs into the next millisecond after 4096 stamps, and waits there for the wall clock', () => {
    const bench = new Bench();
    for (let i = 0; i < STAMPS_PER_MS; i++) expect(stampMs(bench.clock.next())).to.equal(START_MS);
    expect(stampMs(bench.clock.next())).to.equal(START_MS + 1);
    bench.tickAt(START_MS + 1);
    expect(bench.clock.next()).to.equal(firstStampOf(START_MS + 1) + 1);
    bench.tickAt(START_MS + 2);
    expect(bench.clock.next()).to.equal(firstStampOf(START_MS + 2));
  });

  it('stands still while the wall clock is back', () => {
    const bench = new Bench();
    const before = bench.clock.next();
    bench.tickAt(START_MS - 60_000);
    expect(bench.clock.nowMs).to.equal(START_MS);
    expect(bench.clock.next()).to.equal(before + 1);
  });

  it('is ahead of every stamp that it observed, and of the time in it', () => {
    const bench = new Bench();
    const later = firstStampOf(START_MS + 700) + 17;
    bench.clock.observe(later);
    expect(bench.clock.next()).to.equal(later + 1);
    expect(bench.clock.nowMs).to.equal(START_MS + 700);
    bench.clock.observe(firstStampOf(START_MS));
    expect(bench.clock.next()).to.equal(later + 2);
  });

  it('gives rising stamps above zero before 2020 too', () => {
    const clock = new HybridClock(() => 1000);
    expect([clock.next(), clock.next()]).to.deep.equal([1, 2]);
  });
});

describe('stampMs and firstStampOf', () => {
  it('turn a millisecond into stamps and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 - 1 }), fc.integer({ min: 0, max: STAMPS_PER_MS - 1 }), (ms, i) => {
        const unixMs = STAMP_EPOCH_MS + ms;
        expect(stampMs(firstStampOf(unixMs) + i)).to.equal(unixMs);
      }),
    );
    expect(firstStampOf(STAMP_EPOCH_MS - 1)).to.equal(0);
    expect(Number.isSafeInteger(firstStampOf(Date.UTC(2089, 0, 1)))).to.equal(true);
  });
});
