import { expect } from 'chai';
import { PeerError } from '../../../lib/cluster/bus/peer-error.js';
import type { ByteStream, StreamHandler } from '../../../lib/host/ports.js';
import { encodeWords } from '../../../lib/protocol/request-encoder.js';
import { RemoteSession } from '../../../lib/server/ring/remote-session.js';

/** The other end: what was sent there, and a hand to answer with. */
class FakeStream implements ByteStream {
  readonly remoteAddress = 'spec:0';
  readonly localAddress = 'spec:0';
  readonly sent: string[] = [];
  takes = true;
  isDestroyed = false;
  handler: StreamHandler | undefined;

  write(buffer: Buffer, start: number, end: number): boolean {
    this.sent.push(buffer.toString('latin1', start, end));
    return this.takes;
  }

  answer(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.handler?.onData(bytes, bytes.length);
    bytes.fill(0xee);
  }

  pause(): void {
    throw new Error('nobody asked for that');
  }

  resume(): void {
    throw new Error('nobody asked for that');
  }

  setKeepAlive(): void {
    // There is no wire.
  }

  end(): void {
    this.isDestroyed = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

function open(): { stream: FakeStream; session: RemoteSession; broken: () => number } {
  const stream = new FakeStream();
  let broken = 0;
  const session = new RemoteSession(
    (handler) => {
      stream.handler = handler;
      return stream;
    },
    () => broken++,
    () => undefined,
  );
  return { stream, session, broken: () => broken };
}

describe('RemoteSession', () => {
  it('gives each reply to whom it is for, however they are cut', () => {
    const { stream, session } = open();
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      session.ask(encodeWords(['GET', `k${i}`]), (reply) => got.push(reply?.toString('latin1')));
    }
    expect(stream.sent.length).to.equal(3);
    for (const piece of ['$1\r', '\na\r\n*2\r\n:1\r\n', ':2\r\n+O', 'K\r\n']) stream.answer(piece);
    expect(got).to.deep.equal(['$1\r\na\r\n', '*2\r\n:1\r\n:2\r\n', '+OK\r\n']);
  });

  it('sends no more than the stream takes, and the rest when it does', () => {
    const { stream, session } = open();
    stream.takes = false;
    for (let i = 0; i < 3; i++) session.ask(encodeWords([`c${i}`]), () => undefined);
    expect(stream.sent.length).to.equal(1);
    stream.takes = true;
    stream.handler?.onDrain();
    expect(stream.sent.length).to.equal(3);
  });

  it('tells everybody who waits when it breaks, once, and whoever asks later', () => {
    const { stream, session, broken } = open();
    const got: (Buffer | undefined)[] = [];
    session.ask(encodeWords(['a']), (reply) => got.push(reply));
    session.ask(encodeWords(['b']), (reply) => got.push(reply));
    stream.handler?.onClose(undefined);
    session.ask(encodeWords(['c']), (reply) => got.push(reply));
    session.close();
    expect(got).to.deep.equal([undefined, undefined, undefined]);
    expect([broken(), session.isOpen]).to.deep.equal([1, false]);
  });

  it('says that nothing was done, if what was asked has not left', () => {
    const { stream, session } = open();
    const got: (string | undefined)[] = [];
    session.ask(encodeWords(['a']), (reply) => got.push(reply?.toString('latin1')));
    stream.handler?.onClose(new PeerError('unreachable', 'nobody there', { isUnsent: true }));
    session.ask(encodeWords(['b']), (reply) => got.push(reply?.toString('latin1')));
    expect(got).to.deep.equal(['-CLUSTERDOWN the ring has changed, try again\r\n', undefined]);
    expect(session.fault).to.equal('nobody there');
  });

  it('breaks at what is no reply, or answers nothing', () => {
    for (const bytes of ['hello\r\n', '+OK\r\n+OK\r\n']) {
      const { stream, session } = open();
      session.ask(encodeWords(['a']), () => undefined);
      stream.answer(bytes);
      expect([session.isOpen, stream.isDestroyed], bytes).to.deep.equal([false, true]);
    }
  });

  it('says what the client has chosen before its requests, and again when that changes', () => {
    const { stream, session } = open();
    const sentOf = (words: string[]): string => encodeWords(words).toString('latin1');
    session.adopt({ resp: 2, consistency: ['QUORUM'] });
    session.adopt({ resp: 2, consistency: ['QUORUM'] });
    session.adopt({ resp: 3, consistency: ['R=ONE', 'W=ALL'] });
    expect(stream.sent).to.deep.equal([
      sentOf(['CONSISTENCY', 'QUORUM']),
      sentOf(['HELLO', '3']),
      sentOf(['CONSISTENCY', 'R=ONE', 'W=ALL']),
    ]);
    const got: (string | undefined)[] = [];
    session.ask(encodeWords(['PING']), (reply) => got.push(reply?.toString('latin1')));
    stream.answer('+OK\r\n%0\r\n+OK\r\n+PONG\r\n');
    expect(got).to.deep.equal(['+PONG\r\n']);
  });

  it('ends when it is retired and all is answered that was asked, and is given up at once', () => {
    const { stream, session, broken } = open();
    const replies: string[] = [];
    for (const word of ['a', 'b']) session.ask(encodeWords([word]), (reply) => replies.push(String(reply)));
    stream.answer('+1\r\n');
    session.retire();
    session.retire();
    expect([broken(), stream.isDestroyed]).to.deep.equal([1, false]);
    stream.answer('+2\r\n');
    expect(replies).to.deep.equal(['+1\r\n', '+2\r\n']);
    expect(stream.isDestroyed).to.equal(true);
  });
});
