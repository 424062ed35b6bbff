import { expect } from 'chai';
import { ActiveExpiry } from '../../lib/data/active-expiry.js';
import { NEVER } from '../../lib/data/keyspace.js';
import type { Clock } from '../../lib/host/ports.js';
import { KeyspaceBench } from './keyspace-bench.js';

/** Each look at the clock takes so long: work is measured in looks. */
const LOOK_US = 10;

class LookedAtClock implements Clock {
  us = 0;

  wallMs(): number {
    return Math.floor(this.us / 1000);
  }

  wallUs(): number {
    return Math.floor(this.us);
  }

  monotonicUs(): number {
    this.us += LOOK_US;
    return this.us;
  }

  threadCpuUs(): number {
    return this.us;
  }
}

interface World {
  readonly bench: KeyspaceBench;
  readonly clock: LookedAtClock;
  readonly expiry: ActiveExpiry;
}

/** `count` keys in each database; every third stays, the others expire one after the other. */
function world(count: number, databases = 2): World {
  const bench = new KeyspaceBench(databases);
  const clock = new LookedAtClock();
  for (let db = 0; db < databases; db++) {
    for (let i = 0; i < count; i++) bench.put(db, `{t}${i}`, 'v', i % 3 === 0 ? NEVER : bench.nowMs + 1 + (i % 100));
  }
  return { bench, clock, expiry: new ActiveExpiry(bench.keyspace, clock) };
}

const expiringKeys = ({ bench }: World): number =>
  Array.from({ length: bench.keyspace.databaseCount }, (_, db) => bench.database(db).table.expiring).reduce(
    (sum, count) => sum + count,
  );

/** Runs until a round ends; returns the runs. */
function finishRound({ expiry }: World, budgetUs = 1e9): number {
  let runs = 1;
  while (expiry.run(budgetUs)) runs++;
  return runs;
}

describe('ActiveExpiry', () => {
  it('removes every expired key of every database, and no other', () => {
    const one = world(9000, 3);
    one.bench.advance(50);
    finishRound(one);
    const all = one.bench.visible(0).map((keys) => Object.values(keys));
    for (const keys of all) {
      expect(keys.filter(([, atMs]) => atMs !== NEVER && atMs <= one.bench.nowMs)).to.deep.equal([]);
      expect(keys.filter(([, atMs]) => atMs === NEVER).length).to.equal(3000);
    }
    expect(expiringKeys(one)).to.be.within(8900, 9100);
    one.bench.advance(50);
    one.clock.us += 1e9;
    finishRound(one);
    expect(expiringKeys(one)).to.equal(0);
    expect(one.bench.keyspace.expiredCount).to.equal(18_000);
  });

  it('stops when its budget is used up, says that there is more, and goes on from there', () => {
    const one = world(9000);
    one.bench.advance(200);
    let runs = 0;
    for (let more = true; more; runs++) {
      const startUs = one.clock.us;
      more = one.expiry.run(100);
      expect(one.clock.us - startUs).to.be.at.most(100 + 3 * LOOK_US);
    }
    expect(runs).to.be.above(3);
    expect(expiringKeys(one)).to.equal(0);
  });

  it('rests nine times as long as a round took, before the next', () => {
    const one = world(9000);
    one.bench.advance(50);
    const startUs = one.clock.us;
    finishRound(one, 300);
    const tookUs = one.clock.us - startUs;
    one.bench.advance(100);
    const left = expiringKeys(one);
    one.clock.us += tookUs * 8;
    expect(one.expiry.run(1e9)).to.equal(false);
    expect(expiringKeys(one)).to.equal(left);
    one.clock.us += tookUs;
    finishRound(one);
    expect(expiringKeys(one)).to.equal(0);
  });

  it('does nothing while it is turned off, or while nothing may be removed', () => {
    const one = world(100);
    one.bench.advance(200);
    one.expiry.enabled = false;
    expect(one.expiry.run(1e9)).to.equal(false);
    one.expiry.enabled = true;
    one.bench.keyspace.removesExpired = false;
    expect(finishRound(one, 100)).to.be.below(10);
    expect(expiringKeys(one)).to.equal(2 * 66);
    one.bench.keyspace.removesExpired = true;
    one.clock.us += 1e9;
    finishRound(one);
    expect(expiringKeys(one)).to.equal(0);
  });

  it('costs next to nothing when no key expires', () => {
    const one = world(9000);
    const startUs = one.clock.us;
    expect(one.expiry.run(1e9)).to.equal(false);
    expect((one.clock.us - startUs) / LOOK_US).to.be.below(10);
  });
});
