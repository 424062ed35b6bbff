import { expect } from 'chai';
import type { Sample } from '../../../scripts/ring-faults/open-load.js';
import { slowSpells, spellsText } from '../../../scripts/ring-resize/slow-spells.js';

const sample = (dueMs: number, tookMs: number, error?: string): Sample => ({
  dueMs,
  tookMs,
  kind: 'read',
  client: 'plain',
  node: 0,
  error,
});

describe('slowSpells', () => {
  it('joins slow requests that were due soon after each other, in whatever order they ended', () => {
    const samples = [sample(1150, 30), sample(1000, 50), sample(1060, 21), sample(1070, 20), sample(1300, 25)];
    expect(slowSpells(samples, 20)).to.deep.equal([
      { fromMs: 1000, toMs: 1150, count: 3, slowestMs: 50 },
      { fromMs: 1300, toMs: 1300, count: 1, slowestMs: 25 },
    ]);
  });

  it('counts what has failed, however soon', () => {
    expect(slowSpells([sample(5, 1, 'ERR'), sample(9, 1)], 20).map(({ count }) => count)).to.deep.equal([1]);
  });
});

describe('spellsText', () => {
  it('says when spells began', () => {
    const spells = slowSpells([sample(1500, 30.4), sample(4000, 25), sample(4010, 60)], 20);
    expect(spellsText(spells, 1000)).to.equal('1 at 0.50 s (up to 30 ms), 2 at 3.00 s (up to 60 ms)');
    expect(spellsText([], 0)).to.equal('none');
  });
});
