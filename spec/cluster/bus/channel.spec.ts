import { expect } from 'chai';
import fc from 'fast-check';

import type { Bus } from '../../../lib/cluster/bus/bus.js';
import { Channel, WINDOW_BYTES } from '../../../lib/cluster/bus/channel.js';
import type { ChannelCarrier } from '../../../lib/cluster/bus/channel.js';
import { BytesPayload } from '../../../lib/cluster/bus/payload.js';
import { PeerError } from '../../../lib/cluster/bus/peer-error.js';
import type { ByteStream, StreamHandler } from '../../../lib/host/ports.js';
import { BusWorld, idOf, identityOf } from './bus-world.js';

const MIB = 1024 * 1024;

/** A side of a channel: what it hears, and what it has to write. */
class End implements StreamHandler {
  readonly events: string[] = [];
  stream: ByteStream | undefined;
  bytesIn = 0;
  /** Of the bytes that came, whether each is what `textAt` says for its place. */
  isIntact = true;
  private bytesOut = 0;
  private leftBytes = 0;
  private isBlocked = false;
  private ends = false;

  onData(buffer: Buffer, length: number): void {
    for (let i = 0; i < length; i += 997) if (buffer[i] !== (this.bytesIn + i) % 251) this.isIntact = false;
    this.bytesIn += length;
    buffer.fill(0xdb, 0, length);
  }

  onDrain(): void {
    this.isBlocked = false;
    this.goOn();
  }

  onEnd(): void {
    this.events.push('end');
  }

  onClose(error: Error | undefined): void {
    this.events.push(error === undefined ? 'close' : 'lost');
  }

  /** Writes so many bytes, as the stream takes them. */
  send(bytes: number): void {
    this.leftBytes += bytes;
    this.goOn();
  }

  /** Ends when all is written. */
  finish(): void {
    this.ends = true;
    this.goOn();
  }

  private goOn(): void {
    while (!this.isBlocked && this.leftBytes > 0) {
      const length = Math.min(this.leftBytes, 300_000);
      const buffer = Buffer.alloc(length + 2, 0xee);
      for (let i = 0; i < length; i++) buffer[i + 1] = (this.bytesOut + i) % 251;
      this.bytesOut += length;
      this.leftBytes -= length;
      if (this.stream?.write(buffer, 1, length + 1) === true) buffer.fill(0xdb);
      else this.isBlocked = true;
    }
    if (this.ends && this.leftBytes === 0) {
      this.ends = false;
      this.stream?.end();
    }
  }
}

/** Sends nothing, and runs later what is asked for when the spec does. */
class FakeCarrier implements ChannelCarrier {
  readonly remoteAddress = 'there:1';
  readonly localAddress = 'here:1';
  readonly runs: (() => void)[] = [];

  hasRoom(): boolean {
    return true;
  }

  sendData(): void {
    // Nowhere.
  }

  sendCredit(): void {
    // Nowhere.
  }

  sendEnd(): void {
    // Nowhere.
  }

  sendReset(): void {
    // Nowhere.
  }

  forget(): void {
    // Nothing is kept.
  }

  later(run: () => void): void {
    this.runs.push(run);
  }
}

describe('Channel', () => {
  let world: BusWorld;
  let a: Bus;
  let b: Bus;
  let accepted: End[];
  let told: string[];

  async function start(): Promise<void> {
    world = new BusWorld();
    a = await world.add('a');
    b = await world.add('b');
    accepted = [];
    told = [];
    b.serveChannels((stream, metadata, from) => {
      if (metadata === 'refuse') return undefined;
      const end = new End();
      end.stream = stream;
      accepted.push(end);
      told.push(`${metadata} from ${from}`);
      return end;
    });
  }

  beforeEach(start);

  function open(metadata = ''): End {
    const end = new End();
    end.stream = a.openChannel(idOf('b'), metadata, end);
    return end;
  }

  it('carries what both sides write, and what the acceptor is told, from the first moment on', () => {
    const near = open('{"user":"x"}');
    near.send(10);
    world.time.pass(100);
    expect(told).to.deep.equal([`{"user":"x"} from ${idOf('a')}`]);
    const [far] = accepted;
    far.send(3 * MIB);
    near.send(5 * MIB);
    world.time.pass(1000);
    expect([near.bytesIn, far.bytesIn, near.isIntact, far.isIntact]).to.deep.equal([3 * MIB, 5 * MIB + 10, true, true]);
  });

  it('closes in order: what was written comes, then the end, then both are closed', () => {
    const near = open();
    near.send(2 * MIB);
    near.finish();
    world.time.pass(1000);
    const [far] = accepted;
    expect(far.bytesIn).to.equal(2 * MIB);
    expect(near.events).to.deep.equal(['close']);
    expect(far.events).to.deep.equal(['end']);
    far.finish();
    world.time.pass(10);
    expect(far.events).to.deep.equal(['end', 'close']);
  });

  it('closes at once: the other side loses it', () => {
    const near = open();
    world.time.pass(10);
    near.stream?.destroy();
    expect(near.events).to.deep.equal([]);
    world.time.pass(10);
    expect(near.events).to.deep.equal(['close']);
    expect(accepted[0].events).to.deep.equal(['lost']);
  });

  it('is lost where nobody accepts it, where nobody is, and when the connection breaks', () => {
    const refused = open('refuse');
    const alone = new End();
    a.openChannel(idOf('unknown'), '', alone);
    const near = open();
    expect([refused.events, alone.events]).to.deep.equal([[], []]);
    world.time.pass(100);
    expect([refused.events, alone.events, near.events]).to.deep.equal([['lost'], ['lost'], []]);
    world.network.reset('b');
    world.time.pass(10);
    expect([near.events, accepted[0].events]).to.deep.equal([['lost'], ['lost']]);
    const again = open();
    world.time.pass(10);
    again.send(5);
    world.time.pass(10);
    expect(accepted[1].bytesIn).to.equal(5);
  });

  it('is lost unsent, as it says, where the connection cannot be made, and not so where it breaks later', () => {
    const errors: unknown[] = [];
    const handler = (): StreamHandler => {
      const end = new End();
      end.onClose = (error) => errors.push(error instanceof PeerError && error.isUnsent);
      return end;
    };
    a.openChannel(idOf('unknown'), '', handler());
    world.network.cut('a', 'b');
    a.openChannel(idOf('b'), '', handler());
    world.time.pass(6000);
    expect(errors).to.deep.equal([true, true]);
    world.network.heal();
    a.openChannel(idOf('b'), '', handler());
    world.time.pass(100);
    world.network.reset('b');
    world.time.pass(10);
    expect(errors).to.deep.equal([true, true, false]);
  });

  it('that is not read holds up no other, takes no more than a window, and goes on when it is read', () => {
    const stuck = open();
    world.time.pass(20);
    accepted[0].stream?.pause();
    stuck.send(4 * MIB);
    world.time.pass(1000);
    const others = [open(), open()];
    for (const other of others) other.send(4 * MIB);
    world.time.pass(1000);
    expect(accepted.map(({ bytesIn }) => bytesIn)).to.deep.equal([0, 4 * MIB, 4 * MIB]);
    const [{ bytesOut }] = a.figures();
    expect(bytesOut).to.be.below(8 * MIB + WINDOW_BYTES + 100_000);
    accepted[0].stream?.resume();
    expect(accepted[0].bytesIn).to.equal(0);
    world.time.pass(1000);
    expect([accepted[0].bytesIn, accepted[0].isIntact]).to.deep.equal([4 * MIB, true]);
  });

  it('does not stand before messages, when the peer takes no more of channels', () => {
    const came: number[] = [];
    b.serve(20, 'members', ({ start: from, end }) => came.push(end - from));
    a.setMembers([idOf('b')]);
    const ends = Array.from({ length: 8 }, () => open());
    for (const end of ends) end.send(4 * MIB);
    world.time.pass(5);
    a.send(idOf('b'), 20, new BytesPayload(Buffer.alloc(100)));
    world.time.pass(5);
    expect(came).to.deep.equal([100]);
    expect(a.figures()[0].queuedBytes).to.be.below(2 * MIB);
    world.time.pass(1000);
    expect(accepted.every(({ bytesIn }) => bytesIn === 4 * MIB)).to.equal(true);
  });

  it('hears the end behind what came while it was paused', () => {
    const near = open();
    world.time.pass(20);
    const [far] = accepted;
    far.stream?.pause();
    near.send(100);
    near.finish();
    world.time.pass(20);
    expect([far.bytesIn, far.events]).to.deep.equal([0, []]);
    far.stream?.resume();
    far.stream?.pause();
    world.time.pass(20);
    expect([far.bytesIn, far.events]).to.deep.equal([0, []]);
    far.stream?.resume();
    world.time.pass(20);
    expect([far.bytesIn, far.events]).to.deep.equal([100, ['end']]);
  });

  it('drops what is written to a side that has closed, and drains', () => {
    const near = open();
    world.time.pass(20);
    const [far] = accepted;
    near.stream?.pause();
    far.send(4 * MIB);
    world.time.pass(20);
    near.finish();
    world.time.pass(20);
    expect(near.events).to.deep.equal(['close']);
    expect(far.events).to.deep.equal(['end']);
    far.finish();
    world.time.pass(20);
    expect(far.events).to.deep.equal(['end', 'close']);
  });

  it('is for members only', async () => {
    const guest = await world.add('c', { identity: () => identityOf('c', 'seeds', false) });
    const end = new End();
    guest.openChannel(idOf('b'), '', end);
    world.time.pass(100);
    expect(end.events).to.deep.equal(['lost']);
    expect(b.rejections.count('forbidden')).to.equal(1);
  });

  it('tells when the other side does not keep to the window', () => {
    const channel = new Channel(new FakeCarrier(), 1);
    channel.start(new End());
    channel.pause();
    expect(channel.takeData(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES)).to.equal(true);
    expect(channel.takeData(Buffer.alloc(1), 0, 1)).to.equal(false);
    expect(channel.takeCredit(1)).to.equal(false);
  });

  it('hands on what comes behind a resume after what came before it', () => {
    const carrier = new FakeCarrier();
    const channel = new Channel(carrier, 1);
    const texts: string[] = [];
    const end = new End();
    end.onData = (buffer, length) => texts.push(buffer.toString('latin1', 0, length));
    channel.start(end);
    channel.pause();
    channel.takeData(Buffer.from('first'), 0, 5);
    channel.resume();
    channel.takeData(Buffer.from('second'), 0, 6);
    carrier.runs.shift()?.();
    channel.takeData(Buffer.from('third'), 0, 5);
    expect(texts).to.deep.equal(['first', 'second', 'third']);
  });

  it('carries all bytes in order, whatever both sides of several do', async () => {
    const action = fc.record({
      which: fc.nat(2),
      side: fc.constantFrom('near', 'far'),
      what: fc.oneof(
        fc.record({ send: fc.oneof(fc.nat(100), fc.nat(3 * MIB)) }),
        fc.constantFrom('pause' as const, 'resume' as const),
      ),
      passMs: fc.nat(4),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        await start();
        const nears = [open(), open(), open()];
        world.time.pass(20);
        const sent = { near: [0, 0, 0], far: [0, 0, 0] };
        for (const { which, side, what, passMs } of actions) {
          const end = side === 'near' ? nears[which] : accepted[which];
          if (what === 'pause') end.stream?.pause();
          else if (what === 'resume') end.stream?.resume();
          else {
            sent[side][which] += what.send;
            end.send(what.send);
          }
          world.time.pass(passMs);
        }
        for (const end of [...nears, ...accepted]) end.stream?.resume();
        world.time.pass(1000);
        for (const end of [...nears, ...accepted]) end.finish();
        world.time.pass(1000);
        expect(accepted.map(({ bytesIn }) => bytesIn)).to.deep.equal(sent.near);
        expect(nears.map(({ bytesIn }) => bytesIn)).to.deep.equal(sent.far);
        for (const { isIntact, events } of [...nears, ...accepted]) {
          expect(isIntact).to.equal(true);
          expect(events.at(-1)).to.equal('close');
        }
        expect(a.figures()[0].channels).to.equal(0);
      }),
      { numRuns: 30 },
    );
  });
});
