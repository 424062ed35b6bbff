import { expect } from 'chai';
import type { EvictionPolicy } from '../../lib/data/eviction.js';
import { evictOne, spillSome } from '../../lib/data/eviction.js';
import { NO_COLD_DATA } from '../../lib/data/cold-data.js';
import { KEEP_EXPIRY, NEVER } from '../../lib/data/keyspace.js';
import { ColdBench } from './cold-bench.js';
import { KeyspaceBench } from './keyspace-bench.js';

const allkeys: readonly EvictionPolicy[] = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random'];
const volatile: readonly EvictionPolicy[] = ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'];
/** So many that of a few keys every one is looked at. */
const ALL = 300;

function keysOf(bench: KeyspaceBench): string[] {
  return bench.visible().flatMap((keys) => Object.keys(keys));
}

/** Evicts keys until none may go; returns them in order. */
function evictAll(bench: KeyspaceBench, policy: EvictionPolicy, samples: number): string[] {
  const order: string[] = [];
  for (let before = keysOf(bench); evictOne(bench.keyspace, policy, samples); before = keysOf(bench)) {
    const after = new Set(keysOf(bench));
    order.push(...before.filter((key) => !after.has(key)));
  }
  return order;
}

describe('evictOne', () => {
  it('says no with noeviction, and where there is nothing that may go', () => {
    const bench = new KeyspaceBench();
    for (const policy of [...allkeys, ...volatile]) expect(evictOne(bench.keyspace, policy, 5), policy).to.equal(false);
    bench.put(1, 'persistent', 'v', NEVER);
    for (const policy of ['noeviction' as const, ...volatile]) {
      expect(evictOne(bench.keyspace, policy, 5), policy).to.equal(false);
    }
    expect([keysOf(bench), bench.keyspace.evictedCount]).to.deep.equal([['persistent'], 0]);
  });

  it('removes one key at a time, of any database, until none is left', () => {
    for (const policy of allkeys) {
      const bench = new KeyspaceBench();
      const names = Array.from({ length: 60 }, (_, i) => `k${i}`);
      names.forEach((name, i) => bench.put(i % 7 === 0 ? 2 : 0, name, 'v', i % 2 === 0 ? NEVER : bench.nowMs + 100));
      const gone = evictAll(bench, policy, 3);
      expect(gone.sort(), policy).to.deep.equal(names.sort());
      expect([bench.keyspace.keyCount, bench.keyspace.evictedCount]).to.deep.equal([0, 60]);
      expect(bench.keyspace.heap.slab.usedBytes).to.equal(0);
    }
  });

  it('never removes a key without an expiry under a volatile policy', () => {
    for (const policy of volatile) {
      const bench = new KeyspaceBench();
      for (let i = 0; i < 90; i++) bench.put(i % 3, `k${i}`, 'v', i % 10 === 0 ? bench.nowMs + 1000 * i + 1 : NEVER);
      bench.put(0, '', 'the empty key stays', NEVER);
      const gone = evictAll(bench, policy, 3);
      expect(gone.sort(), policy).to.deep.equal(['k0', 'k10', 'k20', 'k30', 'k40', 'k50', 'k60', 'k70', 'k80']);
      expect(bench.keyspace.keyCount).to.equal(82);
    }
  });

  it('removes the key that was not used for longest', () => {
    for (const policy of ['allkeys-lru', 'volatile-lru'] as const) {
      const bench = new KeyspaceBench(1);
      const names = ['c', 'a', 'e', 'b', 'd'];
      for (const name of names) {
        bench.put(0, name, 'v', bench.nowMs + 1e9);
        bench.advance(2000);
      }
      bench.find(0, 'a');
      bench.keyspace.touch();
      expect(evictAll(bench, policy, ALL), policy).to.deep.equal(['c', 'e', 'b', 'd', 'a']);
    }
  });

  it('removes the key that was used least', () => {
    for (const policy of ['allkeys-lfu', 'volatile-lfu'] as const) {
      const bench = new KeyspaceBench(1);
      bench.access.usesFrequency = true;
      bench.access.logFactor = 0;
      ['c', 'a', 'e', 'b'].forEach((name, uses) => {
        bench.put(0, name, 'v', bench.nowMs + 1e9);
        for (let i = 0; i <= uses * 2; i++) bench.keyspace.touch();
      });
      expect(evictAll(bench, policy, ALL), policy).to.deep.equal(['c', 'a', 'e', 'b']);
    }
  });

  it('removes the key that expires next, also of those that expire after the end of safe integers', () => {
    const bench = new KeyspaceBench(1);
    const inMs = { c: 500, a: 20, far: 2 ** 54, b: 10_000, farthest: 2 ** 63 };
    for (const [name, ms] of Object.entries(inMs)) bench.put(0, name, 'v', bench.nowMs + ms);
    expect(evictAll(bench, 'volatile-ttl', ALL)).to.deep.equal(['a', 'c', 'b', 'far', 'farthest']);
  });

  it('mostly finds old keys with few samples', () => {
    const bench = new KeyspaceBench(1);
    for (let i = 0; i < 1000; i++) {
      bench.put(0, `k${i}`, 'v', NEVER);
      bench.advance(1000);
    }
    for (let i = 0; i < 200; i++) evictOne(bench.keyspace, 'allkeys-lru', 5);
    const left = keysOf(bench).map((key) => Number(key.slice(1)));
    expect(left.filter((i) => i >= 500).length).to.be.above(470);
    expect(left.filter((i) => i < 100).length).to.be.below(60);
  });

  it('removes an expired key as expired', () => {
    const bench = new KeyspaceBench(1);
    bench.put(0, 'a', 'v', bench.nowMs + 10);
    bench.advance(10);
    expect(evictOne(bench.keyspace, 'volatile-ttl', 5)).to.equal(true);
    const { keyCount, evictedCount, expiredCount } = bench.keyspace;
    expect([keyCount, evictedCount, expiredCount]).to.deep.equal([0, 0, 1]);
  });
});

describe('evictOne over cold data', () => {
  it('leaves one in four records to deleted keys at most, until the disk knows of them', () => {
    for (const policy of [...allkeys, ...volatile]) {
      const bench = new ColdBench(1);
      const names = Array.from({ length: 100 }, (_, i) => `k${i}`);
      for (const name of names) bench.put(0, name, 'v', bench.nowMs + 1e6);
      const db = bench.database(0);
      const gone = evictAll(bench, policy, 5).length;
      expect([gone, db.emptyCount, db.keyCount], policy).to.deep.equal([26, 26, 74]);
      bench.flushAll();
      bench.sweep();
      expect(evictAll(bench, policy, 5).length, policy).to.equal(19);
      bench.flushAll();
      bench.dropClean();
      expect([db.table.count, db.keyCount, bench.keyspace.usedBytes < 5000]).to.deep.equal([0, 55, true]);
      expect(Object.keys(bench.visibleOf(names)[0]).length).to.equal(55);
    }
  });

  it('removes no key of which it does not know all', () => {
    for (const policy of [...allkeys, ...volatile]) {
      const before = new ColdBench(1);
      for (const name of ['a', 'b']) before.put(0, name, 'v', NEVER);
      before.flushAll();
      before.find(0, 'a');
      before.keyspace.setExpiry(before.nowMs + 1000);
      before.find(0, 'b');
      before.putAtCursor('changed', KEEP_EXPIRY);
      const bench = before.restarted();
      expect([bench.keyspace.recordCount, evictOne(bench.keyspace, policy, 5)], policy).to.deep.equal([2, false]);
      expect(spillSome(bench.keyspace, 1), policy).to.equal(0);
      expect(bench.visibleOf(['a', 'b'])[0]).to.deep.equal({ a: ['v', bench.nowMs + 1000], b: ['changed', 0] });
    }
  });
});

describe('spillSome', () => {
  /** A keyspace whose disk has everything that was stamped up to a moment, and holds what is dropped. */
  function benchWithDisk(): { bench: KeyspaceBench; flush: () => void } {
    const cold = { ...NO_COLD_DATA, cleanUpTo: -1, keepsDeletes: () => true };
    const bench = new KeyspaceBench(3, undefined, cold);
    return { bench, flush: () => (cold.cleanUpTo = bench.keyspace.clock.latest) };
  }

  it('drops nothing that the disk does not have', () => {
    const { bench, flush } = benchWithDisk();
    for (let i = 0; i < 40; i++) bench.put(i % 3, `old${i}`, 'v', NEVER);
    expect(spillSome(bench.keyspace, 5)).to.equal(0);
    flush();
    for (let i = 0; i < 40; i++) bench.put(i % 3, `new${i}`, 'v', NEVER);
    while (bench.keyspace.spilledCount < 40) spillSome(bench.keyspace, 5);
    for (let i = 0; i < 20; i++) expect(spillSome(bench.keyspace, 1)).to.equal(0);
    expect(keysOf(bench).filter((key) => key.startsWith('new'))).to.have.length(40);
    expect(bench.keyspace.recordCount).to.equal(40);
  });

  it('drops one of so many samples, those not used for longest', () => {
    const { bench, flush } = benchWithDisk();
    for (let i = 0; i < 50; i++) {
      bench.put(0, `k${i}`, 'v', NEVER);
      bench.advance(2000);
    }
    flush();
    expect(spillSome(bench.keyspace, 5)).to.equal(10);
    expect(
      keysOf(bench)
        .map((key) => Number(key.slice(1)))
        .sort((a, b) => a - b)[0],
    ).to.equal(10);
    expect(spillSome(bench.keyspace, 1000)).to.equal(1);
    expect(keysOf(bench)).to.have.length(39);
    bench.access.usesFrequency = true;
    expect(spillSome(bench.keyspace, 1)).to.equal(39);
    expect([bench.keyspace.recordCount, bench.keyspace.heap.slab.usedBytes]).to.deep.equal([0, 0]);
  });

  it('drops what says that nothing is there first', () => {
    const { bench, flush } = benchWithDisk();
    for (let i = 0; i < 30; i++) {
      bench.put(0, `k${i}`, 'v', NEVER);
      bench.advance(2000);
    }
    bench.find(0, 'k29');
    bench.keyspace.remove();
    expect(bench.database(0).emptyCount).to.equal(1);
    flush();
    expect(spillSome(bench.keyspace, 1000)).to.equal(1);
    expect([bench.database(0).emptyCount, keysOf(bench).length]).to.deep.equal([0, 29]);
  });
});
