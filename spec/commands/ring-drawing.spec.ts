import { expect } from 'chai';
import { drawRing } from '../../lib/commands/ring-drawing.js';

/** Gives these places in turn, parts of a full turn. */
function randomOf(...turns: number[]): { uint32(): number; fill(): void } {
  let next = 0;
  return { uint32: () => Math.floor(turns[next++ % turns.length] * 2 ** 32), fill: () => undefined };
}

describe('commands/ring-drawing', () => {
  it('drawRing gives each place to the next token clockwise', () => {
    // A's tokens are all at half past, B's at the full hour: A owns the right half, B the left one.
    const picture = drawRing(4, 2, randomOf(0.5, 0.5, 0.5, 0.5, 0.999, 0.999, 0.999, 0.999)).split('\n');
    const middle = picture[4];
    expect(middle[0]).to.equal('B');
    expect(middle.at(-1)).to.equal('A');
    for (const line of picture.slice(1, -2)) {
      expect(line.slice(0, 8), line).to.match(/^[B ]*$/);
      expect(line.slice(9), line).to.match(/^[A ]*$/);
    }
  });

  it('drawRing goes round: after the last token comes the first', () => {
    expect(drawRing(3, 1, randomOf(0.1))).to.match(/^[A \n]+$/);
  });
});
