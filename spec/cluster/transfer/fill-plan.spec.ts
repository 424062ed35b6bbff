import { expect } from 'chai';
import { SLOT_SPAN } from '../../../lib/base/position.js';
import type { Move } from '../../../lib/cluster/ring/moves.js';
import { FillPlan, areEnough, endOf } from '../../../lib/cluster/transfer/fill-plan.js';

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
    expect(sourcesOf(plan, (id) => id !== c)).to.deep.equal([]);
    expect(plan.isFilled).to.equal(true);
    expect(plan.progress).to.equal(1);
  });

  it('asks a majority where nobody is displaced', () => {
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b, c, d], [])]), everybody)).to.deep.equal([a, b, c]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b, c], [])]), everybody)).to.deep.equal([a, b]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b], [])]), everybody)).to.deep.equal([a, b]);
    expect(sourcesOf(new FillPlan([move(0, 9, [a], [])]), everybody)).to.deep.equal([a]);
  });

  it('asks who survives of two', () => {
    expect(sourcesOf(new FillPlan([move(0, 9, [a, b], [b])]), (id) => id !== b)).to.deep.equal([a]);
  });

  it('asks both of two who are displaced, if both can be reached', () => {
    const moved = move(0, 9, [a, b], [a, b]);
    const plan = new FillPlan([moved]);
    plan.note(moved, a, endOf(moved));
    expect(sourcesOf(plan, everybody)).to.deep.equal([b]);
    expect(plan.isFilled).to.equal(false);
    expect(sourcesOf(plan, (id) => id !== b)).to.deep.equal([]);
    expect(plan.isFilled).to.equal(true);
  });

  it('asks who leaves, for slots that stay with fewer replicas; if it is dead, so many others that they are a majority with itself', () => {
    const stays = (from: string[]): Move => ({ ...move(0, 9, from, [d]), to: a });
    expect(sourcesOf(new FillPlan([stays([a, b, d])]), everybody)).to.deep.equal([d]);
    const isUp = (id: string): boolean => id !== d;
    expect(sourcesOf(new FillPlan([stays([a, b, d])]), isUp)).to.deep.equal([b]);
    expect(sourcesOf(new FillPlan([stays([a, b, c, d])]), isUp)).to.deep.equal([b, c]);
    const two = new FillPlan([stays([a, d])]);
    expect(sourcesOf(two, isUp)).to.deep.equal([]);
    expect(two.isFilled, 'what that one alone has is waited for').to.equal(false);
    expect([areEnough(stays([a, b, d]), isUp), areEnough(stays([a, d]), isUp)]).to.deep.equal([true, false]);
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
