import { expect } from 'chai';
import { left, right, textTable } from '../../../scripts/tools/text-table.js';

describe('textTable', () => {
  it('pads every column to its widest cell, at the side that the column says', () => {
    const table = textTable(
      [left('name'), right('n')],
      [
        ['a', '1'],
        ['longer', '22'],
      ],
    );
    expect(table.split('\n')).to.deep.equal(['name     n', '------  --', 'a        1', 'longer  22', '']);
  });

  it('leaves no blanks at the end of a line', () => {
    expect(textTable([left('a'), left('b')], [['x', '']])).to.equal('a  b\n-  -\nx\n');
  });

  it('refuses a row that is too short', () => {
    expect(() => textTable([left('a'), left('b')], [['x']])).to.throw('no cell 1');
  });
});
