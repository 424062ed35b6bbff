import { expect } from 'chai';
import { estimateSeconds, groupScenarios, orderOf, roundsOfSittings } from '../../../scripts/bench/plan.js';
import type { Scenario, Setup } from '../../../scripts/bench/scenario.js';

const setup = (title: string): Setup => ({ title, flags: [], preload: [] });
const load = (name: string, of: Setup): Scenario => {
  return { kind: 'load', name, title: name, setup: of, workload: [], pipeline: 1 };
};
const fresh = (name: string): Scenario => {
  const measure = () => Promise.resolve([]);
  return { kind: 'fresh', name, title: name, metrics: [], roundsMax: 2, estimateSeconds: 10, measure };
};

describe('orderOf', () => {
  it('goes A, B, B, A, A, B, B, A', () => {
    expect([0, 1, 2, 3].flatMap((round) => orderOf(round)).join(' ')).to.equal(
      'redis ringkv ringkv redis redis ringkv ringkv redis',
    );
  });
  it('starts with the order that it is given', () => {
    expect(orderOf(0, ['ringkv', 'redis'])).to.deep.equal(['ringkv', 'redis']);
    expect(orderOf(1, ['ringkv', 'redis'])).to.deep.equal(['redis', 'ringkv']);
  });
});

describe('roundsOfSittings', () => {
  for (const [rounds, shares] of [
    [1, [1]],
    [2, [1, 1]],
    [5, [3, 2]],
    [6, [3, 3]],
  ] as const) {
    it(`shares ${rounds} out as ${shares.join(' and ')}`, () => {
      expect(roundsOfSittings(rounds)).to.deep.equal(shares);
    });
  }
});

describe('groupScenarios', () => {
  it('puts neighbours with the same setup together, and leaves fresh ones alone', () => {
    const [one, two] = [setup('one'), setup('two')];
    const scenarios = [fresh('a'), load('b', one), load('c', one), load('d', two), fresh('e'), load('f', two)];
    const names = groupScenarios(scenarios).map((group) => group.map(({ name }) => name).join(''));
    expect(names).to.deep.equal(['a', 'bc', 'd', 'e', 'f']);
  });
});

describe('estimateSeconds', () => {
  it('takes no more rounds of a fresh scenario than are of use', () => {
    expect(estimateSeconds([fresh('a')], 1)).to.equal(20);
    expect(estimateSeconds([fresh('a')], 9)).to.equal(40);
  });

  it('fills servers once for all scenarios of a setup', () => {
    const shared = setup('one');
    const one = estimateSeconds([load('a', shared)], 4);
    const two = estimateSeconds([load('a', shared), load('b', shared)], 4);
    expect(two).to.be.within(one + 1, 2 * one - 1);
  });
});
