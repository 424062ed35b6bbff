import { expect } from 'chai';
import { EMPTY } from '../../../lib/protocol/empty-buffer.js';
import { HERE, PipelineOrder, Start } from '../../../lib/server/ring/pipeline-order.js';
import type { Step } from '../../../lib/server/ring/pipeline-order.js';

const { NOW, IN_TURN, ALONE } = Start;

/** What consensus does not decide about, with its slots and who runs it there. */
const plain = (...places: (readonly [slot: number, member: number])[]): Step => ({
  slots: places.map(([slot]) => slot),
  members: places.map(([, member]) => member),
  isDecided: false,
  key: EMPTY,
});
const decided = (slot: number, key: string, member: number): Step => ({
  slots: [slot],
  members: [member],
  isDecided: true,
  key: Buffer.from(key),
});

describe('PipelineOrder', () => {
  it('lets all begin that run at one other member, in their order', () => {
    const order = new PipelineOrder(plain([1, 2]));
    expect(order.admit(plain([1, 2]))).to.equal(NOW);
    expect(order.admit(decided(5, 'c', 2))).to.equal(NOW);
    expect(order.admit(plain([1, 2], [7, 2]))).to.equal(NOW);
    expect(order.admit(decided(6, 'd', 1))).to.equal(ALONE);
    expect(order.admit(plain([7, HERE]))).to.equal(ALONE);
  });

  it('lets all begin that consensus does not decide about, wherever they run', () => {
    const order = new PipelineOrder(plain([1, HERE]));
    expect(order.admit(plain([2, 5]))).to.equal(NOW);
    expect(order.admit(plain([1, HERE]))).to.equal(NOW);
    expect(order.admit(plain([2, 5]))).to.equal(NOW);
    expect(order.admit(plain([3, 4], [2, 5]))).to.equal(NOW);
    expect(order.admit(plain([3, 4]))).to.equal(NOW);
    expect(order.admit(decided(6, 'd', 5))).to.equal(ALONE);
  });

  it('has wait for its turn what runs elsewhere than others of its slot, and all behind it in its slots', () => {
    const order = new PipelineOrder(plain([1, HERE]));
    expect(order.admit(plain([1, 3]))).to.equal(IN_TURN);
    expect(order.admit(plain([1, 3]))).to.equal(IN_TURN);
    expect(order.admit(plain([1, HERE]))).to.equal(IN_TURN);
    expect(order.admit(plain([2, 3]))).to.equal(NOW);
    expect(order.admit(plain([2, 4], [5, 3]))).to.equal(IN_TURN);
    expect(order.admit(plain([5, 3]))).to.equal(IN_TURN);
    expect(order.admit(plain([6, 3]))).to.equal(NOW);
  });

  it('does not take for one member what has begun there behind what has not', () => {
    const order = new PipelineOrder(plain([1, 3]));
    expect(order.admit(plain([1, 4]))).to.equal(IN_TURN);
    expect(order.admit(plain([1, 3]))).to.equal(IN_TURN);
    expect(order.admit(decided(1, 'k', 3))).to.equal(ALONE);
  });

  it('says which other member runs all of a slot so far', () => {
    const order = new PipelineOrder(plain([1, 3], [2, HERE]));
    expect([1, 2, 3].map((slot) => order.memberFor(slot))).to.deep.equal([3, undefined, undefined]);
    order.admit(plain([1, HERE]));
    expect(order.memberFor(1)).to.equal(undefined);
  });

  it('lets begin, wherever it runs, what consensus decides about, as long as it decides about all', () => {
    const order = new PipelineOrder(decided(1, 'a', HERE));
    expect(order.admit(decided(2, 'b', 2))).to.equal(NOW);
    expect(order.admit(decided(3, 'c', 1))).to.equal(NOW);
    expect(order.admit(decided(1, 'a', HERE))).to.equal(NOW);
    expect(order.admit(plain([4, HERE]))).to.equal(ALONE);
    expect(order.admit(plain([4, 2]))).to.equal(ALONE);
  });

  it('keeps the order of what is decided about one key, at another member since', () => {
    const order = new PipelineOrder(decided(1, 'a', 2));
    expect(order.admit(decided(1, 'a', 2))).to.equal(NOW);
    expect(order.admit(decided(1, 'a', HERE))).to.equal(ALONE);
  });

  it('keeps the order of keys of one slot that are decided about', () => {
    const here = new PipelineOrder(decided(1, '{t}a', HERE));
    expect(here.admit(decided(1, '{t}b', HERE))).to.equal(ALONE);
    const elsewhere = new PipelineOrder(decided(1, '{t}a', 2));
    expect(elsewhere.admit(decided(1, '{t}b', 2))).to.equal(NOW);
    expect(elsewhere.admit(decided(9, 'c', 1))).to.equal(NOW);
  });
});
