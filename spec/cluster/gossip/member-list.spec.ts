import { expect } from 'chai';
import fc from 'fast-check';
import { MemberList } from '../../../lib/cluster/gossip/member-list.js';
import { LIVENESSES, type News } from '../../../lib/cluster/gossip/member.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { accusation, aliveNews, idOf, profileOf, recordOf } from './samples.js';

/** News about members 1 to 3, which contradicts itself now and then; the profile of an incarnation is always the same. */
const someNews: fc.Arbitrary<News> = fc
  .record({
    kind: fc.constantFrom(...LIVENESSES),
    member: fc.integer({ min: 1, max: 3 }),
    incarnation: fc.integer({ min: 1, max: 4 }),
    from: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ kind, member, incarnation, from }) => {
    const id = idOf(member);
    if (kind === 'alive') return { kind, id, incarnation, profile: { ...profileOf(member), zone: `z${incarnation}` } };
    return kind === 'left' ? { kind, id, incarnation } : { kind, id, incarnation, from: idOf(from) };
  });
const manyNews = fc.array(someNews, { maxLength: 30 });

/** A list that knows members 1 to 3. */
function knowing(news: readonly News[]): MemberList {
  const list = new MemberList();
  for (const number of [1, 2, 3]) list.apply(aliveNews(number, 0), 0);
  for (const item of news) list.apply(item, 0);
  return list;
}

function pictureOf(list: MemberList): object {
  return [...list.all()].map(({ id, state, incarnation, profile }) => ({ id, state, incarnation, profile }));
}

describe('MemberList', () => {
  it('comes to the same, in whichever order and however often news comes', () => {
    const shuffled = manyNews.chain((news) =>
      fc.tuple(fc.constant(news), fc.shuffledSubarray([...news, ...news], { minLength: 2 * news.length })),
    );
    fc.assert(
      fc.property(shuffled, ([news, again]) => {
        expect(pictureOf(knowing(again))).to.deep.equal(pictureOf(knowing(news)));
      }),
    );
  });

  it('says that news has changed something exactly if it has', () => {
    fc.assert(
      fc.property(manyNews, someNews, (news, item) => {
        const list = knowing(news);
        const before = pictureOf(list);
        const change = list.apply(item, 0);
        if (change === undefined) expect(pictureOf(list)).to.deep.equal(before);
        else expect(pictureOf(list)).not.to.deep.equal(before);
        expect(list.apply(item, 0), 'the same once more').to.equal(undefined);
      }),
    );
  });

  it('never goes back in (incarnation, state)', () => {
    fc.assert(
      fc.property(manyNews, someNews, (news, item) => {
        const list = knowing(news);
        const rankOf = () =>
          [...list.all()].map(({ incarnation, state }) => incarnation * 10 + LIVENESSES.indexOf(state));
        const before = rankOf();
        list.apply(item, 0);
        rankOf().forEach((rank, at) => expect(rank).to.be.at.least(before[at]));
      }),
    );
  });

  it('counts those that are neither dead nor gone', () => {
    fc.assert(
      fc.property(manyNews, (news) => {
        const list = knowing(news);
        expect(list.presentCount).to.equal([...list.all()].filter(({ isPresent }) => isPresent).length);
        for (const { id } of [...list.all()]) list.forget(id);
        expect(list.presentCount).to.equal(0);
      }),
    );
  });

  const cases: [string, News, string, number][] = [
    ['a suspicion of the same incarnation is believed', accusation('suspect', 1, 5, 2), 'suspect', 5],
    ['a suspicion of an older incarnation is not', accusation('suspect', 1, 4, 2), 'alive', 5],
    ['nor is a death of an older incarnation', accusation('dead', 1, 4, 2), 'alive', 5],
    ['a death without a suspicion is believed', accusation('dead', 1, 5, 2), 'dead', 5],
    ['alive in the same incarnation says nothing', aliveNews(1, 5), 'alive', 5],
  ];
  for (const [title, news, state, incarnation] of cases) {
    it(title, () => {
      const list = new MemberList();
      list.apply(aliveNews(1, 5), 0);
      list.apply(news, 0);
      expect(list.get(idOf(1))).to.include({ state, incarnation });
    });
  }

  it('takes a member back that refutes, or has started again, after a suspicion, a death and a leave', () => {
    const against: News[] = [
      accusation('suspect', 1, 5, 2),
      accusation('dead', 1, 5, 2),
      { kind: 'left', id: idOf(1), incarnation: 5 },
    ];
    for (const news of against) {
      const list = new MemberList();
      list.apply(aliveNews(1, 5), 0);
      list.apply(news, 0);
      expect(list.apply(aliveNews(1, 5), 0)).to.equal(undefined);
      const change = list.apply(aliveNews(1, 6), 0);
      expect(change).to.include({ before: news.kind });
      expect(list.get(idOf(1))).to.include({ state: 'alive', incarnation: 6 });
    }
  });

  it('ignores what is held against somebody unknown', () => {
    const list = new MemberList();
    expect(list.apply(accusation('dead', 1, 5, 2), 0)).to.equal(undefined);
    expect(list.size).to.equal(0);
  });

  it('learns the profile of an incarnation of which it knew a suspicion only', () => {
    const list = new MemberList();
    list.apply(aliveNews(1, 4), 0);
    list.apply(accusation('suspect', 1, 5, 2), 0);
    const moved = { ...profileOf(1), zone: 'elsewhere' };
    const change = list.apply({ kind: 'alive', id: idOf(1), incarnation: 5, profile: moved }, 0);
    expect(change?.oldProfile).to.deep.equal(profileOf(1));
    expect(list.get(idOf(1))).to.include({ state: 'suspect', profile: moved });
  });

  it('remembers when the state has changed, also of members that it hears of from others', () => {
    const list = new MemberList();
    list.apply(aliveNews(1, 1), 100);
    list.apply(aliveNews(1, 2), 200);
    expect(list.get(idOf(1))?.record(250)).to.include({ ageMs: 150 });
    list.add({ ...recordOf(2, 'dead', 1), ageMs: 70 }, 100);
    expect(list.get(idOf(2))?.record(250)).to.include({ ageMs: 220 });
  });

  it('draws members that fit, each once, all of them with the same chance', () => {
    const list = knowing([accusation('dead', 2, 9, 1)]);
    const random = new SeededRandom(1);
    const drawn = new Map<string, number>();
    for (let i = 0; i < 1000; i++) {
      const [first, second, third] = list.draw(3, random, ({ isPresent }) => isPresent);
      expect([first.id, second.id].sort()).to.deep.equal([idOf(1), idOf(3)]);
      expect(third).to.equal(undefined);
      drawn.set(first.id, (drawn.get(first.id) ?? 0) + 1);
    }
    expect(drawn.get(idOf(1))).to.be.within(430, 570);
  });
});
