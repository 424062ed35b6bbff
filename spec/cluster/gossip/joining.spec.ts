import { expect } from 'chai';
import { Joining } from '../../../lib/cluster/gossip/joining.js';
import { MemberList } from '../../../lib/cluster/gossip/member-list.js';
import { LAN_PARAMETERS } from '../../../lib/cluster/gossip/parameters.js';
import { accusation, aliveNews, idOf } from './samples.js';

const seeds = [1, 2, 3].map((number) => ({ host: `seed-${number}`, port: 17000 }));
const [one, two, three] = seeds;

describe('Joining', () => {
  it('tries the seeds until each has answered, after half a second, twice as long each time, ten seconds at last', () => {
    const joining = new Joining(idOf(1), seeds, LAN_PARAMETERS);
    expect(joining.takeSeeds(0)).to.deep.equal(seeds);
    joining.onAnswer(one, idOf(1));
    joining.onAnswer(two, undefined);
    joining.onAnswer(three, undefined);
    const triedMs: number[] = [];
    for (let nowMs = 0; nowMs < 50_000; nowMs += 100) {
      const tried = joining.takeSeeds(nowMs);
      if (tried.length === 0) continue;
      expect(tried).to.deep.equal([two, three]);
      triedMs.push(nowMs);
      for (const seed of tried) joining.onAnswer(seed, undefined);
    }
    expect(triedMs).to.deep.equal([500, 1500, 3500, 7500, 15500, 25500, 35500, 45500]);
  });

  it('does not ask a seed again that it has not heard of yet', () => {
    const joining = new Joining(idOf(1), seeds, LAN_PARAMETERS);
    joining.takeSeeds(0);
    joining.onAnswer(two, undefined);
    expect(joining.takeSeeds(1000)).to.deep.equal([two]);
  });

  it('is joined when somebody else has answered, or there is nobody to ask', () => {
    expect(new Joining(idOf(1), [], LAN_PARAMETERS).isJoined).to.equal(true);
    const joining = new Joining(idOf(1), seeds, LAN_PARAMETERS);
    joining.onAnswer(one, idOf(1));
    expect(joining.isJoined).to.equal(false);
    joining.onAnswer(two, undefined);
    expect(joining.isJoined).to.equal(false);
    joining.onAnswer(two, idOf(2));
    expect(joining.isJoined).to.equal(true);
  });

  it('finds the lost: the dead, and seeds whose member is not there', () => {
    const list = new MemberList();
    for (const number of [1, 2, 3, 4, 5]) list.apply(aliveNews(number, 1), 0);
    const joining = new Joining(idOf(1), seeds, LAN_PARAMETERS);
    joining.onAnswer(one, idOf(1));
    joining.onAnswer(two, idOf(2));
    joining.onAnswer(three, idOf(3));
    expect(joining.lostPlaces(list)).to.deep.equal([]);
    list.apply(accusation('suspect', 2, 1, 1), 0);
    expect(joining.lostPlaces(list), 'a suspect').to.deep.equal([]);
    list.apply(accusation('dead', 4, 1, 1), 0);
    list.apply({ kind: 'left', id: idOf(5), incarnation: 1 }, 0);
    list.forget(idOf(3));
    expect(joining.lostPlaces(list)).to.deep.equal([{ host: '10.0.0.4', port: 17000 }, three]);
  });
});
