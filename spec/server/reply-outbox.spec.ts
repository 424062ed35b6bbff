import { expect } from 'chai';
import type { ByteStream } from '../../lib/host/ports.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import type { Output } from '../../lib/protocol/reply-writer.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { ReplyOutbox } from '../../lib/server/reply-outbox.js';

/** An outbox whose stream takes what it is given at once, or when `takes` is true again and `drain` is called. */
class Bench {
  takes = true;
  readonly written: string[] = [];
  outputBytes = 0;
  readonly outbox: ReplyOutbox;
  readonly writer: ReplyWriter;

  constructor() {
    const pool = new BufferPool();
    const stream: Pick<ByteStream, 'write'> = {
      write: (buffer, start, end) => {
        this.written.push(buffer.toString('latin1', start, end));
        return this.takes;
      },
    };
    const onOutput = (bytes: number): void => {
      this.outputBytes += bytes;
    };
    this.writer = new ReplyWriter(pool);
    this.outbox = new ReplyOutbox(stream as ByteStream, pool, { onOutput });
  }

  /** What a command has answered, taken. */
  reply(text: string): Output {
    this.writer.raw(Buffer.from(text), 0, text.length);
    return this.outbox.take(this.writer);
  }

  /** Holds a reply; whoever calls `ready` says that it may leave, with more behind it. */
  hold(text: string): { ready: (more?: string) => void } {
    const output = this.reply(text);
    const held = { isReady: false, length: output.length, finish: () => output };
    this.outbox.hold(held);
    return {
      ready: (more = '') => {
        const buffer = Buffer.concat([output.buffer.subarray(0, output.length), Buffer.from(more)]);
        held.isReady = true;
        if (more !== '') held.finish = () => ({ buffer, length: buffer.length });
      },
    };
  }

  sendReady(): void {
    const { outbox } = this;
    for (let ready = outbox.nextReady(); ready !== undefined; ready = outbox.nextReady()) outbox.send(ready);
  }
}

describe('ReplyOutbox', () => {
  it('has one buffer at the stream, sends the others in order, and counts what was not taken', () => {
    const bench = new Bench();
    const { outbox, written } = bench;
    outbox.send(bench.reply('a'));
    expect([written, outbox.pendingBytes, bench.outputBytes]).to.deep.equal([['a'], 0, 1]);
    bench.takes = false;
    for (const text of ['bb', 'ccc', 'd']) outbox.send(bench.reply(text));
    expect([written, outbox.pendingBytes, bench.outputBytes]).to.deep.equal([['a', 'bb'], 6, 1]);
    outbox.drained();
    expect([written, outbox.pendingBytes, bench.outputBytes]).to.deep.equal([['a', 'bb', 'ccc'], 4, 3]);
    bench.takes = true;
    outbox.drained();
    expect([written, outbox.pendingBytes, bench.outputBytes]).to.deep.equal([['a', 'bb', 'ccc', 'd'], 0, 7]);
  });

  it('lets nothing pass what is held, and sends with one write what is ready at once', () => {
    const bench = new Bench();
    const [first, second, third] = ['a', 'b', 'c'].map((text) => bench.hold(text));
    second.ready();
    bench.sendReady();
    expect([bench.written, bench.outbox.holdsReplies, bench.outbox.pendingBytes]).to.deep.equal([[], true, 3]);
    first.ready();
    bench.sendReady();
    expect([bench.written, bench.outbox.holdsReplies, bench.outbox.pendingBytes]).to.deep.equal([['ab'], true, 1]);
    third.ready();
    bench.sendReady();
    expect([bench.written, bench.outbox.holdsReplies, bench.outbox.pendingBytes]).to.deep.equal([
      ['ab', 'c'],
      false,
      0,
    ]);
  });

  it('sends apart what does not fit into one buffer, and counts what has become longer while it was held', () => {
    const bench = new Bench();
    const [first, second, third] = ['a', 'b', 'c'].map((text) => bench.hold(text));
    // In a buffer of its own, without room behind it.
    first.ready(' and more');
    second.ready();
    third.ready();
    bench.sendReady();
    expect(bench.written).to.deep.equal(['a and more', 'bc']);
    expect([bench.outbox.pendingBytes, bench.outputBytes]).to.deep.equal([0, 12]);
  });

  it('sends nothing that was held or waited once it is cleared, nor what is empty', () => {
    const bench = new Bench();
    bench.takes = false;
    for (const text of ['a', 'b']) bench.outbox.send(bench.reply(text));
    bench.hold('c').ready();
    bench.outbox.clear();
    bench.sendReady();
    bench.outbox.drained();
    bench.outbox.send(bench.reply(''));
    expect(bench.written).to.deep.equal(['a']);
  });
});
