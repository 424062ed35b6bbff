import { expect } from 'chai';
import { parseOptions } from '../../../scripts/specs/options.js';

describe('parseOptions of soak:specs', () => {
  it('takes rounds, a seed and groups', () => {
    const all = ['data', '--rounds', '3', '--seed', '7', 'wire'];
    expect(parseOptions(all)).to.deep.equal({ rounds: 3, seed: 7, groups: ['data', 'wire'], help: false });
    expect(parseOptions([])).to.deep.equal({ rounds: 20, seed: undefined, groups: [], help: false });
  });

  it('refuses numbers that are none', () => {
    expect(() => parseOptions(['--rounds', '0'])).to.throw("--rounds must be a whole number from 1 on, not '0'");
    expect(() => parseOptions(['--seed', 'x'])).to.throw("--seed must be a whole number from 1 on, not 'x'");
  });
});
