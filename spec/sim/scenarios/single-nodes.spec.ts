import { expect } from 'chai';

import { acknowledgeBeforeSync } from '../planted-bugs.js';
import { runSeed } from '../run-seed.js';
import { singleNodes } from './single-nodes.js';

const SEEDS = 12;
const SEEDS_MAX = 60;

describe('the scenario of single nodes', function () {
  this.timeout(60_000);

  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`keeps what was acknowledged: seed ${seed}`, async () => {
      const { problems, operations } = await runSeed(singleNodes(), seed, { nodes: 2 });
      expect(problems).to.deep.equal([]);
      expect(operations).to.be.greaterThan(10);
    });
  }

  it('happens again in the same way, event by event', async () => {
    for (const seed of [3, 5]) {
      const first = await runSeed(singleNodes(), seed, { nodes: 2 });
      expect(await runSeed(singleNodes(), seed, { nodes: 2 })).to.deep.equal(first);
    }
    const [one, other] = [await runSeed(singleNodes(), 1, { nodes: 1 }), await runSeed(singleNodes(), 2, { nodes: 1 })];
    expect(one.fingerprint).to.not.equal(other.fingerprint);
  });

  it('finds a node that acknowledges before its log is on the disk', async () => {
    const scenario = singleNodes({ disk: acknowledgeBeforeSync });
    const found = new Set<string>();
    for (let seed = 1; seed <= SEEDS_MAX && found.size < 2; seed++) {
      const { problems } = await runSeed(scenario, seed, { nodes: 1 });
      for (const problem of problems) {
        if (problem.includes('went back')) found.add('a lost write');
        if (problem.includes('CorruptionError')) found.add('a log that is shorter than the node knows');
      }
    }
    expect(found.size).to.equal(2);
  });
});
