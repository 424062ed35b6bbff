import { expect } from 'chai';
import { PipelineOrder } from '../../../lib/server/ring/pipeline-order.js';
import type { Step } from '../../../lib/server/ring/pipeline-order.js';

const SELF = 0;
const step = (slot: number, key: string, member: number, isDecided: boolean): Step => ({
  slot,
  key: Buffer.from(key),
  member,
  isDecided,
});

describe('PipelineOrder', () => {
  it('lets all begin that run at one other member, in their order', () => {
    const order = new PipelineOrder(SELF, step(1, 'a', 2, false));
    expect(order.admits(step(1, 'b', 2, false))).to.equal(true);
    expect(order.admits(step(5, 'c', 2, true))).to.equal(true);
    expect(order.admits(step(6, 'd', 1, true))).to.equal(false);
    expect(order.admits(step(7, 'e', SELF, false))).to.equal(false);
  });

  it('lets begin, wherever it runs, what consensus decides about, as long as it decides about all', () => {
    const order = new PipelineOrder(SELF, step(1, 'a', SELF, true));
    expect(order.admits(step(2, 'b', 2, true))).to.equal(true);
    expect(order.admits(step(3, 'c', 1, true))).to.equal(true);
    expect(order.admits(step(1, 'a', SELF, true))).to.equal(true);
    expect(order.admits(step(4, 'd', SELF, false))).to.equal(false);
    expect(order.admits(step(4, 'd', 2, false))).to.equal(false);
  });

  it('keeps the order of what is decided about one key, at another member since', () => {
    const order = new PipelineOrder(SELF, step(1, 'a', 2, true));
    expect(order.admits(step(1, 'a', 2, true))).to.equal(true);
    expect(order.admits(step(1, 'a', SELF, true))).to.equal(false);
  });

  it('keeps the order of keys of one slot', () => {
    const here = new PipelineOrder(SELF, step(1, '{t}a', SELF, true));
    expect(here.admits(step(1, '{t}b', SELF, true))).to.equal(false);
    const elsewhere = new PipelineOrder(SELF, step(1, '{t}a', 2, true));
    expect(elsewhere.admits(step(1, '{t}b', 2, true))).to.equal(true);
    expect(elsewhere.admits(step(9, 'c', 1, true))).to.equal(false);
  });
});
