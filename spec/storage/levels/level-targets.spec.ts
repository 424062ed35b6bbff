import { expect } from 'chai';

import { Level } from '../../../lib/storage/levels/level.js';
import { DEFAULT_LEVELS_CONFIG, levelScore, levelTargets } from '../../../lib/storage/levels/level-targets.js';
import { tableOf } from './some-tables.js';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Levels with so many bytes, in one table each. */
function levelsOf(bytes: readonly number[]): Level[] {
  return bytes.map((fileBytes, number) => new Level(number, fileBytes === 0 ? [] : [tableOf({ id: 1, fileBytes })]));
}

const rows: readonly (readonly [string, number, number, readonly number[]])[] = [
  ['nothing', 0, 6, []],
  ['100 MiB', 100 * MIB, 6, []],
  ['639 MiB', 639 * MIB, 6, []],
  ['640 MiB', 640 * MIB, 5, [64 * MIB]],
  ['5 GiB', 5 * GIB, 5, [512 * MIB]],
  ['25 GiB', 25 * GIB, 4, [256 * MIB, 2.5 * GIB]],
  ['1000 GiB', 1000 * GIB, 2, [GIB / 10, GIB, 10 * GIB, 100 * GIB]],
  ['1 EiB', 10 ** 9 * GIB, 1, [10 ** 4, 10 ** 5, 10 ** 6, 10 ** 7, 10 ** 8].map((n) => n * GIB)],
];

describe('levelTargets', () => {
  for (const [what, bottom, base, targets] of rows) {
    it(`makes level ${base} the base for ${what} at the bottom, each level a tenth of the next`, () => {
      const found = levelTargets(levelsOf([0, 0, 0, 0, 0, 0, bottom]), DEFAULT_LEVELS_CONFIG);
      expect(found.base).to.equal(base);
      const above = new Array<number>(6 - targets.length).fill(0);
      expect(found.bytes.map((bytes) => Math.round(bytes))).to.deep.equal([
        ...above,
        ...targets.map(Math.round),
        Infinity,
      ]);
    });
  }

  it('goes by the largest level, wherever that is', () => {
    const levels = levelsOf([99 * GIB, 0, 0, 0, 0, 5 * GIB, GIB]);
    expect(levelTargets(levels, DEFAULT_LEVELS_CONFIG).bytes[5]).to.equal(512 * MIB);
  });
});

describe('levelScore', () => {
  it('is 1 at the target, above 1 for what is above the base, and 0 for an empty level and the bottom', () => {
    const levels = levelsOf([0, 0, 1, 0, 0, 512 * MIB, 5 * GIB]);
    const targets = levelTargets(levels, DEFAULT_LEVELS_CONFIG);
    const scores = levels.map((level) => levelScore(level, targets, DEFAULT_LEVELS_CONFIG));
    expect(scores.slice(3)).to.deep.equal([0, 0, 1, 0]);
    expect(scores[2]).to.be.greaterThan(1);
  });
});
