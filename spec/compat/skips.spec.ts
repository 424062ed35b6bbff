import { expect } from 'chai';
import { SKIPS } from '../../scripts/compat/skips.js';
import { BUILT, UNITS } from '../../scripts/compat/units.js';

describe('SKIPS', () => {
  it('speak of units that there are, and of each test once', () => {
    const units = new Set(UNITS.map((unit) => unit.name));
    expect(SKIPS.filter((skip) => !units.has(skip.unit))).to.deep.equal([]);
    const names = SKIPS.map((skip) => `${skip.unit}: ${skip.test}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).to.deep.equal([]);
  });

  it('give a reason each', () => {
    expect(SKIPS.filter((skip) => skip.reason === '')).to.deep.equal([]);
  });

  it('wait for no area that is built', () => {
    const late = SKIPS.filter((skip) => skip.category === 'later' && skip.needs.every((area) => BUILT.has(area)));
    expect(late).to.deep.equal([]);
    expect(SKIPS.filter((skip) => skip.category !== 'later' && skip.needs.length > 0)).to.deep.equal([]);
  });

  it('can be held by name: a leading slash makes a pattern for the runner, and <, >, | and & mean more to Tcl', () => {
    expect(SKIPS.filter((skip) => /^[/<>|&]|\n/.test(skip.test))).to.deep.equal([]);
  });
});
