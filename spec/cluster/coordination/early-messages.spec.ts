import { expect } from 'chai';
import { EarlyMessages } from '../../../lib/cluster/coordination/early-messages.js';
import type { RingMessage } from '../../../lib/cluster/coordination/versioned-links.js';

function message(from: string, text: string): RingMessage {
  const buffer = Buffer.from(`..${text}..`);
  return { from, buffer, start: 2, end: buffer.length - 2 };
}

describe('EarlyMessages', () => {
  let taken: string[];
  let early: EarlyMessages;
  const take = ({ from, buffer, start, end }: RingMessage): void => {
    taken.push(`${from} ${buffer.toString('latin1', start, end)}`);
  };

  beforeEach(() => {
    taken = [];
    early = new EarlyMessages();
  });

  it('keeps copies, and gives those of each member in their order', () => {
    for (const [from, text] of ['a 1', 'b 2', 'a 3'].map((line) => line.split(' '))) {
      const one = message(from, text);
      early.keep(one, take);
      one.buffer.fill(0);
    }
    expect(['a', 'b', 'c'].map((member) => early.has(member))).to.deep.equal([true, true, false]);
    early.release();
    expect(taken).to.deep.equal(['a 1', 'a 3', 'b 2']);
    early.release();
    expect(taken).to.have.length(3);
  });

  it('keeps again what is still early, and what comes behind it', () => {
    const judge = (one: RingMessage): void => {
      if (early.has(one.from) || one.buffer.includes('later')) early.keep(one, take);
      else take(one);
    };
    for (const text of ['now', 'later', 'behind']) early.keep(message('a', text), judge);
    early.release();
    expect(taken).to.deep.equal(['a now']);
    early.release();
    expect(taken).to.deep.equal(['a now', 'a later', 'a behind']);
  });

  it('loses what there is no room for, and has room again when it has given the rest', () => {
    const long = 'x'.repeat(9 * 1024 * 1024);
    for (let round = 0; round < 2; round++) {
      early.keep(message('a', long), take);
      early.keep(message('b', long), take);
      early.release();
    }
    expect(taken.map(([from]) => from)).to.deep.equal(['a', 'a']);
  });
});
