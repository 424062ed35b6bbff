import { expect } from 'chai';
import type { Candidate } from '../../../lib/cluster/topology/new-ring.js';
import type { Hello } from '../../../lib/cluster/topology/seeds.js';
import { digestOfSeeds, judgeSeeds } from '../../../lib/cluster/topology/seeds.js';

const SEEDS = ['a:17000', 'b:17000', 'c:17000'];
const DIGEST = digestOfSeeds(SEEDS);

function helloOf(index: number, more: Partial<Candidate> = {}): Hello {
  const address = { host: SEEDS[index], port: 6379, tlsPort: 0, busPort: 17_000 };
  const candidate = { id: String(index).padStart(40, '0'), zone: '', tokenCount: 8, address, ...more };
  return { kind: 'hello', seedDigest: DIGEST, candidate };
}

describe('judgeSeeds', () => {
  const [first, second, third] = [0, 1, 2].map((index) => helloOf(index));

  it('founds a cluster with a majority of the seeds', () => {
    const step = judgeSeeds(first.candidate.id, SEEDS, DIGEST, [first, undefined, third]);
    expect(step).to.include({ kind: 'found', rank: 0, isComplete: false });
  });

  it('founds none with nodes that are to take the place of a member: there is a ring, which cannot be reached now', () => {
    const late = helloOf(2, { replaces: 'f'.repeat(40) });
    expect(judgeSeeds(first.candidate.id, SEEDS, DIGEST, [first, undefined, late])).to.deep.equal({
      kind: 'wait',
      reason: '1 of 3 seeds are there; a new cluster needs 2 of them',
    });
    expect(judgeSeeds(late.candidate.id, SEEDS, DIGEST, [first, second, late])).to.deep.equal({
      kind: 'wait',
      reason: 'the seeds are there, and have no ring yet',
    });
  });
});
