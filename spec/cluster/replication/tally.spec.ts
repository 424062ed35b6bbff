import { expect } from 'chai';
import { ReplicaProgress } from '../../../lib/cluster/replication/replica-progress.js';
import type { TallyWaiter } from '../../../lib/cluster/replication/tally.js';
import { Tallies, Tally } from '../../../lib/cluster/replication/tally.js';

function waiter(told: string[], name: string): TallyWaiter {
  return {
    settle: () => told.push(`${name} settled`),
    giveUp: ({ count }) => told.push(`${name} given up with ${count}`),
  };
}

/** Of one set of replicas. */
function tallyOf(group: number, replicas: ReplicaProgress[], needed: number, sequence: number, sinceMs: number): Tally {
  return new Tally([{ group, replicas, needed, sequence, isOvertaken: false }], needed, sinceMs);
}

function replicas(): ReplicaProgress[] {
  return ['a', 'b', 'c'].map((id) => new ReplicaProgress(id));
}

/** One tally of batch `sequence`, which two of three replicas are to have, and `w`, who waits for it. */
function oneTally(sequence = 1): {
  readonly tallies: Tallies;
  readonly tally: Tally;
  readonly replicas: ReplicaProgress[];
  readonly told: string[];
} {
  const told: string[] = [];
  const three = replicas();
  const tallies = new Tallies();
  const tally = tallyOf(0, three, 2, sequence, 0);
  tally.waiters.push(waiter(told, 'w'));
  tallies.add(tally);
  return { tallies, tally, replicas: three, told };
}

describe('Tallies', () => {
  it('settle when enough replicas have the batch, and only then', () => {
    const { tallies, told, replicas } = oneTally(5);
    const [a, b, c] = replicas;
    a.acknowledge(5);
    b.acknowledge(4);
    tallies.settle();
    expect(told).to.deep.equal([]);
    c.acknowledge(7);
    tallies.settle();
    expect(told).to.deep.equal(['w settled']);
    expect(tallies.count).to.equal(0);
  });

  it('wait for the later batch when something was sent again', () => {
    const { tallies, tally, told, replicas } = oneTally();
    const [a, b, c] = replicas;
    tally.isOfWriter = true;
    tallies.follow(0, 1, 2, false);
    tallies.follow(1, 2, 9, false);
    for (const replica of [a, b, c]) replica.acknowledge(1);
    tallies.settle();
    expect(told).to.deep.equal([]);
    // More of the first batch may have to be sent again.
    expect([tallies.isOpen(0, 1), tallies.isOpen(0, 2), tallies.isOpen(1, 1)]).to.deep.equal([true, true, false]);
    tallies.follow(0, 1, 3, false);
    for (const replica of [a, b]) replica.acknowledge(2);
    tallies.settle();
    expect(told).to.deep.equal([]);
    for (const replica of [a, b]) replica.acknowledge(3);
    tallies.settle();
    expect(told).to.deep.equal(['w settled']);
  });

  it('wait for both batches when something was sent again: who has missed the first, and has the second one, counted for the rest of the first', () => {
    const told: string[] = [];
    const five = ['a', 'b', 'c', 'd', 'e'].map((id) => new ReplicaProgress(id));
    const [a, b, c, d] = five;
    const tallies = new Tallies();
    const tally = tallyOf(0, five, 3, 1, 0);
    tally.waiters.push(waiter(told, 'w'));
    tallies.add(tally);
    for (const replica of [a, b]) replica.acknowledge(1);
    tallies.follow(0, 1, 2, false);
    for (const replica of [c, d]) replica.lose(1);
    for (const replica of [a, b, c, d]) replica.acknowledge(2);
    tallies.settle();
    expect(told).to.deep.equal([]);
    five[4].acknowledge(2);
    tallies.settle();
    expect(told).to.deep.equal(['w settled']);
  });

  it('wait for both batches when these are sent to the replicas of another ring', () => {
    const tallies = new Tallies();
    const [a, b, c] = replicas();
    const tally = tallyOf(0, [a, b, c], 2, 1, 0);
    tally.isOfWriter = true;
    tallies.add(tally);
    tallies.follow(0, 1, 2, false);
    for (const [from, to] of [
      [1, 3],
      [2, 4],
    ]) {
      tallies.replace(from, (need) => [{ ...need, group: 7, sequence: to }]);
    }
    expect([1, 2, 3, 4].map((sequence) => tallies.ofBatch(sequence).length)).to.deep.equal([0, 0, 1, 1]);
    expect([3, 4].map((sequence) => tallies.isOpen(7, sequence))).to.deep.equal([true, true]);
  });

  it('wait for what consensus decides', () => {
    const { tallies, tally, told, replicas } = oneTally();
    expect(tallies.of(0, 1)).to.deep.equal([tally]);
    expect(tallies.of(1, 1)).to.deep.equal([]);
    tally.undecided++;
    for (const replica of replicas) replica.acknowledge(1);
    tallies.settle();
    expect(told).to.deep.equal([]);
    tally.undecided--;
    tallies.settle();
    expect(told).to.deep.equal(['w settled']);
  });

  it('are not open for what has overwritten what they wait for', () => {
    const { tallies, tally, told, replicas } = oneTally();
    const [a, b] = replicas;
    tally.isOfWriter = true;
    tallies.follow(0, 1, 2, true);
    expect([tallies.isOpen(0, 1), tallies.isOpen(0, 2)]).to.deep.equal([true, false]);
    expect([tallies.find(0, 2, 2), tallies.of(0, 2)]).to.deep.equal([undefined, [tally]]);
    // More of the first batch is put again, in the third one.
    tallies.follow(0, 1, 3, false);
    expect([1, 2, 3].map((sequence) => tallies.isOpen(0, sequence))).to.deep.equal([true, false, true]);
    for (const replica of [a, b]) replica.acknowledge(3);
    tallies.settle();
    expect(told).to.deep.equal(['w settled']);
  });

  it('are not open for who has only read', () => {
    const tallies = new Tallies();
    tallies.add(tallyOf(0, replicas(), 3, 1, 0));
    expect([tallies.count, tallies.isOpen(0, 1)]).to.deep.equal([1, false]);
  });

  it('give up those that are too old, and say how many replicas had it', () => {
    const told: string[] = [];
    const [a, b, c] = replicas();
    const tallies = new Tallies();
    for (const [name, sequence, sinceMs] of [
      ['old', 1, 100],
      ['new', 2, 200],
    ] as const) {
      const tally = tallyOf(0, [a, b, c], 2, sequence, sinceMs);
      tally.waiters.push(waiter(told, name));
      tallies.add(tally);
    }
    a.acknowledge(2);
    tallies.expire(150);
    expect(told).to.deep.equal(['old given up with 1']);
    expect(tallies.find(0, 2, 2)?.count).to.equal(1);
    expect(tallies.find(0, 2, 3)).to.equal(undefined);
  });
});
