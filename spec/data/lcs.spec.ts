import { expect } from 'chai';
import fc from 'fast-check';
import { lcs, lcsFits, lcsLength } from '../../lib/data/lcs.js';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 12 });

/** The dumb twin: tries both ways everywhere. */
function lengthByTrying(a: string, b: string): number {
  if (a === '' || b === '') return 0;
  if (a.startsWith(b.charAt(0))) return 1 + lengthByTrying(a.slice(1), b.slice(1));
  return Math.max(lengthByTrying(a.slice(1), b), lengthByTrying(a, b.slice(1)));
}

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const letter of whole) if (letter === part[at]) at++;
  return at === part.length;
}

function run(a: string, b: string, lengthMin?: number) {
  const { sequence, matches } = lcs(Buffer.from(a), Buffer.from(b), lengthMin);
  return { sequence: sequence.toString(), runs: matches.map((m) => [m.aStart, m.aEnd, m.bStart, m.bEnd, m.length]) };
}

describe('data/lcs', () => {
  // As redis-server 7.0.15 answers to LCS and LCS IDX WITHMATCHLEN.
  it('lcs gives the sequence and the runs that Redis gives', () => {
    expect(run('ohmytext', 'mynewtext')).to.deep.equal({
      sequence: 'mytext',
      runs: [
        [4, 7, 5, 8, 4],
        [2, 3, 0, 1, 2],
      ],
    });
    expect(run('ohmytext', 'mynewtext', 4).runs).to.deep.equal([[4, 7, 5, 8, 4]]);
    expect(run('abcbdab', 'bdcaba')).to.deep.equal({
      sequence: 'bdab',
      runs: [
        [5, 6, 3, 4, 2],
        [3, 4, 0, 1, 2],
      ],
    });
    expect(run('aabb', 'abab')).to.deep.equal({
      sequence: 'abb',
      runs: [
        [3, 3, 3, 3, 1],
        [1, 2, 0, 1, 2],
      ],
    });
    expect(run('xaxbxc', 'abc')).to.deep.equal({
      sequence: 'abc',
      runs: [
        [5, 5, 2, 2, 1],
        [3, 3, 1, 1, 1],
        [1, 1, 0, 0, 1],
      ],
    });
    expect(run('abc', 'xyz')).to.deep.equal({ sequence: '', runs: [] });
    expect(run('', 'abc')).to.deep.equal({ sequence: '', runs: [] });
  });

  it('lcs finds a common subsequence as long as trying everything does, and its runs spell it', () => {
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const { sequence, runs } = run(a, b);
        expect(sequence.length).to.equal(lengthByTrying(a, b));
        expect(lcsLength(Buffer.from(a), Buffer.from(b))).to.equal(sequence.length);
        expect(isSubsequence(sequence, a) && isSubsequence(sequence, b)).to.equal(true);
        const forward = runs.toReversed();
        expect(forward.map(([aStart, aEnd]) => a.slice(aStart, aEnd + 1)).join('')).to.equal(sequence);
        expect(forward.map(([, , bStart, bEnd]) => b.slice(bStart, bEnd + 1)).join('')).to.equal(sequence);
      }),
      { numRuns: 200 },
    );
  });

  it('lcs leaves out runs that are shorter than asked for', () => {
    fc.assert(
      fc.property(letters, letters, fc.nat(4), (a, b, lengthMin) => {
        const expected = run(a, b).runs.filter(([, , , , length]) => length >= lengthMin);
        expect(run(a, b, lengthMin).runs).to.deep.equal(expected);
      }),
    );
  });

  it('lcsFits draws the line where Redis does: four bytes a cell of the whole table', () => {
    expect(lcsFits(511, 511, 1024 * 1024)).to.equal(true);
    expect(lcsFits(512, 511, 1024 * 1024)).to.equal(false);
    expect(lcsFits(2 ** 29, 2 ** 29, 512 * 1024 * 1024)).to.equal(false);
  });
});
