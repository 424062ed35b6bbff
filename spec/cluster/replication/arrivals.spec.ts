import { expect } from 'chai';
import { Arrivals } from '../../../lib/cluster/replication/arrivals.js';

describe('Arrivals', () => {
  it('tells each who waits once, when that is awaited no more', () => {
    const arrivals = new Arrivals();
    const awaited = new Set(['a', 'b']);
    const told: string[] = [];
    for (const name of ['a', 'b', 'a']) {
      arrivals.add(
        () => awaited.has(name),
        0,
        () => told.push(name),
      );
    }
    arrivals.tell();
    expect(told).to.deep.equal([]);
    awaited.delete('a');
    arrivals.tell();
    arrivals.tell();
    expect(told).to.deep.equal(['a', 'a']);
    awaited.clear();
    arrivals.tell();
    expect(told).to.deep.equal(['a', 'a', 'b']);
  });

  it('takes who waits anew while others are told', () => {
    const arrivals = new Arrivals();
    let isAwaited = true;
    const told: number[] = [];
    const wait = (): void => {
      arrivals.add(
        () => isAwaited,
        0,
        () => {
          told.push(told.length);
          if (told.length === 1) wait();
        },
      );
    };
    wait();
    isAwaited = false;
    arrivals.tell();
    expect(told).to.deep.equal([0]);
    arrivals.tell();
    expect(told).to.deep.equal([0, 1]);
  });

  it('tells who has waited for too long that it has not arrived', () => {
    const arrivals = new Arrivals();
    const told: [number, boolean][] = [];
    for (const sinceMs of [10, 20]) {
      arrivals.add(
        () => true,
        sinceMs,
        (hasArrived) => told.push([sinceMs, hasArrived]),
      );
    }
    arrivals.tell(10);
    expect(told).to.deep.equal([]);
    arrivals.tell(20);
    arrivals.tell(20);
    expect(told).to.deep.equal([[10, false]]);
  });
});
