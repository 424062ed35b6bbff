import { expect } from 'chai';

import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { TurnReplies } from '../../lib/server/turn-replies.js';

class Bench {
  readonly writer = new ReplyWriter(new BufferPool());
  readonly inserted: [number, number][] = [];
  readonly replies = new TurnReplies(this.writer, (at, length) => this.inserted.push([at, length]));

  answer(text: string): void {
    this.writer.raw(Buffer.from(text), 0, text.length);
  }

  /** The output, and where the last command's reply begins in it. */
  get state(): [string, number] {
    return [this.writer.copyFrom(0).toString(), this.replies.start];
  }
}

describe('TurnReplies', () => {
  it('keep messages while a command runs, and put them before what it has answered', () => {
    const bench = new Bench();
    const { replies } = bench;
    bench.answer('+1');
    replies.enterCommand();
    bench.answer('+2');
    const message = Buffer.from('>a..');
    expect(replies.keep(message, 2)).to.equal(true);
    message.fill('x');
    expect(replies.keep(Buffer.from('>b'), 2)).to.equal(true);
    bench.answer('+3');
    expect(bench.state).to.deep.equal(['+1+2+3', 2]);
    expect(replies.leaveCommand()).to.equal(true);
    replies.insertKept();
    expect(bench.state).to.deep.equal(['+1>a>b+2+3', 6]);
    replies.enterCommand();
    expect(replies.leaveCommand(), 'nothing is kept twice').to.equal(false);
    expect(replies.keep(message, 2), 'no command runs').to.equal(false);
  });

  it('move their spans, and tell of it, when a message comes before the command that waits', () => {
    const bench = new Bench();
    const { replies } = bench;
    bench.answer('+1');
    replies.spans.add(0, 2);
    replies.enterCommand();
    replies.leaveCommand();
    bench.answer('+2');
    replies.spans.add(2, 4);
    replies.insert(Buffer.from('>abc'), 3);
    expect(bench.state).to.deep.equal(['+1>ab+2', 5]);
    expect(bench.inserted).to.deep.equal([[2, 3]]);
    const spans = replies.takeSpans();
    expect([spans.starts, spans.ends]).to.deep.equal([
      [0, 5],
      [2, 7],
    ]);
    expect(replies.spans.count).to.equal(0);
  });

  it('begin anew with the next output', () => {
    const bench = new Bench();
    bench.answer('+1');
    bench.replies.enterCommand();
    bench.replies.spans.add(0, 2);
    bench.replies.begin();
    expect([bench.replies.start, bench.replies.spans.count]).to.deep.equal([0, 0]);
    bench.replies.enterCommand();
    bench.replies.clear();
    expect(bench.state).to.deep.equal(['', 0]);
  });
});
