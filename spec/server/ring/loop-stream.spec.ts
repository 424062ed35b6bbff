import { expect } from 'chai';
import type { ByteStream, StreamHandler } from '../../../lib/host/ports.js';
import { openLoop } from '../../../lib/server/ring/loop-stream.js';
import { BenchClock, BenchTimers } from '../node-bench.js';

/** One end, and what has come there. */
class End implements StreamHandler {
  got = '';
  isClosed = false;

  onData(buffer: Buffer, length: number): void {
    this.got += buffer.toString('latin1', 0, length);
  }

  onDrain(): void {
    throw new Error('it takes everything');
  }

  onEnd(): void {
    throw new Error('it closes at once');
  }

  onClose(): void {
    this.isClosed = true;
  }
}

function open(): { timers: BenchTimers; near: ByteStream; far: ByteStream; nearEnd: End; farEnd: End } {
  const timers = new BenchTimers(new BenchClock());
  const [nearEnd, farEnd] = [new End(), new End()];
  const made: ByteStream[] = [];
  const near = openLoop(
    timers,
    (stream) => {
      made.push(stream);
      return farEnd;
    },
    nearEnd,
  );
  return { timers, near, far: made[0], nearEnd, farEnd };
}

describe('openLoop', () => {
  it('carries bytes both ways when the turn ends, and keeps no hold of the buffer', () => {
    const { timers, near, far, nearEnd, farEnd } = open();
    const buffer = Buffer.from('-abc-');
    expect(near.write(buffer, 1, 4)).to.equal(true);
    buffer.fill(0);
    expect(farEnd.got).to.equal('');
    timers.endTurn();
    expect(farEnd.got).to.equal('abc');
    far.write(Buffer.from('x'), 0, 1);
    timers.endTurn();
    expect(nearEnd.got).to.equal('x');
  });

  it('brings nothing to who has paused, and all of it when he goes on', () => {
    const { timers, near, far, farEnd } = open();
    far.pause();
    near.write(Buffer.from('ab'), 0, 2);
    timers.endTurn();
    expect(farEnd.got).to.equal('');
    far.resume();
    timers.endTurn();
    expect(farEnd.got).to.equal('ab');
  });

  it('tells the other end of its close behind what was sent, and itself nothing', () => {
    const { timers, near, farEnd, nearEnd } = open();
    near.write(Buffer.from('bye'), 0, 3);
    near.destroy();
    timers.endTurn();
    expect([farEnd.got, farEnd.isClosed, nearEnd.isClosed]).to.deep.equal(['bye', true, false]);
  });
});
