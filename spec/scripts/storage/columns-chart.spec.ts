import { expect } from 'chai';
import { columnsChart, meansOf } from '../../../scripts/storage/columns-chart.js';

const word = (value: number): string => String(value);

describe('columnsChart', () => {
  it('draws columns as high as their values, in eighths of a line', () => {
    const chart = columnsChart({ title: 'writes', values: [0, 8, 16, 12, 1], width: 10, height: 2, word });
    expect(chart.split('\n')).to.deep.equal(['writes', '       16 |  █▄', '          | ███▁', '        0 +-----', '']);
  });

  it('shows what is more than nothing, however little, and draws a chart of zeros', () => {
    const little = columnsChart({ title: '', values: [1000, 1], width: 10, height: 1, word });
    expect(little).to.contain('|█▁');
    expect(columnsChart({ title: '', values: [0, 0], width: 10, height: 1, word })).to.contain('        0 |\n');
  });
});

describe('meansOf', () => {
  it('leaves few values as they are', () => expect(meansOf([1, 2], 5)).to.deep.equal([1, 2]));
  it('takes neighbours together, each value once', () => {
    expect(meansOf([1, 3, 5, 7], 2)).to.deep.equal([2, 6]);
    expect(meansOf([1, 2, 3, 4, 5], 2)).to.deep.equal([1.5, 4]);
    expect(meansOf([], 3)).to.deep.equal([]);
  });
});
