import { expect } from 'chai';
import type { Clock, Timers } from '../../lib/host/ports.js';
import { ClientDoor } from '../../lib/server/client-door.js';
import type { Connection } from '../../lib/server/connection.js';

/** A connection that goes when it is dismissed as urgently as it wants to be. */
class FakeConnection {
  isClosed = false;
  dismissals = 0;
  private readonly goes: (isUrgent: boolean) => boolean;

  constructor(goes: (isUrgent: boolean) => boolean) {
    this.goes = goes;
  }

  dismiss(isUrgent: boolean): void {
    this.dismissals++;
    this.isClosed ||= this.goes(isUrgent);
  }
}

describe('ClientDoor', () => {
  /** The door, closed; resolves with how long that took in milliseconds. */
  async function closingMs(
    connections: readonly FakeConnection[],
    patienceMs: number,
    limitMs?: number,
  ): Promise<number> {
    let us = 0;
    const timers: Pick<Timers, 'after'> = {
      after: (ms, call) => {
        us += ms * 1000;
        queueMicrotask(call);
        return { cancel: () => undefined };
      },
    };
    const door = new ClientDoor({
      clients: {
        all: () =>
          connections
            .filter(({ isClosed }) => !isClosed)
            .values() as IterableIterator<unknown> as IterableIterator<Connection>,
      },
      isOwn: () => true,
      clock: { monotonicUs: () => us } as Clock,
      timers: timers as Timers,
      stopListening: () => undefined,
      listen: () => undefined,
    });
    await door.close(patienceMs, limitMs);
    return us / 1000;
  }

  it('waits for who is busy, and no longer than it is patient for who is always', async () => {
    expect(await closingMs([new FakeConnection(() => true)], 1000)).to.equal(0);
    expect(await closingMs([new FakeConnection((isUrgent) => isUrgent)], 1000)).to.equal(1000);
  });

  it('does not wait for ever for a request that does not end: a node that was no member any more never stopped (simulator, scenario everything, seed 5000557)', async () => {
    const stuck = new FakeConnection(() => false);
    expect(await closingMs([stuck], 1000, 5000)).to.equal(5000);
    expect(stuck.dismissals).to.be.above(100);
  });
});
