import { expect } from 'chai';
import { atLeast, atMost, findingsTable, noted } from '../../../scripts/tools/findings.js';

const word = (value: number): string => `${value} ms`;

describe('findingsTable', () => {
  it('shows figures with their bounds, and whether they are met', () => {
    const findings = [
      atMost('a', 2, 2, word),
      atMost('b', 3, 2, word),
      atLeast('c', 2, 2, word),
      atLeast('d', 1, 2, word),
    ];
    expect(findings.map(({ isMet }) => isMet)).to.deep.equal([true, false, true, false]);
    const rows = findingsTable([...findings, noted('e', 'much')])
      .split('\n')
      .slice(2, -1);
    expect(rows.map((row) => row.split(/  +/))).to.deep.equal([
      ['a', '2 ms', '<= 2 ms', 'PASS'],
      ['b', '3 ms', '<= 2 ms', 'FAIL'],
      ['c', '2 ms', '>= 2 ms', 'PASS'],
      ['d', '1 ms', '>= 2 ms', 'FAIL'],
      ['e', 'much'],
    ]);
  });
});
