import { expect } from 'chai';
import { chooseScenarios, SCENARIOS } from '../../../scripts/bench/scenarios.js';

const chosen = (only: RegExp | undefined, quick = false) =>
  chooseScenarios(SCENARIOS, { quick, only }).map(({ name }) => name);

describe('SCENARIOS', () => {
  it('have names of their own', () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).to.equal(SCENARIOS.length);
  });

  it('hold every test at every durability, pipeline and size of values', () => {
    for (const durability of ['off', 'everysec', 'always']) {
      for (const pipeline of ['P1', 'P16']) {
        expect(chosen(new RegExp(`^${durability}/(?!collections).*/${pipeline}/`))).to.have.members([
          ...['GET', 'SET', 'MSET'].flatMap((test) =>
            ['64B', '1KB'].map((size) => `${durability}/${size}/${pipeline}/${test}`),
          ),
          `${durability}/counter/${pipeline}/INCR`,
        ]);
      }
    }
  });

  it('hold the commands of each type of collection', () => {
    const tests = ['HSET', 'LPUSH', 'LRANGE_100', 'LPOP', 'SADD', 'SPOP', 'ZADD', 'ZRANGE', 'EVAL'];
    expect(chosen(/collections/)).to.deep.equal(tests.map((test) => `everysec/collections/P16/${test}`));
  });

  it('read only keys that their setup loads', () => {
    for (const scenario of SCENARIOS) {
      if (scenario.kind !== 'load' || scenario.name.includes('/collections/')) continue;
      const prefix = scenario.workload.includes('incr') ? 'counter:' : 'key:';
      expect(
        scenario.setup.preload.map((preload) => preload.prefix),
        scenario.name,
      ).to.deep.equal([prefix]);
    }
  });
});

describe('chooseScenarios', () => {
  it('gives all, in order, when nothing is asked for', () => {
    expect(chooseScenarios(SCENARIOS, { quick: false, only: undefined })).to.deep.equal(SCENARIOS);
  });

  it('gives those of --quick that --only matches', () => {
    expect(chosen(/64B.*SET/, true)).to.deep.equal(['everysec/64B/P16/SET', 'everysec/64B/P1/SET']);
    expect(chosen(/nothing/)).to.deep.equal([]);
  });
});
