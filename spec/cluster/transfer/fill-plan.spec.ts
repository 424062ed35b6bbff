import { expect } from 'chai';
import { SLOT_SPAN } from '../../../lib/base/position.js';
import type { Move } from '../../../lib/cluster/ring/moves.js';
import { FillPlan, endOf } from '../../../lib/cluster/transfer/fill-plan.js';

const [a, b, c, d, joiner] = ['a', 'b', 'c', 'd', 'j'].map((letter) => letter.repeat(40));
const everybody = (): boolean => true;

function move(start: number, end: number, from: string[], displaced: string[]): Move {
  return { start, end, to: joiner, from, displaced };
}

function sourcesOf(plan: FillPlan, isUp: (id: string) => boolean): string[] {
  return plan.wanted(isUp).map(({ source }) => source);
}

describe('FillPlan', () => {
  it('asks who is displaced, as long as that one can be reached', () => {
    const plan = new FillPlan([move(0, 9, [a, b, c], [c]), move(10, 19, [b, c, d], [b])]);
    expect(sourcesOf(plan, everybody)).to.deep.equal([c, b]);
  });

  it('asks so many of those who survive that one of them has whatever a majority had', () => {
    const moved = move(0, 9, [a, b, c], [c]);
    const plan = new FillPlan([moved]);
    expect(sourcesOf(plan, (id) => id !== c)).to.deep.equal([a, b]);
    plan.note(moved, a, endOf(moved));
    expect(plan.isFilled).to.equal(false);
    expect(sourcesOf(plan, (id) => id !== c)).to.deep.equal([b]);
    plan.note(moved, b, endOf(moved));
    expect(plan.isFilled).to.equal(true);
    expect(plan.progress).to.equal(1);
  });

  it('asks a majority where nobody is displaced: who has left before may have been one of those who had something', () => {
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b, c, d], [])]), everybody)).to.deep.equal([a, b, c]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b, c], [])]), everybody)).to.deep.equal([a, b]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b], [])]), everybody)).to.deep.equal([a, b]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a], [])]), everybody)).to.deep.equal([a]);
  });

  it('asks who survives of two', () => {
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b], [b])]), (id) => id !== b)).to.deep.equal([a]);
  });

  it('goes on where a source has come to, with what was noted before, and only for the same ranges', () => {
    const moved = move(10, 19, [a, b, c], [c]);
    const plan = new FillPlan([moved]);
    plan.note(moved, c, 12 * SLOT_SPAN);
    const again = new FillPlan([moved], plan.notes);
    expect(again.wanted(everybody)).to.deep.equal([{ move: moved, source: c, from: 12 * SLOT_SPAN }]);
    expect(again.progress).to.be.within(0.15, 0.2);
    const other = move(10, 18, [a, b, c], [c]);
    expect(new FillPlan([other], plan.notes).wanted(everybody)[0].from).to.equal(10 * SLOT_SPAN);
  });

  it('prefers among those who survive who has given something already', () => {
    const moved = move(0, 9, [a, b, c, d], [d]);
    const plan = new FillPlan([moved]);
    plan.note(moved, c, SLOT_SPAN);
    expect(sourcesOf(plan, (id) => id !== d)).to.deep.equal([c, a, b]);
  });
});
