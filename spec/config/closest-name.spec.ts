import { expect } from 'chai';
import fc from 'fast-check';

import { closestName, editDistance } from '../../lib/config/closest-name.js';

/** The dumb twin: the recursive definition. */
function twin(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  const choices = [twin(restA, b) + 1, twin(a, restB) + 1, twin(restA, restB) + (a.startsWith(b.charAt(0)) ? 0 : 1)];
  if (a.length > 1 && b.length > 1 && a.startsWith(b.charAt(1)) && b.startsWith(a.charAt(1)))
    choices.push(twin(a.slice(2), b.slice(2)) + 1);
  return Math.min(...choices);
}

describe('editDistance', () => {
  it('agrees with the recursive definition', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).equal(twin(a, b));
      }),
    );
  });
});

describe('closestName', () => {
  const known = ['port', 'maxmemory', 'maxmemory-policy', 'appendfsync', 'hz'];

  it('finds what was meant', () => {
    expect(closestName('prot', known)).equal('port');
    expect(closestName('maxmemry', known)).equal('maxmemory');
    expect(closestName('max-memory', known)).equal('maxmemory');
    expect(closestName('apend-fsync', known)).equal('appendfsync');
  });

  it('does not guess wildly', () => {
    expect(closestName('foo', known)).equal(undefined);
    expect(closestName('tls', known)).equal(undefined);
    expect(closestName('', known)).equal(undefined);
  });
});
