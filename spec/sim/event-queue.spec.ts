import { expect } from 'chai';
import fc from 'fast-check';

import type { SimEvent } from './event-queue.js';
import { EventQueue } from './event-queue.js';

describe('EventQueue', () => {
  it('gives events by time, then tie, then sequence, whatever the order in which they came', () => {
    const small = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.record({ atUs: small, tie: small })), (drawn) => {
        const events = drawn.map((each, sequence): SimEvent => ({
          ...each,
          sequence,
          owner: undefined,
          what: '',
          run: undefined,
        }));
        const queue = new EventQueue();
        for (const event of events) queue.push(event);
        const popped = Array.from({ length: events.length }, () => queue.pop());
        const sorted = [...events].sort((a, b) => a.atUs - b.atUs || a.tie - b.tie || a.sequence - b.sequence);
        expect(popped).to.deep.equal(sorted);
        expect(queue.pop()).to.equal(undefined);
      }),
    );
  });
});
