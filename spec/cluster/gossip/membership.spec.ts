import { expect } from 'chai';
import { Awareness } from '../../../lib/cluster/gossip/awareness.js';
import { MemberList } from '../../../lib/cluster/gossip/member-list.js';
import type { MemberRecord, News } from '../../../lib/cluster/gossip/member.js';
import { Membership } from '../../../lib/cluster/gossip/membership.js';
import { decodeMessages } from '../../../lib/cluster/gossip/message-codec.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { accusation, aliveNews, idOf, profileOf, recordOf } from './samples.js';

/** Member 0 in incarnation 10, which has heard of members 1 to 4 in incarnation 10. */
class Scene {
  readonly list = new MemberList();
  readonly awareness = new Awareness();
  readonly events: string[] = [];
  readonly membership: Membership;

  constructor() {
    const self = this.list.add(recordOf(0, 'alive', 10), 0).member;
    const push = (what: string) => (member: { id: string }) => {
      this.events.push(`${what} ${parseInt(member.id, 16)}`);
    };
    this.membership = new Membership(self, this.list, LAN_PARAMETERS, this.awareness, {
      onAlive: push('alive'),
      onSuspect: push('suspect'),
      onDead: push('dead'),
      onLeft: push('left'),
      onUpdate: push('update'),
      onRingNews: ({ epoch }, member) => push(`ring ${epoch}`)(member),
    });
    for (let number = 1; number <= 4; number++) this.membership.hear(aliveNews(number, 10), 0);
    this.events.length = 0;
    this.told();
  }

  /** What it tells on since the last call, by kind and member. */
  told(): string[] {
    const told: News[] = [];
    this.membership.broadcasts.take(1, (bytes) => {
      told.push(...(decodeMessages(bytes, 0, bytes.length) as News[]));
      return true;
    });
    return told.map(({ kind, id, incarnation }) => `${kind} ${parseInt(id, 16)} in ${incarnation}`).sort();
  }

  state(number: number): string | undefined {
    return this.list.get(idOf(number))?.state;
  }
}

describe('Membership', () => {
  it('says what happened to a member, once, and tells it on', () => {
    const scene = new Scene();
    const { membership } = scene;
    for (const news of [
      accusation('suspect', 1, 10, 2),
      accusation('dead', 1, 10, 2),
      aliveNews(1, 11),
      aliveNews(5, 1),
    ]) {
      membership.hear(news, 0);
      membership.hear(news, 0);
      membership.hear(aliveNews(1, 9), 0);
    }
    membership.hear({ kind: 'left', id: idOf(5), incarnation: 1 }, 0);
    expect(scene.events).to.deep.equal(['suspect 1', 'dead 1', 'alive 1', 'alive 5', 'left 5']);
    expect(scene.told()).to.deep.equal(['alive 1 in 11', 'left 5 in 1']);
  });

  it('says what a member says anew of itself, and which ring is the newest', () => {
    const scene = new Scene();
    const say = (number: number, incarnation: number, more: object) =>
      scene.membership.hear({ ...aliveNews(number, incarnation), profile: { ...profileOf(number), ...more } }, 0);
    say(1, 11, { zone: 'b' });
    say(1, 12, { zone: 'b' });
    say(1, 13, { zone: 'b', ring: { generation: 1, epoch: 7 } });
    say(2, 11, { ring: { generation: 1, epoch: 6 } });
    say(2, 12, { ring: { generation: 1, epoch: 7 } });
    scene.membership.update({ ...profileOf(0), ring: { generation: 1, epoch: 9 } }, 0);
    say(2, 13, { ring: { generation: 1, epoch: 8 } });
    say(2, 14, { ring: { generation: 2, epoch: 1 } });
    expect(scene.events).to.deep.equal([
      ...['update 1', 'update 1', 'ring 7 1', 'update 2', 'update 2', 'update 2', 'update 2', 'ring 1 2'],
    ]);
  });

  it('refutes what is said of itself, by a higher incarnation, and doubts itself', () => {
    const kinds = ['suspect', 'dead'] as const;
    for (const kind of kinds) {
      const scene = new Scene();
      expect(scene.membership.hear(accusation(kind, 0, 10, 2), 0)).to.equal('refuted');
      expect(scene.told()).to.deep.equal(['alive 0 in 11']);
      expect(scene.membership.hear(accusation(kind, 0, 10, 3), 0), 'again').to.equal('stale');
      expect(scene.told()).to.deep.equal([]);
      expect(scene.membership.hear(accusation(kind, 0, 70, 3), 0), 'of the future').to.equal('refuted');
      expect(scene.told()).to.deep.equal(['alive 0 in 71']);
      expect(scene.awareness.score).to.equal(2);
      expect(scene.events).to.deep.equal([]);
    }
  });

  it('goes beyond what it was in a life that it has forgotten', () => {
    const scene = new Scene();
    expect(scene.membership.hear(aliveNews(0, 10), 0), 'its own').to.equal('heard');
    expect(scene.membership.hear(aliveNews(0, 9), 0), 'an old one').to.equal('heard');
    expect(scene.membership.hear(aliveNews(0, 30), 0)).to.equal('refuted');
    expect(scene.membership.hear({ ...aliveNews(0, 31), profile: profileOf(9) }, 0), 'with another address').to.equal(
      'refuted',
    );
    expect(scene.list.get(idOf(0))).to.deep.include({ incarnation: 32, profile: profileOf(0) });
    expect(scene.awareness.score).to.equal(0);
  });

  it('says nothing more of itself once it has left', () => {
    const scene = new Scene();
    scene.membership.leave(0);
    expect(scene.membership.hear(accusation('suspect', 0, 10, 2), 0)).to.equal('heard');
    expect(scene.told()).to.deep.equal(['left 0 in 10']);
  });

  it('declares a suspect dead when its time is over, sooner by confirmations', () => {
    const scene = new Scene();
    scene.membership.hear(accusation('suspect', 1, 10, 2), 0);
    scene.membership.tick(35_999);
    expect(scene.state(1)).to.equal('suspect');
    scene.membership.hear(accusation('suspect', 1, 10, 2), 0);
    scene.membership.hear(accusation('suspect', 1, 10, 3), 0);
    expect(scene.told(), 'a confirmation').to.deep.equal(['suspect 1 in 10']);
    scene.membership.hear(accusation('suspect', 1, 10, 3), 0);
    expect(scene.told(), 'none').to.deep.equal([]);
    scene.membership.hear(accusation('suspect', 1, 10, 4), 0);
    const own = scene.list.get(idOf(1));
    if (own !== undefined) scene.membership.accuse(own, 0);
    scene.membership.tick(5_999);
    expect(scene.state(1)).to.equal('suspect');
    scene.membership.tick(6_000);
    expect(scene.state(1)).to.equal('dead');
    expect(scene.told()).to.deep.equal(['dead 1 in 10']);
  });

  it('lets go of a suspicion that is refuted; one of the new incarnation begins anew', () => {
    const scene = new Scene();
    scene.membership.hear(accusation('suspect', 1, 10, 2), 0);
    scene.membership.hear(aliveNews(1, 11), 100);
    scene.membership.tick(100_000);
    expect(scene.state(1)).to.equal('alive');
    scene.membership.hear(accusation('suspect', 1, 11, 2), 100_000);
    scene.membership.hear(accusation('suspect', 1, 12, 3), 110_000);
    scene.membership.tick(145_999);
    expect(scene.state(1)).to.equal('suspect');
    scene.membership.tick(146_000);
    expect(scene.state(1)).to.equal('dead');
  });

  it('tells a suspect, and a dead member, what is held against it', () => {
    const { membership } = new Scene();
    expect(membership.accusationOf(idOf(1))).to.equal(undefined);
    membership.hear(accusation('suspect', 1, 10, 2), 0);
    membership.hear(accusation('dead', 2, 10, 1), 0);
    membership.hear({ kind: 'left', id: idOf(3), incarnation: 10 }, 0);
    expect(membership.accusationOf(idOf(1))).to.deep.equal(accusation('suspect', 1, 10, 0));
    expect(membership.accusationOf(idOf(2))).to.deep.equal(accusation('dead', 2, 10, 0));
    expect(membership.accusationOf(idOf(3))).to.equal(undefined);
  });
});

describe('Membership.merge', () => {
  const merge = (scene: Scene, ...records: MemberRecord[]) =>
    scene.membership.merge([recordOf(4, 'alive', 10), ...records], 0);

  it('learns who is there, and who was', () => {
    const scene = new Scene();
    merge(scene, recordOf(5, 'alive', 1), recordOf(6, 'suspect', 1), recordOf(7, 'dead', 1), recordOf(8, 'left', 1));
    expect(scene.events).to.deep.equal(['alive 5', 'suspect 6', 'dead 7', 'left 8']);
    scene.membership.tick(36_000);
    expect(scene.state(6)).to.equal('dead');
  });

  it('does not learn of those who are long dead', () => {
    const scene = new Scene();
    merge(scene, { ...recordOf(7, 'dead', 1), ageMs: LAN_PARAMETERS.forgetAfterMs });
    expect(scene.state(7)).to.equal(undefined);
  });

  it('does not believe what is held against members, but passes it on to them', () => {
    const scene = new Scene();
    const { accusations } = merge(scene, recordOf(1, 'suspect', 10), recordOf(2, 'dead', 12), recordOf(3, 'dead', 9));
    expect(accusations).to.deep.equal([accusation('suspect', 1, 10, 4), accusation('dead', 2, 12, 4)]);
    expect([1, 2, 3].map((number) => scene.state(number))).to.deep.equal(['alive', 'alive', 'alive']);
    // It was alive in that incarnation, at least once.
    expect(scene.list.get(idOf(2))?.incarnation).to.equal(12);
  });

  it('believes who has left, and who is back', () => {
    const scene = new Scene();
    scene.membership.hear(accusation('dead', 2, 10, 1), 0);
    scene.events.length = 0;
    expect(merge(scene, recordOf(1, 'left', 10), recordOf(2, 'alive', 11)).accusations).to.deep.equal([]);
    expect(scene.events).to.deep.equal(['left 1', 'alive 2']);
  });

  it('takes it for a confirmation of a suspicion that there is', () => {
    const scene = new Scene();
    scene.membership.hear(accusation('suspect', 1, 10, 2), 0);
    scene.membership.hear(accusation('suspect', 1, 10, 3), 0);
    merge(scene, recordOf(1, 'dead', 10));
    scene.membership.hear(accusation('suspect', 1, 10, 0), 0);
    scene.membership.tick(6_000);
    expect(scene.state(1)).to.equal('dead');
  });

  it('refutes what the other holds against this member', () => {
    const scene = new Scene();
    expect(merge(scene, recordOf(0, 'alive', 10)).isRefuted).to.equal(false);
    expect(merge(scene, recordOf(0, 'dead', 10)).isRefuted).to.equal(true);
    expect(merge(scene, recordOf(0, 'dead', 10)).isRefuted, 'again').to.equal(false);
    expect(scene.list.get(idOf(0))?.incarnation).to.equal(11);
  });
});
