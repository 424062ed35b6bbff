import { expect } from 'chai';
import { problemsText } from '../../../scripts/tools/problems.js';

describe('problemsText', () => {
  it('counts all, and shows the first twenty', () => {
    expect(problemsText([])).to.equal('0 problems\n');
    expect(problemsText(['lost a', 'lost b'])).to.equal('2 problems\nlost a\nlost b\n');
    const many = Array.from({ length: 100 }, (_, i) => `lost ${i}`);
    expect(problemsText(many))
      .to.match(/^100 problems\n/)
      .and.match(/\nlost 19\n$/);
  });
});
