import { expect } from 'chai';

import { compareReplicas } from './replica-checker.js';

describe('compareReplicas', () => {
  const dumps = (b: Record<string, string>): Map<string, Map<string, string>> =>
    new Map([
      ['a', new Map(Object.entries({ x: '1', y: '2' }))],
      ['b', new Map(Object.entries(b))],
    ]);
  const both = (): string[] => ['a', 'b'];

  it('takes replicas that hold the same', () => {
    expect(compareReplicas(dumps({ y: '2', x: '1' }), both)).to.deep.equal([]);
  });

  it('reports a key that differs, is missing, or is too much', () => {
    expect(compareReplicas(dumps({ x: '1', y: '3' }), both)).to.deep.equal(['y differs: a has 2, b has 3']);
    expect(compareReplicas(dumps({ y: '2' }), both)).to.deep.equal(['x differs: a has 1, b has nothing']);
    expect(compareReplicas(dumps({ x: '1', y: '2', z: '' }), both)).to.deep.equal(['z differs: a has nothing, b has ']);
  });

  it('compares only who must have a key', () => {
    expect(compareReplicas(dumps({}), () => ['a'])).to.deep.equal([]);
  });
});
