import { expect } from 'chai';
import { chartSvg } from '../../../scripts/bench/chart.js';

const rows = [
  { title: 'GET & <SET>', redis: 4, ringkv: 2, ratio: 0.5 },
  { title: 'MSET', redis: 10, ringkv: 12, ratio: 1.2 },
];

/** Widths of the bars of one server, in the order of the rows. */
function barWidths(svg: string, colour: string): number[] {
  const bars = svg.matchAll(/<rect x="150"[^>]* width="([\d.]+)"[^>]* fill="([^"]+)"/g);
  return Array.from(bars, ([, width, fill]) => (fill === colour ? Number(width) : -1)).filter((width) => width >= 0);
}

describe('chartSvg', () => {
  const svg = chartSvg([{ title: 'no log', rows }], ['2 cores', 'Redis 7']);

  it('draws bars in proportion to the CPU time', () => {
    const [ringkvGet = 0, ringkvMset = 0] = barWidths(svg, '#3f8cde');
    const [redisGet = 0, redisMset = 0] = barWidths(svg, '#a3adb8');
    expect(redisGet / ringkvGet).to.be.closeTo(2, 0.01);
    expect(ringkvMset / ringkvGet).to.be.closeTo(6, 0.01);
    expect(redisMset / ringkvMset).to.be.closeTo(10 / 12, 0.01);
  });

  it('writes headings, notes, figures and ratios', () => {
    for (const text of ['no log', '2 cores', 'Redis 7', '>2.00, 0.50 × Redis<', '>4.00<', '12.00, 1.20 × Redis']) {
      expect(svg).to.contain(text);
    }
  });

  it('escapes what XML would take for its own', () => expect(svg).to.contain('GET &amp; &lt;SET&gt;'));

  it('closes every element inside its height', () => {
    const height = Number(/height="(\d+)"/.exec(svg)?.[1]);
    for (const [, y] of svg.matchAll(/ y="([\d.]+)"/g)) expect(Number(y)).to.be.lessThan(height);
    expect(svg.match(/<text/g)?.length).to.equal(svg.match(/<\/text>/g)?.length);
    expect(svg.trimEnd().endsWith('</svg>')).to.equal(true);
  });
});
