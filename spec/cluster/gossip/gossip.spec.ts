import { expect } from 'chai';
import fc from 'fast-check';
import { firstIncarnation } from '../../../lib/cluster/gossip/gossip.js';
import { encodeMessage, type Message } from '../../../lib/cluster/gossip/message-codec.js';
import { PacketCodec } from '../../../lib/cluster/gossip/packet.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { GossipNetwork, type NetworkOptions, type VirtualMember } from './gossip-network.js';
import { accusation, idOf, someMessage } from './samples.js';

const SEEDS = [1, 2, 3];

/** Members that have met, and have been quiet for a while. */
function settled(count: number, options: NetworkOptions): GossipNetwork {
  const network = new GossipNetwork(options);
  network.addAll(count);
  network.runUntil(() => network.agrees('alive', network.members), 60_000, 'all know all');
  network.run(20_000);
  return network;
}

/** What all members but `except` were told of others since. */
function toldSince(
  network: GossipNetwork,
  what: 'suspect' | 'dead',
  sinceMs: number,
  except?: VirtualMember,
): string[] {
  return network.members
    .filter((member) => member !== except)
    .flatMap((member) => member.heard(what, sinceMs).map((told) => `${member.number} of ${parseInt(told.member, 16)}`));
}

describe('Gossip', function () {
  this.timeout(60_000);

  for (const count of [2, 3, 5, 20, 50]) {
    it(`makes one cluster of ${count} members that start at the same time, and nobody is suspected`, () => {
      for (const seed of SEEDS.slice(0, count > 10 ? 1 : 3)) {
        const network = settled(count, { seed });
        expect(network.members.every(({ gossip }) => gossip.isJoined)).to.equal(true);
        network.run(60_000);
        expect(toldSince(network, 'suspect', 0)).to.deep.equal([]);
        expect(network.members.map(({ gossip }) => gossip.healthScore)).to.deep.equal(network.members.map(() => 0));
      }
    });
  }

  it('makes one cluster of members whose seeds come later, or are each other', () => {
    const network = new GossipNetwork({ seed: 1 });
    const first = network.add([1]);
    network.run(20_000);
    expect(first.gossip.isJoined).to.equal(false);
    network.add([0]);
    network.add([3]);
    network.run(7_000);
    network.add([1, 2]);
    network.runUntil(() => network.agrees('alive', network.members), 15_000, 'all know all');
  });

  for (const [count, deadMs] of [
    [3, 10_000],
    [5, 10_000],
    [20, 15_000],
    [50, 20_000],
  ]) {
    it(`has a member of ${count} that ends avoided within 3 s, and dead within ${deadMs / 1000} s, everywhere; and nobody else`, () => {
      for (const seed of SEEDS.slice(0, count > 10 ? 1 : 3)) {
        const network = settled(count, { seed });
        const victim = network.members[seed % count];
        const rest = network.members.filter((member) => member !== victim);
        const killedMs = network.time.nowMs;
        victim.kill();
        network.runUntil(() => rest.every(({ gossip }) => !gossip.isUp(victim.id)), 3_000, 'avoided');
        network.runUntil(() => network.agrees('dead', [victim], rest), deadMs, 'dead');
        network.run(60_000);
        expect(toldSince(network, 'dead', killedMs, victim)).to.have.length(count - 1);
        expect(rest.every((member) => network.agrees('alive', rest, [member]))).to.equal(true);
      }
    });
  }

  for (const pauseMs of [2_000, 5_000]) {
    for (const count of [3, 5, 20]) {
      it(`survives that one of ${count} members is paused for ${pauseMs / 1000} s: nobody is declared dead, and it suspects nobody`, () => {
        for (const seed of SEEDS.slice(0, count > 10 ? 1 : 3)) {
          const network = settled(count, { seed });
          const paused = network.members[seed % count];
          const pausedMs = network.time.nowMs;
          paused.pause(pauseMs);
          network.run(pauseMs);
          expect(paused.gossip.healthScore, 'it doubts itself').to.be.at.least(3);
          if (pauseMs === 5_000) expect(network.agrees('suspect', [paused])).to.equal(true);
          network.runUntil(() => network.agrees('alive', network.members), 2_000, 'it has refuted');
          network.run(30_000);
          expect(toldSince(network, 'dead', pausedMs)).to.deep.equal([]);
          expect(paused.heard('suspect', pausedMs)).to.deep.equal([]);
          expect(paused.gossip.healthScore).to.equal(0);
        }
      });
    }
  }

  it('takes a member back that was paused until it was dead, and everything about it was said', () => {
    for (const seed of SEEDS) {
      const network = settled(5, { seed });
      const paused = network.members[1];
      paused.pause(100_000);
      network.run(100_000);
      expect(network.agrees('dead', [paused])).to.equal(true);
      network.runUntil(() => network.agrees('alive', network.members), 10_000, 'it is back');
      expect(paused.heard('dead')).to.deep.equal([]);
    }
  });

  it('declares nobody dead in 10 minutes of losing 30 % of the datagrams, and still finds who is', () => {
    for (const seed of SEEDS.slice(0, 2)) {
      const network = settled(5, { seed });
      network.loss = 0.3;
      const lossyMs = network.time.nowMs;
      network.run(600_000);
      expect(toldSince(network, 'dead', lossyMs)).to.deep.equal([]);
      expect(toldSince(network, 'suspect', lossyMs)).not.to.deep.equal([]);
      const [victim, ...rest] = network.members;
      victim.kill();
      network.runUntil(() => network.agrees('dead', [victim], rest), 60_000, 'dead');
    }
  });

  it('suspects nobody while streams get through, though datagrams do not', () => {
    const network = settled(5, { seed: 1, hasStreams: true });
    network.loss = 1;
    const startMs = network.time.nowMs;
    network.run(60_000);
    expect(toldSince(network, 'suspect', startMs)).to.deep.equal([]);
    expect(network.members[0].gossip.figures.streamAnswers).to.be.above(10);
  });

  it('goes around a way that is cut in one direction, between two members', () => {
    for (const seed of SEEDS) {
      const network = settled(5, { seed });
      const startMs = network.time.nowMs;
      network.cut(network.members[1], network.members[2]);
      network.run(120_000);
      expect(toldSince(network, 'dead', startMs)).to.deep.equal([]);
      expect(toldSince(network, 'suspect', startMs)).to.deep.equal([]);
    }
  });

  it('gives up a member that hears nothing, or is not heard; and takes none of its word for others', () => {
    for (const direction of ['deaf', 'mute']) {
      for (const seed of SEEDS) {
        const network = settled(5, { seed });
        const [odd, ...rest] = network.members;
        const startMs = network.time.nowMs;
        for (const member of rest) {
          if (direction === 'deaf') network.cut(member, odd);
          else network.cut(odd, member);
        }
        network.run(120_000);
        expect(network.agrees('dead', [odd], rest), direction).to.equal(true);
        const ofOthers = rest
          .flatMap((member) => member.heard('dead', startMs))
          .filter(({ member }) => member !== odd.id);
        expect(ofOthers, direction).to.deep.equal([]);
        expect(network.agrees('alive', rest, rest), direction).to.equal(true);
        network.heal();
        network.runUntil(() => network.agrees('alive', network.members), 30_000, 'healed');
      }
    }
  });

  for (const [count, side] of [
    [3, 1],
    [5, 2],
    [20, 10],
  ]) {
    it(`brings the sides of a partition together that has healed: ${side} of ${count} members; and no side suspects its own`, () => {
      for (const seed of SEEDS.slice(0, count > 10 ? 1 : 3)) {
        const network = settled(count, { seed });
        const [one, other] = [network.members.slice(0, side), network.members.slice(side)];
        network.part(one, other);
        network.runUntil(
          () => network.agrees('dead', one, other) && network.agrees('dead', other, one),
          90_000,
          'parted',
        );
        network.run(120_000);
        const healedMs = network.time.nowMs;
        network.heal();
        network.runUntil(() => network.agrees('alive', network.members), 15_000, 'healed');
        network.run(10_000);
        expect(toldSince(network, 'suspect', healedMs)).to.deep.equal([]);
        expect(toldSince(network, 'dead', healedMs)).to.deep.equal([]);
      }
    });
  }

  it('takes a member back at once of which something else says that it lives, suspected or dead', () => {
    for (const state of ['suspect', 'dead'] as const) {
      const network = settled(5, { seed: 1 });
      const [one, other] = network.members;
      network.part([one], network.members.slice(1));
      network.runUntil(() => network.agrees(state, [other], [one]), 60_000, state);
      network.heal();
      one.gossip.reconsider(other.id);
      network.run(10);
      expect(one.gossip.isUp(other.id), state).to.equal(true);
    }
  });

  it('takes a member back that starts again, before and after it was found dead, and with another address', () => {
    for (const afterMs of [100, 3_000, 60_000]) {
      for (const host of ['10.0.0.1', '10.0.9.9']) {
        const network = settled(5, { seed: 3 });
        const member = network.members[1];
        member.kill();
        network.run(afterMs);
        member.host = host;
        const startedMs = network.time.nowMs;
        member.start([0, 2]);
        const isBack = () =>
          network.agrees('alive', network.members) &&
          network.members.every(({ gossip }) => gossip.member(member.id)?.profile.address.host === host);
        network.runUntil(isBack, 10_000, `back after ${afterMs} ms`);
        network.run(60_000);
        expect(toldSince(network, 'dead', startedMs)).to.deep.equal([]);
        expect(network.agrees('alive', network.members)).to.equal(true);
      }
    }
  });

  it('takes a member back that starts again with its clock set back', () => {
    const network = settled(5, { seed: 3 });
    const member = network.members[1];
    member.kill();
    network.run(60_000);
    member.clockErrorMs = -3_600_000;
    member.start([0, 2]);
    network.runUntil(() => network.agrees('alive', network.members), 10_000, 'back');
    network.run(60_000);
    expect(network.agrees('alive', network.members)).to.equal(true);
  });

  it('finds a member again whose address has changed while everybody was away', () => {
    const network = settled(3, { seed: 1 });
    const [, member] = network.members;
    for (const each of network.members) each.kill();
    member.host = '10.0.9.9';
    for (const each of network.members) each.start([0, 1, 2]);
    network.runUntil(() => network.agrees('alive', network.members), 15_000, 'all know all');
  });

  it('lets a member leave without a suspicion', () => {
    const network = settled(5, { seed: 1 });
    const [leaver, ...rest] = network.members;
    const startMs = network.time.nowMs;
    leaver.gossip.leave();
    network.run(LAN_PARAMETERS.leaveMs + 100);
    leaver.kill();
    expect(network.agrees('left', [leaver], rest)).to.equal(true);
    network.run(60_000);
    expect(network.agrees('left', [leaver], rest)).to.equal(true);
    expect(toldSince(network, 'suspect', startMs)).to.deep.equal([]);
  });

  it('spreads a new ring in a second, and load in a while', () => {
    const network = settled(20, { seed: 1 });
    const [speaker, ...rest] = network.members;
    speaker.gossip.setRing({ generation: 1, epoch: 1 });
    network.runUntil(() => rest.every((member) => member.heard('ring').length === 1), 1_500, 'all know the ring');
    for (const { gossip } of rest) gossip.setRing({ generation: 1, epoch: 1 });
    speaker.gossip.setLoad({ keyCount: 5, memoryBytes: 6, commandsPerSecond: 7 });
    const knowsLoad = ({ gossip }: VirtualMember) => gossip.member(speaker.id)?.profile.load.memoryBytes === 6;
    network.runUntil(() => rest.every(knowsLoad), 15_000, 'all know the load');
    expect(rest.every((member) => member.heard('ring').length === 1)).to.equal(true);
  });

  it('forgets the long dead', () => {
    const network = new GossipNetwork({ seed: 1, parameters: { ...LAN_PARAMETERS, forgetAfterMs: 120_000 } });
    network.addAll(3);
    network.run(10_000);
    network.members[2].kill();
    network.run(60_000);
    expect(network.members[0].gossip.member(idOf(2))?.state).to.equal('dead');
    network.run(180_000);
    expect(network.members.slice(0, 2).map(({ gossip }) => gossip.member(idOf(2)))).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('stays together while its members learn the new cluster id, one after the other', () => {
    const network = settled(3, { seed: 1, hasStreams: true });
    for (const { gossip } of network.members) {
      gossip.setCluster('formed');
      network.run(5_000);
    }
    network.run(60_000);
    expect(toldSince(network, 'suspect', 0)).to.deep.equal([]);
    const dropped = network.members.map(({ gossip }) => gossip.drops.total);
    network.run(60_000);
    expect(network.members.map(({ gossip }) => gossip.drops.total)).to.deep.equal(dropped);
  });

  it('keeps apart clusters that have been given each other for seeds', () => {
    const network = settled(3, { seed: 1 });
    const [target] = network.members;
    const stranger = new PacketCodec('another cluster', 'a secret', idOf(9));
    stranger.begin(1);
    stranger.add(encodeMessage(accusation('dead', 1, 2 ** 51, 9)));
    const datagram = stranger.finish();
    target.gossip.receive(datagram, datagram.length, '10.0.0.9', 17_000);
    expect(target.gossip.drops.of('foreign')).to.equal(1);
    expect(target.gossip.isUp(idOf(1))).to.equal(true);
    expect(target.warnings).to.deep.equal(['A datagram from 10.0.0.9:17000 was dropped: foreign']);
  });

  it('answers at once who says of it what is not true, or has not been for long; and exchanges states with strangers, one a second', () => {
    const network = settled(2, { seed: 1 });
    const { gossip } = network.members[0];
    const odd = new PacketCodec('a cluster', 'a secret', idOf(9));
    const hear = (news: Message) => {
      const before = { ...gossip.figures };
      odd.begin(1);
      odd.add(encodeMessage(news));
      const datagram = odd.finish();
      gossip.receive(datagram, datagram.length, '10.0.0.9', 17_000);
      const { sentDatagrams, exchanges } = gossip.figures;
      return { datagrams: sentDatagrams - before.sentDatagrams, exchanges: exchanges - before.exchanges };
    };
    expect(hear({ kind: 'ack', sequence: 1 })).to.deep.equal({ datagrams: 0, exchanges: 1 });
    expect(hear(accusation('suspect', 0, 1, 9)), 'stale').to.deep.equal({ datagrams: 1, exchanges: 0 });
    expect(hear(accusation('suspect', 0, gossip.incarnation, 9))).to.deep.equal({ datagrams: 1, exchanges: 0 });
    expect(hear(accusation('suspect', 1, 1, 9)), 'of another').to.deep.equal({ datagrams: 0, exchanges: 0 });
    network.run(1_100);
    expect(hear({ kind: 'ack', sequence: 2 })).to.deep.equal({ datagrams: 0, exchanges: 1 });
  });

  it('goes on, whatever members say that have the secret', () => {
    fc.assert(
      fc.property(fc.array(someMessage, { minLength: 50, maxLength: 50 }), (messages) => {
        const network = new GossipNetwork({ seed: 1 });
        network.addAll(2);
        network.run(1_000);
        const odd = new PacketCodec('a cluster', 'a secret', idOf(9));
        for (const message of messages) {
          odd.begin(1);
          odd.add(encodeMessage(message));
          const datagram = odd.finish();
          network.members[0].gossip.receive(datagram, datagram.length, '10.0.0.9', 17_000);
        }
        network.run(60_000);
        expect(network.members.map(({ gossip }) => gossip.drops.total)).to.deep.equal([0, 0]);
        expect(network.agrees('alive', network.members)).to.equal(true);
      }),
      { numRuns: 10 },
    );
  });

  it('is the same for the same seed', () => {
    const [one, other] = [0, 1].map(() => {
      const network = settled(5, { seed: 8 });
      network.loss = 0.4;
      network.run(60_000);
      return network.members.map(({ told, gossip }) => ({ told, figures: gossip.figures }));
    });
    expect(one).to.deep.equal(other);
  });
});

describe('firstIncarnation', () => {
  it('is above the last, whatever the clock says', () => {
    expect(firstIncarnation(undefined, 1000)).to.equal(1000);
    expect(firstIncarnation(500, 1000)).to.equal(1000);
    expect(firstIncarnation(1000, 1000)).to.equal(1001);
    expect(firstIncarnation(5000, 1000)).to.equal(5001);
  });
});
