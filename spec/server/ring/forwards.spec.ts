import { expect } from 'chai';

import type { StreamHandler } from '../../../lib/host/ports.js';
import { Forwards } from '../../../lib/server/ring/forwards.js';
import { RemoteSession } from '../../../lib/server/ring/remote-session.js';
import { VirtualTime } from '../../cluster/bus/virtual-time.js';

const MEMBER = 'b';
const REQUEST = Buffer.from('*1\r\n$4\r\nINCR\r\n');

describe('Forwards', () => {
  let time: VirtualTime;
  let log: string[];
  let forwards: Forwards;
  let far: StreamHandler;
  let session: RemoteSession;
  let replies: (string | undefined)[];

  beforeEach(() => {
    time = new VirtualTime();
    log = [];
    replies = [];
    const clock = time;
    const nowMs = (): number => time.nowUs / 1000;
    forwards = new Forwards({ clock, nowMs, timeoutMs: () => 2000, warn: (line) => log.push(line) });
    open();
  });

  function open(): void {
    const stream = {
      remoteAddress: '',
      localAddress: '',
      write: () => true,
      pause: () => undefined,
      resume: () => undefined,
      setKeepAlive: () => undefined,
      end: () => undefined,
      destroy: () => undefined,
    };
    session = new RemoteSession(
      (handler) => {
        far = handler;
        return stream;
      },
      () => undefined,
      () => undefined,
    );
  }

  function ask(isRead = false): void {
    forwards.ask(session, MEMBER, REQUEST, isRead, (reply) => replies.push(reply?.toString()));
  }

  function pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      time.pass(100);
      forwards.tick();
    }
  }

  it('gives up a change soon whose member cannot be reached, and the log says why, once a minute', () => {
    for (let i = 0; i < 3; i++) {
      ask();
      forwards.setUp(MEMBER, false);
      pass(300);
      expect(replies.length).to.equal(i);
      pass(200);
      forwards.setUp(MEMBER, true);
      open();
    }
    expect(replies).to.deep.equal([undefined, undefined, undefined]);
    expect(log).to.deep.equal([
      'Requests that were sent on have no reply, their outcome is unknown: nothing more comes from node b (it cannot be reached)',
    ]);
  });

  it('waits for a member that is slow, and answers others meanwhile, though it does not answer pings in time', () => {
    for (let i = 0; i < 5; i++) ask();
    forwards.setUp(MEMBER, false);
    for (let i = 0; i < 5; i++) {
      pass(200);
      far.onData(Buffer.from(':1\r\n'), 4);
    }
    expect(replies).to.deep.equal([':1\r\n', ':1\r\n', ':1\r\n', ':1\r\n', ':1\r\n']);
    expect(log).to.deep.equal([]);
  });

  it('does not take a read that is done elsewhere for an answer', () => {
    ask();
    for (let i = 0; i < 2; i++) {
      pass(900);
      ask(true);
      forwards.setUp(MEMBER, false);
      forwards.setUp(MEMBER, true);
    }
    expect(replies).to.deep.equal([undefined, undefined]);
    pass(300);
    expect(replies).to.deep.equal([undefined, undefined, undefined]);
    expect(log.length).to.equal(1);
  });

  it('has a request wait for those before it as long as they are answered, and then no longer than it may take', () => {
    for (let i = 0; i < 4; i++) ask();
    for (let i = 0; i < 3; i++) {
      pass(1500);
      far.onData(Buffer.from(':1\r\n'), 4);
    }
    pass(1900);
    expect(replies).to.deep.equal([':1\r\n', ':1\r\n', ':1\r\n']);
    pass(200);
    expect(replies[3]).to.equal(undefined);
    expect([replies.length, log.length]).to.deep.equal([4, 1]);
  });

  it('gives up what has no reply in time, and says why the connection is gone, but nothing when the client has gone', () => {
    ask();
    pass(2100);
    open();
    ask();
    session.close();
    time.pass(60_000);
    open();
    ask();
    far.onClose(new Error('127.0.0.1:1: closed the connection'));
    expect(replies).to.deep.equal([undefined, undefined, undefined]);
    expect(log.map((line) => line.slice(line.indexOf('from')))).to.deep.equal([
      'from node b (no reply in time)',
      'from node b (127.0.0.1:1: closed the connection)',
    ]);
  });
});
