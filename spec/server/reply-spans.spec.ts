import { expect } from 'chai';
import fc from 'fast-check';

import { ReplySpans } from '../../lib/server/reply-spans.js';

describe('ReplySpans', () => {
  it('stay where their replies are when messages come in between, also in front of empty ones', () => {
    const replies = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.boolean()), { maxLength: 6 });
    const messages = fc.array(fc.tuple(fc.nat(6), fc.string({ minLength: 1, maxLength: 4 })), { maxLength: 4 });
    fc.assert(
      fc.property(replies, messages, (list, inserted) => {
        const spans = new ReplySpans();
        const expected = list.filter(([, isNoted]) => isNoted).map(([reply]) => reply);
        let output = '';
        for (const [reply, isNoted] of list) {
          if (isNoted) spans.add(output.length, output.length + reply.length);
          output += reply;
        }
        for (const [i, message] of inserted) {
          const at = i < spans.count ? spans.starts[i] : output.length;
          output = output.slice(0, at) + message + output.slice(at);
          spans.shift(at, message.length);
        }
        const found = Array.from({ length: spans.count }, (_, i) => output.slice(spans.starts[i], spans.ends[i]));
        expect(found).to.deep.equal(expected);
      }),
    );
  });

  it('forget all of a turn, however many they were', () => {
    const spans = new ReplySpans();
    for (const count of [1, 1000, 2]) {
      for (let i = 0; i < count; i++) spans.add(i, i + 1);
      expect(spans.count).to.equal(count);
      expect(spans.ends[count - 1]).to.equal(count);
      spans.clear();
      expect(spans.count).to.equal(0);
    }
  });
});
