import { expect } from 'chai';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import type { TopologyAnswer } from '../../../lib/cluster/topology/messages.js';
import { decodeAnswer } from '../../../lib/cluster/topology/messages.js';
import { aborted, finished, withLeaving } from '../../../lib/cluster/topology/ring-change.js';
import type { WorldNode } from './topology-world.js';
import { TopologyWorld, settled } from './topology-world.js';

const memberNames = (ring: RingDocument): string[] => ring.members.map(({ address }) => address.host);

describe('Topology', function () {
  this.timeout(60_000);

  for (const count of [1, 2, 3, 5]) {
    it(`makes one cluster of ${count} seeds that start together`, async () => {
      const world = new TopologyWorld(count);
      const nodes = world.addSeeds(count);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      const ring = world.commonRing;
      expect(ring.epoch).to.equal(1);
      expect(memberNames(ring).sort()).to.deep.equal(nodes.map(({ index }) => `node${index}`));
      expect(ring.members.map(({ ordinal }) => ordinal)).to.deep.equal(nodes.map((_node, index) => index + 1));
      expect(ring.voters.length).to.equal(count);
    });
  }

  it('waits for a majority of the seeds, says so, and adds the late one', async () => {
    const world = new TopologyWorld(1);
    const [a, b, c] = world.addSeeds(3);
    a.start();
    await world.runFor(60_000);
    expect(a.ring).to.be.undefined;
    expect(a.lines).to.deep.equal(['1 of 3 seeds are there; a new cluster needs 2 of them']);
    c.start();
    await world.runFor(10_000);
    expect(memberNames(world.commonRing)).to.deep.equal(['node0', 'node2']);
    b.start();
    await world.runFor(10_000);
    const ring = world.commonRing;
    expect(memberNames(ring)).to.deep.equal(['node0', 'node2', 'node1']);
    expect(ring).to.include({ epoch: 2, nextOrdinal: 4 });
    expect(ring.voters.length).to.equal(3);
  });

  it('lets a minority wait while it is parted, and makes it join when it is not', async () => {
    const world = new TopologyWorld(2);
    const nodes = world.addSeeds(5);
    world.part(nodes.slice(0, 2));
    for (const node of nodes) node.start();
    await world.runFor(30_000);
    expect(nodes.map(({ ring }) => ring?.members.length)).to.deep.equal([undefined, undefined, 3, 3, 3]);
    world.heal();
    await world.runFor(30_000);
    expect(world.commonRing.members.length).to.equal(5);
  });

  it('adds a node whose seeds are some of the members, and goes on from disk after all have restarted', async () => {
    const world = new TopologyWorld(3);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const joiner = world.addNode([nodes[1].seed]);
    joiner.start();
    await world.runFor(10_000);
    const ring = world.commonRing;
    expect(ring).to.include({ epoch: 2, nextOrdinal: 5 });
    expect(ring.voters).to.deep.equal(nodes.map(({ id }) => id));
    for (const node of world.nodes) node.crash();
    for (const node of world.nodes) node.start();
    expect(world.commonRing).to.deep.equal(ring);
  });

  it('asks until it has a ring that it was told of once, though nobody answers for a while, and who has told is gone', async () => {
    const world = new TopologyWorld(8);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const [a, , c] = nodes;
    const epoch = world.commonRing.epoch;
    world.part([c]);
    const joiner = world.addNode([a.seed]);
    a.holdsData = true;
    joiner.start();
    await world.runFor(10_000);
    const newer = a.ring;
    if (newer === undefined) throw new Error('no ring');
    expect([newer.epoch > epoch, c.ring?.epoch]).to.deep.equal([true, epoch]);
    c.hear(newer, a.id);
    await world.runFor(10_000);
    expect(c.ring?.epoch, 'nobody can be reached').to.equal(epoch);
    a.crash();
    world.heal();
    await world.runFor(10_000);
    expect(c.ring).to.deep.equal(newer);
  });

  it('acts by a ring when all others have it, or after a while if one cannot be reached', async () => {
    for (const isCut of [false, true]) {
      const world = new TopologyWorld(12);
      const nodes = world.addSeeds(3);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      const ring = world.commonRing;
      const { epoch } = ring;
      if (isCut) world.part([nodes[2]]);
      nodes[0].topology?.change(ring, withLeaving(ring, nodes[0].id), () => undefined);
      const [keptMs, actsMs] = [new Map<WorldNode, number>(), new Map<WorldNode, number>()];
      for (let ms = 0; ms < 3000; ms++) {
        await world.runFor(1);
        for (const node of nodes) {
          if (node.ring?.epoch === epoch + 1 && !keptMs.has(node)) keptMs.set(node, ms);
          if (node.actsBy?.epoch === epoch + 1 && !actsMs.has(node)) actsMs.set(node, ms);
        }
      }
      const allHaveItMs = Math.max(...keptMs.values());
      const firstMs = Math.min(...actsMs.values());
      expect(keptMs.size).to.equal(isCut ? 2 : 3);
      expect(actsMs.size).to.equal(keptMs.size);
      if (isCut) expect(firstMs - Math.min(...keptMs.values())).to.be.within(249, 251);
      else expect(firstMs).to.be.within(allHaveItMs, allHaveItMs + 80);
    }
  });

  it('acts by a ring by which somebody joins when that one is heard of, or after a while', async () => {
    for (const heardAfterMs of [400, 10_000]) {
      const world = new TopologyWorld(12);
      const nodes = world.addSeeds(3);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      nodes[0].holdsData = true;
      const { epoch } = world.commonRing;
      const joiner = world.addNode([nodes[0].seed]);
      joiner.start();
      for (let ms = 0; joiner.actsBy === undefined && ms < 3000; ms++) await world.runFor(1);
      const { ring } = joiner;
      if (ring === undefined) throw new Error('it has not joined');
      world.after(heardAfterMs, () => {
        for (const node of nodes) node.hear(ring, joiner.id);
      });
      const earliestMs = Math.min(heardAfterMs - 1, 900);
      await world.runFor(earliestMs);
      expect(nodes.map((node) => node.actsBy?.epoch)).to.deep.equal([epoch, epoch, epoch]);
      expect(nodes.map((node) => node.ring?.epoch)).to.deep.equal([epoch + 1, epoch + 1, epoch + 1]);
      await world.runFor(earliestMs < 900 ? 1 : 200);
      expect(nodes.map((node) => node.actsBy?.epoch)).to.deep.equal([epoch + 1, epoch + 1, epoch + 1]);
    }
  });

  it('has a ring that its disk did not take as soon as that does, without being told again', async () => {
    const world = new TopologyWorld(9);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const [a, , c] = nodes;
    const { epoch } = world.commonRing;
    c.isFull = true;
    world.addNode([a.seed]).start();
    await world.runFor(10_000);
    expect([a.ring?.epoch, c.ring?.epoch]).to.deep.equal([epoch + 1, epoch]);
    const complaints = c.lines.filter((line) => line.includes('could not be kept'));
    expect(complaints.length).to.be.above(1);
    expect(complaints.length).to.be.below(10);
    c.isFull = false;
    await world.runFor(3000);
    expect(c.ring).to.deep.equal(a.ring);
  });

  it('lets a node join first while a member holds data, or does not answer, and nobody else meanwhile', async () => {
    for (const fault of ['data', 'silence']) {
      const world = new TopologyWorld(4);
      const nodes = world.addSeeds(3);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      if (fault === 'data') nodes[2].holdsData = true;
      else nodes[2].crash();
      const [joiner, late] = [world.addNode([nodes[0].seed]), world.addNode([nodes[1].seed])];
      joiner.start();
      await world.runFor(10_000);
      late.start();
      await world.runFor(10_000);
      const { members } = nodes[0].ring ?? { members: [] };
      expect(members.map(({ state }) => state)).to.deep.equal(['up', 'up', 'up', 'joining']);
      expect(joiner.ring).to.deep.equal(nodes[0].ring);
      expect(late.lines.at(-1)).to.contain(`the ring is being changed, ${joiner.id} joins: try again`);
    }
  });

  it('has the next node that joins take the place of a dead member, whomever it asks, unless that was long ago', async () => {
    for (const waitMs of [0, 11 * 60_000]) {
      const world = new TopologyWorld(6);
      const nodes = world.addSeeds(4);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      nodes[3].crash();
      for (const node of nodes) node.holdsData = true;
      const ends: (string | undefined)[] = [];
      nodes[0].topology?.replace('f'.repeat(40), (reason) => ends.push(reason));
      nodes[0].topology?.replace(nodes[3].id, (reason) => ends.push(reason));
      await world.runFor(2000 + waitMs);
      expect(ends).to.deep.equal([`${'f'.repeat(40)} is no member of the ring`, undefined]);
      const joiner = world.addNode([nodes[1].seed]);
      joiner.start();
      await world.runFor(10_000);
      const { members } = nodes[0].ring ?? { members: [] };
      const isReplaced = waitMs === 0;
      expect(members.map(({ state }) => state)).to.deep.equal([
        'up',
        'up',
        'up',
        isReplaced ? 'leaving' : 'up',
        'joining',
      ]);
      expect(members[4].tokens.join() === members[3].tokens.join()).to.equal(isReplaced);
    }
  });

  it('takes back everywhere that a member is to be replaced, and says who has not heard of it', async () => {
    const world = new TopologyWorld(6);
    const nodes = world.addSeeds(4);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    for (const node of nodes) node.holdsData = true;
    const ends: (string | undefined)[] = [];
    nodes[0].topology?.replace(nodes[3].id, (reason) => ends.push(reason));
    await world.runFor(2000);
    expect(nodes.map(({ topology }) => topology?.toBeReplaced)).to.deep.equal([
      ...[0, 1, 2].map(() => nodes[3].id),
      undefined,
    ]);
    nodes[1].topology?.replaceNobody((reason) => ends.push(reason));
    await world.runFor(2000);
    expect(nodes.map(({ topology }) => topology?.toBeReplaced)).to.deep.equal([0, 1, 2, 3].map(() => undefined));
    nodes[0].topology?.replace(nodes[3].id, (reason) => ends.push(reason));
    await world.runFor(2000);
    nodes[3].crash();
    world.part([nodes[2]]);
    nodes[0].topology?.replaceNobody((reason) => ends.push(reason));
    await world.runFor(2000);
    world.heal();
    expect(ends).to.deep.equal([
      undefined,
      undefined,
      undefined,
      '1 of 4 members have not said that they know of it: who joins by them may still take that place',
    ]);
    const joiner = world.addNode([nodes[1].seed]);
    joiner.start();
    await world.runFor(10_000);
    const { members } = nodes[0].ring ?? { members: [] };
    expect(members.map(({ state }) => state)).to.deep.equal(['up', 'up', 'up', 'up', 'joining']);
  });

  it('says which change is under way to who wants another one', async () => {
    const world = new TopologyWorld(8);
    const nodes = world.addSeeds(4);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const before = world.commonRing;
    const ends: (string | undefined)[] = [];
    const leave = (node: WorldNode): void => {
      node.topology?.change(before, withLeaving(before, node.id), (reason) => ends.push(reason));
    };
    leave(nodes[3]);
    leave(nodes[3]);
    await world.runFor(5000);
    // They act by the ring of before, perhaps.
    leave(nodes[3]);
    leave(nodes[2]);
    const reason = `the ring is being changed, ${nodes[3].id} leaves: try again when that is done`;
    expect(ends).to.deep.equal([reason, undefined, reason, reason]);
  });

  it('says so if too few members know of it that one is to be replaced', async () => {
    const world = new TopologyWorld(7);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    world.part([nodes[0]]);
    let end: string | undefined = '';
    nodes[0].topology?.replace(nodes[2].id, (reason) => {
      end = reason;
    });
    await world.runFor(3000);
    expect(end).to.equal('1 of 3 members know of it: try again');
  });

  it('ends a change, and tells who is no member any more', async () => {
    const world = new TopologyWorld(5);
    const nodes = world.addSeeds(4);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const ends: (string | undefined)[] = [];
    const change = async (node: WorldNode, make: (ring: RingDocument) => RingDocument): Promise<void> => {
      const ring = node.ring ?? world.commonRing;
      node.topology?.change(ring, make(ring), (reason) => ends.push(reason));
      await world.runFor(5000);
    };
    await change(nodes[0], (ring) => withLeaving(ring, nodes[3].id));
    expect(world.commonRing.members.map(({ state }) => state).filter((state) => state === 'leaving')).to.have.length(1);
    await change(nodes[1], aborted);
    await change(nodes[2], (ring) => withLeaving(ring, nodes[3].id));
    await change(nodes[3], finished);
    expect(ends).to.deep.equal([undefined, undefined, undefined, undefined]);
    // Its voters are those of the ring before: whoever is gone may propose.
    expect(world.commonRing).to.include({ epoch: 5 });
    expect(world.commonRing.members.map(({ id }) => id)).to.not.include(nodes[3].id);
    nodes[0].topology?.change({ ...world.commonRing, epoch: 4 }, world.commonRing, (reason) => ends.push(reason));
    expect(ends.at(-1)).to.equal('the ring has changed meanwhile: try again');
  });

  it('says which change is under way to whom another one has overtaken, wherever he has asked', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = new TopologyWorld(seed);
      const nodes = world.addSeeds(5);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      const ring = world.commonRing;
      const ends: (string | undefined)[] = [];
      const leave = ({ id, topology }: (typeof nodes)[number]): void => {
        topology?.change(ring, withLeaving(ring, id), (reason) => ends.push(reason));
      };
      leave(nodes[3]);
      await world.runFor(world.random.below(100));
      leave(nodes[4]);
      await world.runFor(5000);
      const first = world.commonRing.members.find(({ state }) => state === 'leaving')?.id ?? '';
      const why = `the ring is being changed, ${first} leaves: try again when that is done`;
      expect(ends, `seed ${seed}`).to.have.members([undefined, why]);
    }
  });

  it('adds a member that is up before the first write, or lets it join first', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const world = new TopologyWorld(seed);
      const nodes = world.addSeeds(3);
      for (const node of nodes) node.start();
      await world.runFor(10_000);
      world.addNode([nodes[0].seed]).start();
      await world.runFor(world.random.below(700));
      const writer = nodes[world.random.below(3)];
      while (!writer.write()) await world.runFor(5);
      const added = (): string => nodes.flatMap(({ ring }) => ring?.members[3]?.state ?? []).join();
      const before = new Set(writer.ring?.members.map(({ state }) => state));
      const isAdded = writer.ring?.members.length === 4 && !before.has('joining');
      await world.runFor(20_000);
      // Once the writer has taken a write by a ring, the others never get to one in which a fourth is up that it did not know.
      expect(added(), `seed ${seed}`).to.equal(isAdded ? 'up,up,up' : 'joining,joining,joining');
      outcomes.add(added());
    }
    expect(outcomes.size).to.equal(2);
  });

  it('votes only as itself, about the next epoch, and for what may follow', async () => {
    const world = new TopologyWorld(12);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const joiner = world.addNode([nodes[0].seed]);
    joiner.start();
    await world.runFor(10_000);
    const ring = world.commonRing;
    const ballot = { round: 99, proposer: nodes[0].id };
    const version = { generation: 1, epoch: 3 };
    const answerOf = async (node: WorldNode, asked: object): Promise<TopologyAnswer | undefined> => {
      const request = { kind: 'prepare', ballot };
      let answer: TopologyAnswer | undefined;
      const message = { kind: 'paxos', version, seedDigest: '', voter: node.id, request, ...asked };
      node.handler?.(Buffer.from(JSON.stringify(message)), (said) => (answer = decodeAnswer(said)));
      await settled();
      return answer;
    };
    const reasonOf = async (node: WorldNode, asked: object): Promise<string> => {
      const answer = await answerOf(node, asked);
      return answer?.kind === 'refused' ? answer.reason : `${answer?.kind}`;
    };
    expect(await reasonOf(joiner, {})).to.equal('this node does not vote');
    expect(await reasonOf(nodes[1], { voter: joiner.id })).to.equal(`this is ${nodes[1].id}, not ${joiner.id}`);
    expect(await reasonOf(nodes[1], { version: { generation: 1, epoch: 4 } })).to.equal('behind');
    expect(await answerOf(nodes[1], { version: { generation: 1, epoch: 2 } })).to.deep.equal({ kind: 'ring', ring });
    expect(await answerOf(nodes[1], { version: { generation: 0, epoch: 9 } })).to.deep.equal({ kind: 'ring', ring });
    expect(await reasonOf(nodes[1], { surprise: 1 })).to.equal('this is no message about the ring');
    const accepts = (next: object): Promise<string> =>
      reasonOf(nodes[1], { request: { kind: 'accept', ballot, value: JSON.stringify({ ...ring, ...next }) } });
    expect(await accepts({ epoch: 4 })).to.contain('ring.epoch: expected 3');
    expect(await accepts({ epoch: 3, nextOrdinal: 6, clusterId: '0'.repeat(40) })).to.contain('ring.clusterId');
    expect(await accepts({ epoch: 3, members: ring.members.slice(1) })).to.contain('ring.voters[0]');
    const [first, ...others] = ring.members;
    const renamed = { ...first, id: joiner.id };
    expect(await accepts({ epoch: 3, members: [renamed, ...others.slice(0, 2)], voters: [joiner.id] })).to.contain(
      'ring.members[0].ordinal: expected its own, which nobody had before',
    );
    expect(await accepts({ epoch: 3 })).to.equal('paxos');
    expect(nodes[1].store?.acceptor.promised).to.deep.equal(ballot);
    await world.runFor(1000);
  });

  it('makes no cluster with a node that was given other seeds', async () => {
    const world = new TopologyWorld(5);
    const [a, b, other] = [['node0:17000', 'node1:17000'], ['node0:17000', 'node1:17000'], ['node0:17000']].map(
      (seeds) => world.addNode(seeds),
    );
    other.start();
    a.start();
    await world.runFor(10_000);
    expect(other.ring).to.be.undefined;
    expect(other.lines.at(-1)).to.equal('the seed node0:17000 has other seeds: all nodes must be given the same list');
    b.start();
    await world.runFor(20_000);
    expect(memberNames(world.commonRing)).to.deep.equal(['node0', 'node1', 'node2']);
  });

  it('does not take two seeds that lead to one node for two', async () => {
    const world = new TopologyWorld(6);
    const node = world.addNode(['node0:17000', 'NODE0:17000', 'node1:17000']);
    node.start();
    await world.runFor(20_000);
    expect(node.ring).to.be.undefined;
  });

  it('adds nodes that come at once one after the other, with ordinals of their own', async () => {
    const world = new TopologyWorld(7);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    for (const node of [0, 1, 2, 0].map((index) => world.addNode([nodes[index].seed]))) node.start();
    await world.runFor(60_000);
    const ring = world.commonRing;
    expect(ring.epoch).to.equal(5);
    expect(ring.members.map(({ ordinal }) => ordinal)).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(ring.voters.length).to.equal(7);
  });

  it('teaches a node that comes back with an old epoch, by gossip or when it asks', async () => {
    const world = new TopologyWorld(8);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const [a, b, c] = nodes;
    const late = world.addNode([a.seed]);
    world.part([c]);
    // The one that is parted off holds no data, but cannot say so.
    late.start();
    await world.runFor(10_000);
    expect([a, b, c, late].map(({ ring }) => ring?.epoch)).to.deep.equal([2, 2, 1, 2]);
    world.heal();
    c.hear(world.nodes[0].ring ?? world.commonRing, a.id);
    await world.runFor(1000);
    expect(world.commonRing.epoch).to.equal(2);

    world.part([c]);
    b.end(world.commonRing);
    await world.runFor(5000);
    expect([a, b, c, late].map(({ ring }) => ring?.epoch)).to.deep.equal([3, 3, 2, 3]);
    world.heal();
    c.crash();
    c.start();
    await world.runFor(1000);
    expect(world.commonRing.epoch).to.equal(3);
  });

  it('learns of a newer epoch that gossip names', async () => {
    const world = new TopologyWorld(9);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const [a, b] = nodes;
    const newer = { ...world.commonRing, epoch: 9 };
    await a.topology?.learn(newer);
    expect(b.ring?.epoch).to.equal(1);
    b.topology?.heardOf({ generation: 1, epoch: 9 }, a.id);
    await world.runFor(1000);
    expect(b.ring).to.deep.equal(newer);
    await a.topology?.learn({ ...newer, epoch: 8 });
    expect(a.ring).to.deep.equal(newer);
  });

  it('follows a new generation, whatever the epoch, and lets the old one decide nothing', async () => {
    const world = new TopologyWorld(10);
    const nodes = world.addSeeds(3);
    for (const node of nodes) node.start();
    await world.runFor(10_000);
    const recovered = { ...world.commonRing, generation: 2, epoch: 1 };
    const [a, b, c] = nodes;
    world.part([c]);
    await a.topology?.learn(recovered);
    await b.topology?.learn(recovered);
    world.heal();
    const joiner = world.addNode([c.seed]);
    joiner.start();
    await world.runFor(10_000);
    expect(world.commonRing).to.include({ generation: 2, epoch: 2 });
  });

  it('refuses a ring of another cluster', async () => {
    const world = new TopologyWorld(11);
    const [node] = world.addSeeds(1);
    node.start();
    await world.runFor(5000);
    const ring = world.commonRing;
    await node.topology?.learn({ ...ring, epoch: 2, clusterId: '0'.repeat(40) });
    expect(node.ring).to.deep.equal(ring);
    expect(node.lines.at(-1)).to.contain('refused a ring of another cluster');
  });

  it('keeps what a seed has accepted over a crash: those who are left come to the same ring', async () => {
    const world = new TopologyWorld(21);
    const [a, b, c] = world.addSeeds(3);
    a.start();
    b.start();
    while (b.store?.acceptor.accepted === undefined) await world.runFor(1);
    const { value } = b.store.acceptor.accepted;
    // The first one hears the last vote that it needs, perhaps, and is gone; the voter has not heard of a ring.
    world.part([a]);
    b.crash();
    b.start();
    c.start();
    expect(b.ring).to.be.undefined;
    await world.runFor(30_000);
    const { clusterId } = JSON.parse(value) as RingDocument;
    expect(b.ring).to.include({ clusterId });
    world.heal();
    await world.runFor(30_000);
    expect(world.commonRing).to.include({ clusterId });
    expect(world.commonRing.members.length).to.equal(3);
  });

  it('makes one cluster of all seeds, at whichever step of its disk one of them loses power', async () => {
    const whole = new TopologyWorld(20);
    const [first] = whole.addSeeds(3);
    for (const node of whole.nodes) node.start();
    await whole.runFor(10_000);
    expect(first.disk.stepCount).to.be.above(20);
    for (let step = 1; step <= first.disk.stepCount; step++) {
      const world = new TopologyWorld(20);
      const [failing, ...others] = world.addSeeds(3);
      failing.failAt(step);
      for (const node of world.nodes) node.start();
      await world.runFor(5000);
      // It may come back before the others have gone on without it, or long after.
      if (step % 2 === 0) await world.runFor(20_000);
      world.heal();
      if (!failing.isOn) failing.start();
      await world.runFor(20_000);
      expect(world.commonRing.members.length, `step ${step}`).to.equal(3);
      expect(others.every((node) => node.isOn)).to.be.true;
    }
  });

  it('has one cluster and one ring of each epoch, whatever is lost, parted, late and without power; and all nodes in it when it is quiet', async () => {
    for (let seed = 0; seed < 150; seed++) {
      const world = new TopologyWorld(seed);
      const nodes = world.addSeeds(seed % 2 === 0 ? 3 : 5);
      nodes.push(world.addNode([nodes[0].seed]));
      const { random } = world;
      world.gossip();
      world.faults.lost = random.below(30);
      world.faults.repeated = random.below(20);
      for (let step = 0; step < 12; step++) {
        const node = nodes[random.below(nodes.length)];
        switch (random.below(5)) {
          case 0:
            world.part([node, nodes[random.below(nodes.length)]]);
            break;
          case 1:
            world.cuts.clear();
            break;
          case 2:
            if (node.isOn) node.crash();
            node.failAt(1 + random.below(40));
            node.start();
            break;
          default:
            if (!node.isOn) node.start();
        }
        await world.runFor(random.below(4000));
      }
      world.heal();
      for (const node of nodes) if (!node.isOn) node.start();
      await world.runFor(60_000);
      expect(world.commonRing.members.length, `seed ${seed}`).to.equal(nodes.length);
    }
  });
});
