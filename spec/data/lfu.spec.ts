import { expect } from 'chai';
import fc from 'fast-check';
import {
  LFU_COUNT_INITIAL,
  lfuAccess,
  lfuClock,
  lfuCount,
  lfuTouch,
  lruAccess,
  lruClock,
  lruIdleMs,
} from '../../lib/data/lfu.js';

const NEVER = 2 ** 32 - 1;
const minutes16 = fc.nat(0xffff);
const count8 = fc.nat(255);

/** The counter after `uses` uses, with random numbers evenly spread over [0, 2^32). */
function countAfter(uses: number, logFactor: number): number {
  let access = lfuAccess(LFU_COUNT_INITIAL, 0);
  for (let i = 0; i < uses; i++) {
    // Multiples of the golden ratio's fraction, mod 1, fill the range evenly.
    access = lfuTouch(access, 0, ((i * 0.6180339887498949) % 1) * 2 ** 32, logFactor, 1);
  }
  return lfuCount(access, 0, 1);
}

describe('data/lfu', () => {
  it('lruIdleMs is the time since the access, over the turn of the clock too', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 41), fc.nat(0xffffff), (accessSeconds, idleSeconds) => {
        const access = lruClock(accessSeconds * 1000 + 999);
        expect(access).to.be.within(0, 0xffffff);
        expect(lruIdleMs(access, lruClock((accessSeconds + idleSeconds) * 1000))).to.equal(idleSeconds * 1000);
      }),
    );
  });

  it('lruAccess makes bits that were idle for that long, or for a turn of the clock', () => {
    fc.assert(
      fc.property(fc.nat(0xffffff), fc.nat(2 ** 40), (now, idleSeconds) => {
        expect(lruIdleMs(lruAccess(now, idleSeconds), now)).to.equal(Math.min(idleSeconds, 0xffffff) * 1000);
      }),
    );
  });

  it('lfuCount falls by one for each decay time without use, over the turn of the clock too', () => {
    fc.assert(
      fc.property(
        count8,
        fc.nat(2 ** 30),
        fc.nat(0xffff),
        fc.integer({ min: 1, max: 100 }),
        (count, at, idle, decay) => {
          const access = lfuAccess(count, lfuClock(at * 60_000));
          let expected = count;
          for (let left = idle; left >= decay && expected > 0; left -= decay) expected--;
          expect(lfuCount(access, lfuClock((at + idle) * 60_000), decay)).to.equal(expected);
        },
      ),
    );
  });

  it('lfuCount never falls when the decay time is 0', () => {
    fc.assert(
      fc.property(count8, minutes16, minutes16, (count, at, now) => {
        expect(lfuCount(lfuAccess(count, at), now, 0)).to.equal(count);
      }),
    );
  });

  it('lfuTouch keeps 24 bits, takes the time down, decays first and raises by one at most', () => {
    fc.assert(
      fc.property(count8, minutes16, minutes16, fc.nat(NEVER), fc.nat(20), (count, at, now, random, logFactor) => {
        const decayed = lfuCount(lfuAccess(count, at), now, 1);
        const touched = lfuTouch(lfuAccess(count, at), now, random, logFactor, 1);
        expect(touched >>> 8).to.equal(now);
        expect((touched & 255) - decayed).to.be.within(0, 1);
      }),
    );
  });

  it('lfuTouch always raises a small counter, and none that is full', () => {
    expect(lfuTouch(lfuAccess(LFU_COUNT_INITIAL, 7), 7, NEVER, 10, 1)).to.equal(lfuAccess(6, 7));
    expect(lfuTouch(lfuAccess(0, 7), 7, NEVER, 10, 1)).to.equal(lfuAccess(1, 7));
    expect(lfuTouch(lfuAccess(255, 7), 7, 0, 0, 1)).to.equal(lfuAccess(255, 7));
  });

  it('lfuTouch raises a counter of c with probability 1 / ((c - 5) * factor + 1)', () => {
    // 1 / 101 of 2^32 for c = 15 and the default factor.
    const limit = Math.ceil(2 ** 32 / 101);
    expect(lfuTouch(lfuAccess(15, 0), 0, limit - 1, 10, 1)).to.equal(lfuAccess(16, 0));
    expect(lfuTouch(lfuAccess(15, 0), 0, limit, 10, 1)).to.equal(lfuAccess(15, 0));
    expect(lfuTouch(lfuAccess(6, 0), 0, 2 ** 31, 1, 1)).to.equal(lfuAccess(6, 0));
  });

  it('lfuTouch reaches about the counters that the table in redis.conf gives', () => {
    expect(countAfter(100, 10)).to.be.within(8, 12);
    expect(countAfter(1_000, 10)).to.be.within(16, 20);
    expect(countAfter(100_000, 10)).to.be.within(135, 150);
    expect(countAfter(1_000, 0)).to.equal(255);
  });
});
