import { expect } from 'chai';
import { isMet, loopFigures, shareBelow20Ms, shareOfShortTurns } from '../../../scripts/loop/loop-figures.js';
import { ServerInfo } from '../../../scripts/tools/server-info.js';

const figures = (turns: number, longTurns: number, veryLongTurns = 0) => ({
  ...{ turns, longTurns, veryLongTurns, cpuMaxUs: 0, wallMaxUs: 0 },
});

describe('loopFigures', () => {
  const text =
    'loop_turns:100\r\nloop_cpu_over_10ms:3\r\nloop_cpu_over_20ms:1\r\nloop_cpu_max_us:12000\r\nloop_wall_max_us:15000\r\n';

  it('reads the fields of INFO loop', () => {
    const expected = { turns: 100, longTurns: 3, veryLongTurns: 1, cpuMaxUs: 12_000, wallMaxUs: 15_000 };
    expect(loopFigures(new ServerInfo(text))).to.deep.equal(expected);
  });

  it('refuses a section that lacks one', () => {
    expect(() => loopFigures(new ServerInfo(text.replace('loop_cpu_over_10ms', 'x')))).to.throw('loop_cpu_over_10ms');
  });
});

describe('shareOfShortTurns', () => {
  it('is what is left of one', () => expect(shareOfShortTurns(figures(200, 1))).to.equal(0.995));
  it('does not exist without turns', () => expect(() => shareOfShortTurns(figures(0, 0))).to.throw('no turns'));
});

describe('shareBelow20Ms', () => {
  it('counts the very long turns only', () => expect(shareBelow20Ms(figures(200, 7, 1))).to.equal(0.995));
});

describe('isMet', () => {
  it('lets one turn in ten thousand be long, and no more', () => {
    expect(isMet(figures(10_000, 1))).to.equal(true);
    expect(isMet(figures(9_999, 1))).to.equal(false);
  });
});
